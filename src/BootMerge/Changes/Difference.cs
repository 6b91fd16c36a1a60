using System;
using System.Collections.Generic;

namespace BootMerge.Changes;

/// <summary>
/// In what two inodes differ. Times and numbers of links do not count, nor does how sparse a file is.
/// </summary>
[Flags]
internal enum Difference
{
    None = 0,
    Type = 1,
    Mode = 2,
    Owner = 4,

    /// <summary>POSIX access control list, also the default one of a directory.</summary>
    Acl = 8,

    /// <summary>Any other extended attribute, capabilities among them.</summary>
    Xattr = 16,

    /// <summary>Bytes of a file, target of a symlink, number of a device.</summary>
    Content = 32,
}

internal static class Differences
{
    private static readonly string[] Words = ["type", "mode", "owner", "acl", "xattr", "content"];

    /// <summary>"content", "mode": for people and programs.</summary>
    public static List<string> Names(Difference difference)
    {
        List<string> names = [];
        for (int i = 0; i < Words.Length; i++)
            if (((int)difference & (1 << i)) != 0)
                names.Add(Words[i]);
        return names;
    }
}
