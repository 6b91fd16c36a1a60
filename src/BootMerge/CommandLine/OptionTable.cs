using BootMerge.Json;

namespace BootMerge.CommandLine;

/// <summary>
/// Every option: its name, its text in --help, and what it sets. A new option is a row here, a row in bootmerge(8), a
/// line in each file of completions/, and its use; tests compare the four.
/// </summary>
internal static class OptionTable
{
    private const OptionScope Systemd = OptionScope.Systemd;
    private const OptionScope Extra = OptionScope.Extra;
    private const OptionScope Own = OptionScope.Own;

    private const int Boot = 1 << (int)Verb.Boot;
    private const int Diff = 1 << (int)Verb.Diff;
    private const int Prune = 1 << (int)Verb.Prune;
    private const int Reset = 1 << (int)Verb.Reset;

    /// <summary>Those that print what programs may read.</summary>
    private const int Printing = 1 << (int)Verb.Status | 1 << (int)Verb.List | 1 << (int)Verb.Plan | Diff
        | 1 << (int)Verb.Explain | Prune | 1 << (int)Verb.Check;

    /// <summary>Those that change something, and can only show it.</summary>
    private const int Changing = 1 << (int)Verb.Merge | 1 << (int)Verb.Refresh | 1 << (int)Verb.Unmerge | Prune | Reset;

    /// <summary>In the order of the enumeration.</summary>
    private static readonly string[] JsonNames = ["off", "short", "pretty"];

    /// <summary>In the order in which --help lists them, by group.</summary>
    public static readonly Option[] All =
    [
        new("--root", "=DIR", Systemd, OptionGroup.Subject, "Work on the system in DIR (default: /)", new(TakeRoot)),
        new("--class", "=CLASS", Own, OptionGroup.Subject, "confext: /etc (default); sysext: /usr and /opt; all: both",
            new(TakeClass))
        {
            Values = "confext|sysext|all",
        },
        new("--force", Systemd, OptionGroup.Subject, "Also merge extensions that do not fit the system's version",
            Switches.Force),
        new("--image-policy", "=POLICY", Systemd, OptionGroup.Subject,
            "Which disk images may be used, see systemd.image-policy(7)", new(TakeImagePolicy)),

        new("--mutable", "[=MODE]", Systemd, OptionGroup.Merging,
            "Where writes go: no, yes, auto, import, ephemeral or ephemeral-import;\n--mutable=help explains them",
            new(TakeMode))
        {
            OwnHelp = "; without a value it means yes (default: no; boot and\nthe verbs about the machine's own "
                + "files: auto)",
        },
        new("--immutable", "", Extra, OptionGroup.Merging, "Short for --mutable=no", new(BeImmutable)),
        new("--ephemeral", "", Extra, OptionGroup.Merging, "Short for --mutable=ephemeral", new(BeEphemeral)),
        new("--noexec", "=BOOL", Systemd, OptionGroup.Merging,
            "Whether to forbid running programs in the merged tree (default for /etc: yes)", new(TakeNoExec)),
        new("--always-refresh", "=BOOL", Systemd, OptionGroup.Merging,
            "Whether refresh renews a merge in which nothing changed (default: no)", new(TakeAlwaysRefresh)),
        new("--fallback", "=WHAT", Own, OptionGroup.Merging,
            "boot, if the writable layer cannot be used: fail (default), immutable\n"
            + "(merge read-only) or ephemeral (merge, and forget writes)", new(TakeFallback))
        {
            Values = "fail|immutable|ephemeral",
            Verbs = Boot,
        },
        new("--import-self", Extra, OptionGroup.Merging,
            "Called as systemd-confext or systemd-sysext: allow the import modes where\n"
            + "writes are routed to the merged directory itself, which systemd refuses", Switches.ImportSelf),
        new("--dry-run", Extra, OptionGroup.Merging,
            "merge, refresh, unmerge, prune, reset: only show what would be done", Switches.DryRun)
        {
            Verbs = Changing,
        },
        new("--no-reload", Systemd, OptionGroup.Merging,
            "Do not ask the service manager to reload, nor to restart units", Switches.NoReload)
        {
            OwnHelp = ", even if an\nextension wants it; with --root= it is never asked",
        },
        new("--no-wait", Extra, OptionGroup.Merging,
            "Fail instead of waiting while another bootmerge works on the same root", Switches.NoWait),

        new("--opaque", Own, OptionGroup.Removing, "prune: also remove opaque marks that hide nothing",
            Switches.WithOpaque) { Verbs = Prune },
        new("--all", Own, OptionGroup.Removing, "reset: everything, instead of paths", Switches.All) { Verbs = Reset },
        new("--keep", "=GLOB", Own, OptionGroup.Removing,
            "reset --all: keep what matches, such as ssh/*_key or /etc/machine-id; repeatable", new(TakePattern))
        {
            Verbs = Reset,
        },
        new("--no-backup", Own, OptionGroup.Removing, "reset: keep no copy", Switches.NoBackup) { Verbs = Reset },

        new("--json", "=FORMAT", Systemd, OptionGroup.Printing, "pretty, short or off (default)",
            new(TakeJson)) { Values = "pretty|short|off", Verbs = Printing },
        new("--no-legend", Systemd, OptionGroup.Printing, "No column headings", Switches.NoLegend),
        new("--content", Own, OptionGroup.Printing, "diff: also show how texts differ", Switches.WithContent)
        {
            Verbs = Diff,
        },
        new("--frozen", Own, OptionGroup.Printing, "diff: only files that miss an update", Switches.OnlyFrozen)
        {
            Verbs = Diff,
        },
        new("--selinux", Own, OptionGroup.Printing, "diff: also compare SELinux labels", Switches.WithLabels)
        {
            Verbs = Diff,
        },
        new("--exit-code", Own, OptionGroup.Printing, "diff: exit status 1 if there are changes", Switches.ExitCode)
        {
            Verbs = Diff,
        },
        new("--verbose", Extra, OptionGroup.Printing, "Also show what is left out, and why", Switches.Verbose),
        new("--quiet", Extra, OptionGroup.Printing, "Only warnings and errors", Switches.Quiet) { Letter = 'q' },
        new("--help", "", Systemd, OptionGroup.Printing, "This page", new(TellHelp)) { Letter = 'h' },
        new("--version", "", Systemd, OptionGroup.Printing, "The version", new(TellVersion)),
        new("--no-pager", "", Systemd, OptionGroup.Printing, "Accepted and ignored: there is no pager", new(Ignore)),
    ];

    private static ParseResult? Ignore(Arguments typed, string value) => null;

    private static ParseResult.UsageError? TakeRoot(Arguments typed, string value)
    {
        // An unset variable in a script must not turn an operation on a tree into one on the running system.
        if (value.Length == 0)
            return new ParseResult.UsageError("option '--root' needs a directory, but was given an empty value");
        typed.Root = value;
        typed.RootGiven = true;
        return null;
    }

    private static ParseResult.UsageError? TakeClass(Arguments typed, string value)
    {
        if (!ClassSelections.TryParse(value, out ClassSelection selection))
            return UnknownValue("--class", value, ClassSelections.Names);
        typed.Class = selection;
        return null;
    }

    private static ParseResult? TakeMode(Arguments typed, string value)
    {
        if (value == "help")
            return new ParseResult.Answer(typed.IsDropIn ? Help.ModeNames(!typed.Has(Switches.NoLegend))
                : Help.Modes(!typed.Has(Switches.NoLegend)));
        if (!MutableModes.TryParse(value, out MutableMode mode))
            return UnknownValue("--mutable", value, MutableModes.Names);
        typed.Mutable = mode;
        return null;
    }

    private static ParseResult.UsageError? BeImmutable(Arguments typed, string value)
    {
        typed.Mutable = MutableMode.No;
        return null;
    }

    private static ParseResult.UsageError? BeEphemeral(Arguments typed, string value)
    {
        typed.Mutable = MutableMode.Ephemeral;
        return null;
    }

    private static ParseResult.UsageError? TakeFallback(Arguments typed, string value)
    {
        if (!FallbackModes.TryParse(value, out FallbackMode fallback))
            return UnknownValue("--fallback", value, FallbackModes.Names);
        typed.Fallback = fallback;
        return null;
    }

    private static ParseResult? TakeJson(Arguments typed, string value)
    {
        if (value == "help")
            return new ParseResult.Answer("pretty\nshort\noff\n");
        int format = Words.IndexOf(JsonNames, value);
        if (format < 0)
            return UnknownValue("--json", value, JsonNames);
        typed.Json = (JsonFormat)format;
        return null;
    }

    private static ParseResult.UsageError? TakeImagePolicy(Arguments typed, string value)
    {
        typed.ImagePolicy = ImagePolicy.Parse(value, out string? problem);
        return problem is null ? null
            : new ParseResult.UsageError("option '--image-policy' takes an image policy: " + problem);
    }

    private static ParseResult.UsageError? TakePattern(Arguments typed, string value)
    {
        typed.Keep.Add(value);
        return null;
    }

    private static ParseResult.UsageError? TakeNoExec(Arguments typed, string value)
    {
        typed.NoExec = Boolean(value);
        return typed.NoExec is null ? NotBoolean("--noexec", value) : null;
    }

    private static ParseResult.UsageError? TakeAlwaysRefresh(Arguments typed, string value)
    {
        typed.AlwaysRefresh = Boolean(value);
        return typed.AlwaysRefresh is null ? NotBoolean("--always-refresh", value) : null;
    }

    private static ParseResult.Answer TellHelp(Arguments typed, string value) => new(Help.Text(typed));

    /// <summary>Scripts look for "systemd NUMBER" here.</summary>
    private static ParseResult.Answer TellVersion(Arguments typed, string value)
    {
        string own = "bootmerge " + ProgramVersion.Text;
        return new ParseResult.Answer((typed.IsDropIn ? "systemd 262 (" + own + ")" : own) + "\n");
    }

    private static bool? Boolean(string value) => Words.TryParseBoolean(value, out bool on) ? on : null;

    private static ParseResult.UsageError NotBoolean(string option, string value) =>
        new("option '" + option + "' takes yes or no, but was given " + Words.Quote(value));

    private static ParseResult.UsageError UnknownValue(string option, string value, string[] known) =>
        new("unknown value " + Words.Quote(value) + " for option '" + option + "'" + Words.Hint(value, known));
}
