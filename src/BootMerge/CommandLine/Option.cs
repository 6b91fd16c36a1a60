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

    /// <summary>
    /// Not systemd's; taken under its names too, when written out, so that systemd's own can be abbreviated as there.
    /// </summary>
    Extra,

    /// <summary>Only as bootmerge.</summary>
    Own,
}

/// <summary>Under which heading --help and bootmerge(8) have an option.</summary>
internal enum OptionGroup
{
    Subject,
    Merging,
    Removing,
    Printing,
}

/// <summary>Sets what an option says.</summary>
/// <param name="value">"" for an option that takes none.</param>
/// <returns>null, or what the line comes to because of it.</returns>
internal delegate ParseResult? OptionSetter(Arguments typed, string value);

/// <summary>One long option: a row of <see cref="OptionTable"/>.</summary>
/// <param name="name">With its dashes.</param>
/// <param name="form">How its value is written: "=DIR", "[=MODE]" where it may be left out, "" where there is
/// none.</param>
/// <param name="scope">Whose it is.</param>
/// <param name="help">For --help, 85 columns a line.</param>
internal sealed class Option(string name, string form, OptionScope scope, OptionGroup group, string help,
    OptionSetter? set)
{
    private readonly Switches _switch;

    public Option(string name, OptionScope scope, OptionGroup group, string help, Switches switches) : this(name, "",
        scope, group, help, null) =>
        _switch = switches;

    public string Name => name;

    public string Form => form;

    public OptionScope Scope => scope;

    public OptionGroup Group => group;

    public string Help => help;

    /// <summary>What --help says further under our own name.</summary>
    public string OwnHelp { get; init; } = "";

    /// <summary>The short form; 0: it has none.</summary>
    public char Letter { get; init; }

    /// <summary>The values there are, where they are few.</summary>
    public string? Values { get; init; }

    public OptionValue Value => form.Length == 0 ? OptionValue.None : form[0] == '['
        ? OptionValue.Optional : OptionValue.Required;

    /// <summary>As a usage error shows it.</summary>
    public string Example => name + "=" + (Values ?? form.Trim('[', '=', ']'));

    /// <param name="value">null: it was given without one.</param>
    public ParseResult? Set(Arguments typed, string? value)
    {
        typed.Switches |= _switch;
        return set?.Invoke(typed, value ?? (Value == OptionValue.Optional ? "yes" : ""));
    }

    public static Option? Find(char letter)
    {
        foreach (Option option in OptionTable.All)
            if (option.Letter == letter)
                return option;
        return null;
    }

    /// <summary>By its whole name or by a beginning that no other option shares; null with the reason.</summary>
    public static Option? Find(string name, bool isDropIn, out string error)
    {
        error = "";
        Option? found = null;
        List<string> candidates = [];
        List<string> known = [];
        foreach (Option option in OptionTable.All)
        {
            if (isDropIn && option.Scope == OptionScope.Own)
                continue;
            known.Add(option.Name);
            if (option.Name == name)
                return option;
            if (isDropIn && option.Scope == OptionScope.Extra
                || !option.Name.StartsWith(name, StringComparison.Ordinal))
                continue;
            found = option;
            candidates.Add(option.Name);
        }

        if (found is null)
            error = "unknown option " + Words.Quote(name)
                + (Words.Nearest(name, known.ToArray()) is string nearest ? Words.DidYouMean(nearest) : "");
        if (candidates.Count < 2)
            return found;
        candidates.SortBy(string.CompareOrdinal);
        error = "option " + Words.Quote(name) + " is ambiguous: it could be " + candidates.Joined(", ");
        return null;
    }
}
