using System.Collections.Generic;

namespace BootMerge.Checks;

/// <summary>
/// Remembers which extension brings a path, from the topmost extension down. Directories are merged; anything else
/// hides what is below it.
/// </summary>
internal sealed class SamePathCheck
{
    private const ulong Basis = 0xcbf29ce484222325;
    private const ulong Prime = 0x100000001b3;

    // Keyed by the FNV-1a hash of the path: a deep tree's paths could need more memory than there is. Two paths share a
    // hash once in 10^19 pairs, and then one finding is wrong.
    private readonly Dictionary<ulong, string> _owners = [];

    /// <returns>The name of the extension above that hides this path, or that this path would hide; or null.</returns>
    public string? Take(string path, bool isDirectory, string extension)
    {
        // A directory is stored with a trailing slash: it does not hide another directory.
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
