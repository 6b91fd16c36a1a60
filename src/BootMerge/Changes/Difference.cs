using System;
using System.Collections.Generic;

namespace BootMerge.Changes;

/// <summary>In what two inodes differ. Times, link counts and holes do not count.</summary>
[Flags]
internal enum Difference
{
    None = 0,
    Type = 1,
    Mode = 2,
    Owner = 4,

    /// <summary>POSIX access control list, including a directory's default one.</summary>
    Acl = 8,

    /// <summary>Any other extended attribute, including capabilities.</summary>
    Xattr = 16,

    /// <summary>A file's bytes, a symlink's target, or a device's number.</summary>
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
