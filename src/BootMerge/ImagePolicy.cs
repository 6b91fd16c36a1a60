using System;
using CommunityToolkit.HighPerformance;

namespace BootMerge;

/// <summary>
/// Which partitions of a disk image may be used, and how they must be protected: systemd.image-policy(7), read as
/// systemd 262 reads it.
/// </summary>
internal sealed class ImagePolicy
{
    private const int Default = (int)Designator.Generic;

    // Bits of a rule: the flags, in the order of their names, and whether there is a rule at all.
    private const uint Verity = 1 << 0;
    private const uint Signed = 1 << 1;
    private const uint Unprotected = 1 << 4;
    private const uint Unused = 1 << 5;
    private const uint Absent = 1 << 6;
    private const uint Uses = (1 << 7) - 1;
    private const uint ReadOnlyOff = 1 << 7;
    private const uint ReadOnlyOn = 1 << 8;
    private const uint GrowsOff = 1 << 9;
    private const uint GrowsOn = 1 << 10;
    private const uint PartitionFlags = ReadOnlyOff | ReadOnlyOn | GrowsOff | GrowsOn;
    private const int FirstFileSystem = 11;
    private const int Open = 18;
    private const int Ignore = 19;
    private const uint FileSystems = (1u << Open) - (1u << FirstFileSystem);

    /// <summary>
    /// The rule names uses, but none that is known. A rule that names no use at all allows all of them.
    /// </summary>
    private const uint UsesUnknown = 1u << 30;
    private const uint IsGiven = 1u << 31;

    /// <summary>In the order of the rules; the last rule is the default for all others and has no name.</summary>
    private static readonly string[] Partitions =
        "root usr home srv esp xbootldr swap root-verity root-verity-sig usr-verity usr-verity-sig tmp var".Split(' ');

    /// <summary>encryptedwithintegrity is missing from the man page.</summary>
    private static readonly string[] Flags = (
        "verity signed encrypted encryptedwithintegrity unprotected unused absent read-only-off read-only-on "
        + "growfs-off growfs-on btrfs erofs ext4 f2fs squashfs vfat xfs open ignore").Split(' ');

    private readonly uint[] _rules = new uint[Default + 1];
    private readonly string _text;

    private ImagePolicy(string text) => _text = text;

    /// <param name="text">The policy.</param>
    /// <param name="problem">
    /// What is wrong with it, or null. Unknown words may be those of a newer systemd: the policy is returned without
    /// them. A rule that allows nothing but unknown words allows nothing.
    /// </param>
    /// <returns>null if it cannot be read at all.</returns>
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

    /// <summary>Replaces a policy that cannot be read: its author wanted a limit, so no image is allowed.</summary>
    public static ImagePolicy Unreadable(string text) => new(text);

    /// <summary>systemd-sysext(8): images that the boot loader left in the initramfs must be signed.</summary>
    /// <param name="extensionClass">A sysext may also lie in a partition for /usr.</param>
    /// <param name="path">Of the image, inside the root.</param>
    public static ImagePolicy BuiltIn(ExtensionClass extensionClass, string path)
    {
        string flags = IsBootLoaders(path) ? "signed+absent" : "verity+signed+encrypted+unprotected+absent";
        return Parse("root=" + flags + (extensionClass == ExtensionClass.Sysext ? ":usr=" + flags : ""), out _)!;
    }

    /// <summary>
    /// Whether the boot loader put it there. It reads from a place that anybody may be able to write to.
    /// </summary>
    public static bool IsBootLoaders(string path) => path.StartsWith("/.extra/", StringComparison.Ordinal);

    /// <summary>
    /// The policy for RequireSigned=yes: only signed images, and only those that a configured policy allows.
    /// </summary>
    public static ImagePolicy OnlySigned(ExtensionClass extensionClass, ImagePolicy? configured)
    {
        if (configured is null)
            return BuiltIn(extensionClass, "/.extra/");
        ImagePolicy policy = new(configured._text + " (RequireSigned=yes)");
        configured._rules.AsSpan().CopyTo(policy._rules);
        for (Designator data = Designator.Root; data <= Designator.Usr; data++)
        {
            uint rule = configured.RuleFor(data) & (~Uses | Signed | Unused | Absent) | IsGiven;
            policy._rules[(int)data] = (rule & Uses) == 0 ? rule | UsesUnknown : rule;
        }

        return policy;
    }

    /// <summary>An image without a partition table counts as one root partition with none of the GPT flags.</summary>
    /// <param name="fileSystem">The image's file system, in the kernel's words: "squashfs".</param>
    /// <param name="state">Follows from the files beside it: never absent or ignored.</param>
    /// <returns>null if it may be used.</returns>
    public string? ReasonToRefuse(string fileSystem, PartitionState state = PartitionState.Plain)
    {
        uint rule = RuleFor(Designator.Root);
        uint needed = state == PartitionState.Plain ? Unprotected : state == PartitionState.Hashed ? Verity : Signed;
        return (rule & needed) == 0 ? Refusal(state == PartitionState.Plain ? "no image without verity or encryption"
                : state == PartitionState.Hashed ? "no image without a signature" : "no image with a signature")
            : (rule & (ReadOnlyOff | ReadOnlyOn)) == ReadOnlyOn
                ? Refusal("no image without a partition marked read-only")
            : (rule & (GrowsOff | GrowsOn)) == GrowsOn ? Refusal("no image without a partition marked to grow")
            : ReasonToRefuse(Designator.Root, fileSystem);
    }

    /// <summary>
    /// Checks the file system of one partition, as the manual page says; systemd 262 does not check it.
    /// </summary>
    public string? ReasonToRefuse(Designator partition, string fileSystem)
    {
        uint fileSystems = (RuleFor(partition) & FileSystems) >> FirstFileSystem;
        int flag = Words.IndexOf(Flags, fileSystem) - FirstFileSystem;
        return fileSystems != 0 && (flag < 0 || (fileSystems >> flag & 1) == 0) ? Refusal("no " + fileSystem) : null;
    }

    /// <summary>For an image with a partition table; to be asked for every designator.</summary>
    /// <returns>null if nothing forbids it.</returns>
    public string? ReasonToRefuse(Designator partition, PartitionState state, bool isReadOnly, bool grows)
    {
        uint rule = RuleFor(partition);
        string named = Partitions[(int)partition] + " partition";
        if (state is PartitionState.Absent or PartitionState.Ignored)
            return (rule & (state == PartitionState.Absent ? Absent : Unused)) != 0 ? null
                : Refusal("no image without a " + named);
        bool isData = partition is Designator.Root or Designator.Usr;
        // In systemd, "unused" also allows the use of a plain partition if some other use is allowed. Not here.
        uint allowed = isData ? Unprotected : Unprotected | Unused;
        if (state is PartitionState.Hashed or PartitionState.Signed)
            allowed |= Verity;
        if (state == PartitionState.Signed)
            allowed |= Signed;
        if ((rule & allowed) == 0)
            return Refusal(!isData || (rule & Uses & ~Absent) == 0 ? "no image with such a partition: " + named
                : "no " + named + (state == PartitionState.Plain ? " without verity or encryption"
                    : (rule & Signed) != 0 ? " without a signature" : " without encryption"));
        return FlagReason(rule, named, ReadOnlyOff, ReadOnlyOn, isReadOnly, "read-only")
            ?? FlagReason(rule, named, GrowsOff, GrowsOn, grows, "to grow");
    }

    /// <summary>Whether partitions of this kind are treated as if they did not exist.</summary>
    public bool Ignores(Designator partition) => (RuleFor(partition) & Uses & ~Absent) == Unused;

    /// <summary>Whether a root or usr partition must be verified if that is possible.</summary>
    public bool Verifies(Designator data) => (RuleFor(data) & (Verity | Signed)) != 0;

    /// <summary>Whether a verified partition may be used: with a trusted signature, or without one.</summary>
    public bool Allows(Designator data, bool isSigned) => (RuleFor(data) & (isSigned ? Signed : Verity)) != 0;

    /// <summary>A partition's name in rules; "generic" has no rule of its own.</summary>
    public static string NameOf(Designator partition) =>
        partition == Designator.Generic ? "generic" : Partitions[(int)partition];

    /// <returns>"the image policy 'root=absent' allows " followed by <paramref name="what"/>.</returns>
    public string Refusal(string what) => "the image policy " + Words.Quote(_text) + " allows " + what;

    private string? FlagReason(uint rule, string named, uint off, uint on, bool isSet, string word) =>
        (rule & (off | on)) == (isSet ? off : on)
            ? Refusal("no image whose " + named + " is " + (isSet ? "" : "not ") + "marked " + word) : null;

    /// <summary>
    /// The rule in force: the partition's own; for verity's partitions otherwise one derived from their data's rule;
    /// otherwise the default. It has at least one use, or none because none is known.
    /// </summary>
    private uint RuleFor(Designator partition)
    {
        uint rule = _rules[(int)partition];
        if ((rule & IsGiven) == 0)
            rule = Derived(partition);
        if ((rule & IsGiven) == 0)
            rule = (_rules[Default] & IsGiven) != 0 ? _rules[Default] : Unused | Absent;
        return Filled(rule);
    }

    private static uint Filled(uint rule) => (rule & (Uses | UsesUnknown)) == 0 ? rule | Uses : rule;

    /// <summary>If the data must be verified where possible, the partitions needed for that must exist.</summary>
    /// <returns>0 if the data's rule does not require it, or there is no such rule.</returns>
    private uint Derived(Designator partition)
    {
        uint needed = partition is Designator.RootVerity or Designator.UsrVerity ? Verity | Signed
            : partition is Designator.RootVeritySig or Designator.UsrVeritySig ? Signed : 0;
        uint data = _rules[(int)(partition is Designator.RootVerity or Designator.RootVeritySig
            ? Designator.Root : Designator.Usr)];
        if ((data & IsGiven) == 0 || (Filled(data) & needed) == 0)
            return 0;
        return IsGiven | Unprotected | Filled(data) & (Unused | Absent | PartitionFlags);
    }

    /// <returns>false if it is not a valid rule.</returns>
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
