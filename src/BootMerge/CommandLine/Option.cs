using System;
using System.Collections.Generic;

namespace BootMerge.CommandLine;

internal enum OptionValue
{
    None,

    /// <summary>Only as --name=value: getopt's optional argument.</summary>
    Optional,
    Required,
}

/// <summary>Under which names of the program an option exists.</summary>
internal enum OptionScope
{
    /// <summary>One of systemd's.</summary>
    Systemd,

    /// <summary>Not systemd's; taken under its names too, when written out, so that systemd's own can be abbreviated as there.</summary>
    Extra,

    /// <summary>Only as bootmerge.</summary>
    Own,
}

/// <summary>One long option. What it does is said in <see cref="CommandLineParser"/>, what it means in <see cref="Help"/>.</summary>
/// <param name="name">With its dashes.</param>
/// <param name="value">Whether a value belongs to it.</param>
/// <param name="example">The value as a usage error shows it.</param>
/// <param name="scope">Whose it is.</param>
internal sealed class Option(string name, OptionValue value = OptionValue.None, string example = "", OptionScope scope = OptionScope.Systemd)
{
    public string Name => name;

    public OptionValue Value => value;

    public OptionScope Scope => scope;

    public string Example => name + "=" + example;

    public static readonly Option[] All =
    [
        new("--all", scope: OptionScope.Own),
        new("--always-refresh", OptionValue.Required, "BOOL"),
        new("--class", OptionValue.Required, "confext|sysext|all", OptionScope.Own),
        new("--content", scope: OptionScope.Own),
        new("--dry-run", scope: OptionScope.Extra),
        new("--ephemeral", scope: OptionScope.Extra),
        new("--exit-code", scope: OptionScope.Own),
        new("--fallback", OptionValue.Required, "fail|immutable|ephemeral", OptionScope.Own),
        new("--force"),
        new("--help"),
        new("--image-policy", OptionValue.Required, "POLICY"),
        new("--immutable", scope: OptionScope.Extra),
        new("--import-self", scope: OptionScope.Extra),
        new("--json", OptionValue.Required, "pretty|short|off"),
        new("--keep", OptionValue.Required, "GLOB", OptionScope.Own),
        new("--mutable", OptionValue.Optional, "MODE"),
        new("--no-backup", scope: OptionScope.Own),
        new("--no-legend"),
        new("--no-pager"),
        new("--no-reload"),
        new("--no-wait", scope: OptionScope.Extra),
        new("--noexec", OptionValue.Required, "BOOL"),
        new("--opaque", scope: OptionScope.Own),
        new("--quiet", scope: OptionScope.Extra),
        new("--root", OptionValue.Required, "DIR"),
        new("--selinux", scope: OptionScope.Own),
        new("--verbose", scope: OptionScope.Extra),
        new("--version"),
    ];

    /// <summary>By its whole name or by a beginning that no other option shares; null with the reason.</summary>
    public static Option? Find(string typed, ProgramName calledAs, out string error)
    {
        error = "";
        bool isDropIn = calledAs != ProgramName.BootMerge;
        Option? found = null;
        string candidates = "";
        List<string> known = [];
        foreach (Option option in All)
        {
            if (isDropIn && option.Scope == OptionScope.Own)
                continue;
            known.Add(option.Name);
            if (option.Name == typed)
                return option;
            if (isDropIn && option.Scope == OptionScope.Extra || !option.Name.StartsWith(typed, StringComparison.Ordinal))
                continue;
            found = option;
            candidates += (candidates.Length == 0 ? "" : ", ") + option.Name;
        }

        if (found is null)
            error = "unknown option " + Words.Quote(typed) + (Words.Nearest(typed, known.ToArray()) is string nearest ? Words.DidYouMean(nearest) : "");
        else if (found.Name != candidates)
            error = "option " + Words.Quote(typed) + " is ambiguous: it could be " + candidates;
        return error.Length == 0 ? found : null;
    }
}
