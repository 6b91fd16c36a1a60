using System;
using CommunityToolkit.HighPerformance;

namespace BootMerge;

/// <summary>
/// Which partitions of a disk image may be used, and how they must be protected: systemd.image-policy(7), read as
/// systemd 262 reads it.
/// </summary>
internal sealed class ImagePolicy
{
    private const int Root = 0;
    private const int Default = 13;

    // Bits of a rule: the flags, in the order of their names, and whether there is a rule at all.
    private const uint Unprotected = 1 << 4;
    private const uint Unused = 1 << 5;
    private const uint Absent = 1 << 6;
    private const uint Uses = (1 << 7) - 1;
    private const uint ReadOnlyOff = 1 << 7;
    private const uint ReadOnlyOn = 1 << 8;
    private const uint GrowsOff = 1 << 9;
    private const uint GrowsOn = 1 << 10;
    private const int FirstFileSystem = 11;
    private const int Open = 18;
    private const int Ignore = 19;
    private const uint FileSystems = (1u << Open) - (1u << FirstFileSystem);

    /// <summary>No use that the rule allows is known. A rule that names none at all allows every one.</summary>
    private const uint UsesUnknown = 1u << 30;
    private const uint IsGiven = 1u << 31;

    /// <summary>In the order of the rules; the last rule is that for all the others, without a name.</summary>
    private static readonly string[] Partitions =
        "root usr home srv esp xbootldr swap root-verity root-verity-sig usr-verity usr-verity-sig tmp var".Split(' ');

    /// <summary>encryptedwithintegrity is not in the man page.</summary>
    private static readonly string[] Flags = (
        "verity signed encrypted encryptedwithintegrity unprotected unused absent read-only-off read-only-on "
        + "growfs-off growfs-on btrfs erofs ext4 f2fs squashfs vfat xfs open ignore").Split(' ');

    private readonly uint[] _rules = new uint[Default + 1];
    private readonly string _text;

    private ImagePolicy(string text) => _text = text;

    /// <param name="text">The policy.</param>
    /// <param name="problem">
    /// What is wrong with it, or null. Words that are not known may be those of a newer systemd: a policy comes back
    /// without them. Where they were all that a rule allows, the rule allows nothing.
    /// </param>
    /// <returns>null when it cannot be read at all.</returns>
    public static ImagePolicy? Parse(string text, out string? problem)
    {
        problem = null;
        ImagePolicy policy = new(text);
        if (text is "" or "-")
            return policy;
        string rules = text switch
        {
            "*" => "=open",
            "~" => "=absent",
            _ => text,
        };
        foreach (ReadOnlySpan<char> rule in rules.Tokenize(':'))
            if (!policy.Take(rule.ToString(), ref problem))
                return null;
        return policy;
    }

    /// <summary>
    /// In place of a policy that cannot be read: whoever wrote it wanted a limit, so no image is allowed.
    /// </summary>
    public static ImagePolicy Unreadable(string text) => new(text);

    /// <summary>systemd-sysext(8): images that the boot loader left in the initramfs must be signed.</summary>
    /// <param name="extensionClass">A sysext may also lie in a partition for /usr.</param>
    /// <param name="foundPath">Where the image was found, inside the root.</param>
    public static ImagePolicy BuiltIn(ExtensionClass extensionClass, string foundPath)
    {
        string flags = foundPath.StartsWith("/.extra/", StringComparison.Ordinal)
            ? "signed+absent" : "verity+signed+encrypted+unprotected+absent";
        return Parse("root=" + flags + (extensionClass == ExtensionClass.Sysext ? ":usr=" + flags : ""), out _)!;
    }

    /// <summary>
    /// An image without a partition table is one unprotected root partition, none of whose GPT flags is set.
    /// </summary>
    /// <param name="fileSystem">What the image holds, as the kernel names it: "squashfs".</param>
    /// <returns>null when it may be used.</returns>
    public string? ReasonToRefuse(string fileSystem)
    {
        uint rule = (_rules[Root] & IsGiven) != 0 ? _rules[Root] : (_rules[Default] & IsGiven) != 0
            ? _rules[Default] : Unused | Absent;
        if ((rule & (Uses | UsesUnknown)) == 0)
            rule |= Uses;
        uint fileSystems = (rule & FileSystems) >> FirstFileSystem;
        int flag = Words.IndexOf(Flags, fileSystem) - FirstFileSystem;
        string? reason = (rule & Unprotected) == 0 ? "no image without verity or encryption"
            : (rule & (ReadOnlyOff | ReadOnlyOn)) == ReadOnlyOn ? "no image without a partition marked read-only"
            : (rule & (GrowsOff | GrowsOn)) == GrowsOn ? "no image without a partition marked to grow"
            : fileSystems != 0 && (flag < 0 || (fileSystems >> flag & 1) == 0) ? "no " + fileSystem
            : null;
        return reason is null ? null : "the image policy " + Words.Quote(_text) + " allows " + reason;
    }

    /// <returns>false when it is not a rule.</returns>
    private bool Take(string rule, ref string? problem)
    {
        int equals = rule.IndexOf('=');
        if (equals < 0)
        {
            problem = Words.Quote(rule) + " is not of the form PARTITION=FLAG+FLAG";
            return false;
        }

        string name = rule[..equals].Trim();
        int partition = name.Length == 0 ? Default : Words.IndexOf(Partitions, name);
        if (partition < 0)
        {
            problem ??= "unknown partition " + Words.Quote(name) + Words.Hint(name, Partitions);
            return true;
        }

        if ((_rules[partition] & IsGiven) != 0)
        {
            problem = "two rules for the partition " + Words.Quote(name);
            return false;
        }

        uint flags = IsGiven;
        string text = rule[(equals + 1)..].Trim();
        bool hasUnknown = false;
        if (text is not ("" or "-"))
            flags |= FlagsOf(text, ref hasUnknown, ref problem);
        if (hasUnknown && (flags & Uses) == 0)
            flags |= UsesUnknown;
        _rules[partition] = flags;
        return true;
    }

    /// <param name="text">"verity+signed".</param>
    private static uint FlagsOf(string text, ref bool hasUnknown, ref string? problem)
    {
        uint flags = 0;
        foreach (ReadOnlySpan<char> part in text.Tokenize('+'))
        {
            string word = part.Trim().ToString();
            int flag = Words.IndexOf(Flags, word);
            if (flag < 0)
            {
                hasUnknown = true;
                problem ??= "unknown flag " + Words.Quote(word) + Words.Hint(word, Flags);
                continue;
            }

            flags |= flag switch
            {
                Open => Uses,
                Ignore => Unused | Absent,
                _ => 1u << flag,
            };
        }

        return flags;
    }
}
