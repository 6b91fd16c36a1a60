using System.Collections.Generic;

namespace BootMerge.Checks;

/// <summary>Remembers which extension brings a path, from the topmost extension down. Directories are merged, all else hides.</summary>
internal sealed class SamePathCheck
{
    private readonly Dictionary<string, string> _owners = [];

    /// <returns>The name of the extension above that hides, or is hidden by, this path, or null.</returns>
    public string? Take(string path, bool isDirectory, string extension)
    {
        // A directory is remembered with a slash behind it: another one there hides nothing.
        if (_owners.TryGetValue(path, out string? owner) || !isDirectory && _owners.TryGetValue(path + "/", out owner))
            return owner;
        _owners[isDirectory ? path + "/" : path] = extension;
        return null;
    }
}
