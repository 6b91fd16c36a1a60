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
    private static readonly Flag[] Flags =
    [
        new("ro", "rw", Sys.MOUNT_ATTR_RDONLY, Sys.MS_RDONLY),
        new("nosuid", "suid", Sys.MOUNT_ATTR_NOSUID, Sys.MS_NOSUID),
        new("nodev", "dev", Sys.MOUNT_ATTR_NODEV, Sys.MS_NODEV),
        new("noexec", "exec", Sys.MOUNT_ATTR_NOEXEC, Sys.MS_NOEXEC),
        new("noatime", "atime", Sys.MOUNT_ATTR_NOATIME, Sys.MS_NOATIME),
        new("strictatime", "nostrictatime", Sys.MOUNT_ATTR_STRICTATIME, Sys.MS_STRICTATIME),
        new("nodiratime", "diratime", Sys.MOUNT_ATTR_NODIRATIME, Sys.MS_NODIRATIME),
    ];

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

    /// <summary>MOUNT_ATTR_* bits in the format of mount(8): "ro,nosuid".</summary>
    public static string Text(uint attributes)
    {
        string text = (attributes & Sys.MOUNT_ATTR_RDONLY) != 0 ? "" : "rw,";
        foreach (Flag flag in Flags)
            if ((attributes & flag.Attribute) != 0)
                text += flag.Name + ",";
        return text[..^1];
    }

    /// <summary>The MS_* bits of MOUNT_ATTR_* bits.</summary>
    public static ulong CallFlags(uint attributes)
    {
        ulong flags = 0;
        foreach (Flag flag in Flags)
            if ((attributes & flag.Attribute) != 0)
                flags |= flag.CallFlag;
        return flags;
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
        foreach (Flag flag in Flags)
        {
            if (option != flag.Name && option != flag.Opposite)
                continue;
            attributes = option == flag.Name ? attributes | flag.Attribute : attributes & ~flag.Attribute;
            return true;
        }

        return option is "relatime" or "norelatime" or "symfollow" or "iversion" or "noiversion" or "silent" or "loud"
            || option.StartsWith("x-", StringComparison.Ordinal) || option.StartsWith("X-", StringComparison.Ordinal);
    }

    /// <summary>One flag of every mount, in mount(8)'s words and as the two system calls have it.</summary>
    private sealed class Flag(string name, string opposite, uint attribute, ulong callFlag)
    {
        public string Name { get; } = name;

        public string Opposite { get; } = opposite;

        /// <summary>MOUNT_ATTR_*.</summary>
        public uint Attribute { get; } = attribute;

        /// <summary>MS_*.</summary>
        public ulong CallFlag { get; } = callFlag;
    }
}
