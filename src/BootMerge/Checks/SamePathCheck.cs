using System.Collections.Generic;
using BootMerge.Extensions;

namespace BootMerge.Checks;

/// <summary>Remembers which extension brings a path, from the topmost extension down. Directories are merged, all else hides.</summary>
internal sealed class SamePathCheck
{
    private readonly Dictionary<string, Extension> _owners = [];

    /// <returns>The extension above that hides, or is hidden by, this path, or null.</returns>
    public Extension? Take(string path, bool isDirectory, Extension extension)
    {
        // A directory is remembered with a slash behind it: another one there hides nothing.
        if (_owners.TryGetValue(path, out Extension? owner) || !isDirectory && _owners.TryGetValue(path + "/", out owner))
            return owner;
        _owners[isDirectory ? path + "/" : path] = extension;
        return null;
    }
}
