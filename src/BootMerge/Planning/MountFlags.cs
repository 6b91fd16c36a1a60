using System;
using System.Collections.Generic;
using BootMerge.Linux;

namespace BootMerge.Planning;

/// <summary>
/// Words among overlay options that overlayfs does not know because they are flags of every mount. They are sorted out
/// as libmount does for mount(8) and systemd. Of two that contradict each other, the later one counts.
/// </summary>
internal static class MountFlags
{
    /// <param name="options">"key=value,key".</param>
    /// <param name="attributes">MOUNT_ATTR_* bits that apply if the options say nothing.</param>
    public static uint Apply(string options, uint attributes)
    {
        foreach (string option in options.Split(','))
            IsAttribute(option, ref attributes);
        // The kernel's atime modes exclude each other; among mount(2)'s flags, strictatime is the stronger.
        return (attributes & Sys.MOUNT_ATTR_STRICTATIME) != 0 ? attributes & ~Sys.MOUNT_ATTR_NOATIME : attributes;
    }

    /// <summary>What remains for fsconfig(2): overlayfs's own options, and flags of the superblock.</summary>
    public static List<OverlayOption> Rest(string options)
    {
        List<OverlayOption> rest = [];
        uint attributes = 0;
        foreach (string option in options.Split(','))
        {
            string? withdrawn = option switch
            {
                "async" => "sync",
                "nolazytime" => "lazytime",
                "nomand" => "mand",
                "sync" or "dirsync" or "lazytime" or "mand" => option, // once
                _ => null,
            };
            if (withdrawn is not null)
                rest.RemoveAll(other => other.Value is null && other.Key == withdrawn);
            if (option.Length == 0 || IsAttribute(option, ref attributes)
                || withdrawn is not null && withdrawn != option)
                continue;
            int equals = option.IndexOf('=');
            rest.Add(equals < 0 ? new OverlayOption(option, null)
                : new OverlayOption(option[..equals], option[(equals + 1)..]));
        }

        // The mount's own flag does not keep others from mounting the superblock writable.
        if ((attributes & Sys.MOUNT_ATTR_RDONLY) != 0)
            rest.Add(new OverlayOption("ro", null));
        return rest;
    }

    /// <summary>The MS_* bit for mount(2); 0 if the option belongs in its text.</summary>
    public static ulong CallFlag(OverlayOption option) => option.Value is not null ? 0 : option.Key switch
    {
        "ro" => Sys.MS_RDONLY,
        "sync" => Sys.MS_SYNCHRONOUS,
        "mand" => Sys.MS_MANDLOCK,
        "dirsync" => Sys.MS_DIRSYNC,
        "lazytime" => Sys.MS_LAZYTIME,
        _ => 0,
    };

    /// <returns>Whether it is such a flag, or one that a mount does not keep.</returns>
    private static bool IsAttribute(string option, ref uint attributes)
    {
        uint set = option switch
        {
            "ro" => Sys.MOUNT_ATTR_RDONLY,
            "nosuid" => Sys.MOUNT_ATTR_NOSUID,
            "nodev" => Sys.MOUNT_ATTR_NODEV,
            "noexec" => Sys.MOUNT_ATTR_NOEXEC,
            "noatime" => Sys.MOUNT_ATTR_NOATIME,
            "strictatime" => Sys.MOUNT_ATTR_STRICTATIME,
            "nodiratime" => Sys.MOUNT_ATTR_NODIRATIME,
            _ => 0,
        };
        uint cleared = option switch
        {
            "rw" => Sys.MOUNT_ATTR_RDONLY,
            "suid" => Sys.MOUNT_ATTR_NOSUID,
            "dev" => Sys.MOUNT_ATTR_NODEV,
            "exec" => Sys.MOUNT_ATTR_NOEXEC,
            "atime" => Sys.MOUNT_ATTR_NOATIME,
            "nostrictatime" => Sys.MOUNT_ATTR_STRICTATIME,
            "diratime" => Sys.MOUNT_ATTR_NODIRATIME,
            _ => 0,
        };
        attributes = (attributes | set) & ~cleared;
        return (set | cleared) != 0
            || option is "relatime" or "norelatime" or "symfollow" or "iversion" or "noiversion" or "silent" or "loud"
            || option.StartsWith("x-", StringComparison.Ordinal) || option.StartsWith("X-", StringComparison.Ordinal);
    }
}
