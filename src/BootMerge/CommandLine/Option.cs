using System;

namespace BootMerge.CommandLine;

internal enum OptionValue
{
    None,

    /// <summary>Only as --name=value: getopt's optional argument.</summary>
    Optional,
    Required,
}

/// <summary>One long option. What it does is said in <see cref="CommandLineParser"/>, what it means in <see cref="Help"/>.</summary>
/// <param name="name">With its dashes.</param>
/// <param name="value">Whether a value belongs to it.</param>
/// <param name="example">The value as a usage error shows it.</param>
internal sealed class Option(string name, OptionValue value = OptionValue.None, string example = "")
{
    public string Name => name;

    public OptionValue Value => value;

    public string Example => name + "=" + example;

    public static readonly Option[] All =
    [
        new("--always-refresh", OptionValue.Required, "BOOL"),
        new("--class", OptionValue.Required, "confext|sysext|all"),
        new("--dry-run"),
        new("--ephemeral"),
        new("--fallback", OptionValue.Required, "fail|immutable|ephemeral"),
        new("--force"),
        new("--help"),
        new("--immutable"),
        new("--import-self"),
        new("--json", OptionValue.Required, "pretty|short|off"),
        new("--mutable", OptionValue.Optional, "MODE"),
        new("--no-legend"),
        new("--no-pager"),
        new("--no-reload"),
        new("--no-wait"),
        new("--noexec", OptionValue.Required, "BOOL"),
        new("--quiet"),
        new("--root", OptionValue.Required, "DIR"),
        new("--verbose"),
        new("--version"),
    ];

    /// <summary>By its whole name or by a beginning that no other option shares; null with the reason.</summary>
    public static Option? Find(string typed, out string error)
    {
        error = "";
        Option? found = null;
        string candidates = "";
        foreach (Option option in All)
        {
            if (option.Name == typed)
                return option;
            if (!option.Name.StartsWith(typed, StringComparison.Ordinal))
                continue;
            found = option;
            candidates += (candidates.Length == 0 ? "" : ", ") + option.Name;
        }

        if (found is null)
            error = "unknown option " + Words.Quote(typed) + DidYouMean(typed);
        else if (found.Name != candidates)
            error = "option " + Words.Quote(typed) + " is ambiguous: it could be " + candidates;
        return error.Length == 0 ? found : null;
    }

    private static string DidYouMean(string typed)
    {
        string[] names = new string[All.Length];
        for (int i = 0; i < names.Length; i++)
            names[i] = All[i].Name;
        return Words.Nearest(typed, names) is string nearest ? Words.DidYouMean(nearest) : "";
    }
}
