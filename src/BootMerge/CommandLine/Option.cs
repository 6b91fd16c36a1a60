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

/// <summary>Under which of the program's names an option exists.</summary>
internal enum OptionScope
{
    /// <summary>An option of systemd's.</summary>
    Systemd,

    /// <summary>
    /// Not systemd's. It also works under systemd's names, but only written out, so that abbreviations of systemd's own
    /// options keep working.
    /// </summary>
    Extra,

    /// <summary>Only under the name bootmerge.</summary>
    Own,
}

/// <summary>The heading under which --help and bootmerge(8) list an option.</summary>
internal enum OptionGroup
{
    Subject,
    Merging,
    Removing,
    Printing,
}

/// <summary>Applies an option.</summary>
/// <param name="value">"" for an option that takes none.</param>
/// <returns>null, or the result if the option ends the parsing.</returns>
internal delegate ParseResult? OptionSetter(Arguments typed, string value);

/// <summary>One long option: a row of <see cref="OptionTable"/>.</summary>
/// <param name="name">With its dashes.</param>
/// <param name="form">How its value is written: "=DIR", "[=MODE]" if it is optional, "" if there is none.</param>
/// <param name="scope">Under which of the program's names it exists.</param>
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

    /// <summary>What --help adds under our own name.</summary>
    public string OwnHelp { get; init; } = "";

    /// <summary>The short form; 0 if it has none.</summary>
    public char Letter { get; init; }

    /// <summary>The verbs that it is for, a bit each; 0: any.</summary>
    public int Verbs { get; init; }

    public bool IsFor(Verb verb) => Verbs == 0 || (Verbs & 1 << (int)verb) != 0;

    /// <summary>The possible values, if there are few.</summary>
    public string? Values { get; init; }

    public OptionValue Value => form.Length == 0 ? OptionValue.None : form[0] == '['
        ? OptionValue.Optional : OptionValue.Required;

    /// <summary>As a usage error shows it.</summary>
    public string Example => name + "=" + (Values ?? form.Trim('[', '=', ']'));

    /// <param name="value">null: the option was given without one.</param>
    public ParseResult? Set(Arguments typed, string? value)
    {
        if (set is null && _switch == Switches.None)
            throw new InvalidOperationException(name + " sets nothing");
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

    /// <summary>Finds an option by its whole name or an unambiguous beginning; null with the reason.</summary>
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
