using System.Collections.Generic;

namespace BootMerge.Checks;

/// <summary>
/// Remembers which extension brings a path, from the topmost extension down. Directories are merged, all else hides.
/// </summary>
internal sealed class SamePathCheck
{
    private const ulong Basis = 0xcbf29ce484222325;
    private const ulong Prime = 0x100000001b3;

    // By the FNV-1a hash of the path: in a deep tree the paths would need more memory than there is. Two paths have the
    // same one time in 10^19, and then one finding is wrong.
    private readonly Dictionary<ulong, string> _owners = [];

    /// <returns>The name of the extension above that hides, or is hidden by, this path, or null.</returns>
    public string? Take(string path, bool isDirectory, string extension)
    {
        // A directory is remembered with a slash behind it: another one there hides nothing.
        ulong plain = Add(Basis, path);
        ulong withSlash = Add(plain, "/");
        if (_owners.TryGetValue(plain, out string? owner) || !isDirectory && _owners.TryGetValue(withSlash, out owner))
            return owner;
        _owners[isDirectory ? withSlash : plain] = extension;
        return null;
    }

    private static ulong Add(ulong hash, string text)
    {
        foreach (char c in text)
            hash = (hash ^ c) * Prime;
        return hash;
    }
}
