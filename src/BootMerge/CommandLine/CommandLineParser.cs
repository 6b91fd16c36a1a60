using System;
using System.Collections.Generic;

namespace BootMerge.CommandLine;

/// <summary>
/// The rules of getopt_long(3): options before and after the verb, --name=value or --name value, "--".
/// </summary>
internal sealed class CommandLineParser
{
    private readonly string[] _words;
    private readonly Arguments _arguments;
    private readonly List<Option> _options = [];
    private int _next;
    private string? _verb;
    private string[] _known = [];

    private CommandLineParser(string programPath, string[] words)
    {
        _words = words;
        _arguments = new Arguments { CalledAs = ProgramNames.Of(programPath) };
    }

    /// <param name="programPath">argv[0].</param>
    /// <param name="words">argv without argv[0].</param>
    public static ParseResult Parse(string programPath, string[] words) =>
        new CommandLineParser(programPath, words).Parse();

    private ParseResult Parse()
    {
        bool onlyOperands = false;
        while (_next < _words.Length)
        {
            string word = _words[_next++];
            ParseResult? end = null;
            if (onlyOperands || word.Length < 2 || word[0] != '-')
                TakeOperand(word);
            else if (word == "--")
                onlyOperands = true;
            else if (word[1] == '-')
                end = TakeLongOption(word);
            else
                end = TakeShortOptions(word);
            if (end is not null)
                return end;
        }

        return ApplyVerb() ?? new ParseResult.Parsed(_arguments);
    }

    private void TakeOperand(string word)
    {
        if (_verb is null)
        {
            _verb = word;
            _arguments.VerbRow = VerbTable.Find(word, _arguments.IsDropIn, out _known);
        }
        else
            _arguments.Names.Add(word);
    }

    private ParseResult? TakeShortOptions(string word)
    {
        foreach (char letter in word.AsSpan(1))
        {
            if (Option.Find(letter) is not Option option)
                return new ParseResult.UsageError("unknown option " + Words.Quote("-" + letter.ToString()));
            _options.Add(option);
            if (option.Set(_arguments, null) is ParseResult end)
                return end;
        }

        return null;
    }

    private ParseResult? TakeLongOption(string word)
    {
        int equals = word.IndexOf('=');
        string? value = equals < 0 ? null : word[(equals + 1)..];
        Option? option = Option.Find(equals < 0 ? word : word[..equals], _arguments.IsDropIn, out string error);
        if (option is null)
            return new ParseResult.UsageError(error);
        if (option.Value == OptionValue.None && value is not null)
            return new ParseResult.UsageError("option '" + option.Name + "' takes no value, but was given "
                + Words.Quote(value));
        // systemd's --mutable has no short form.
        if ((option.Value == OptionValue.Required || option.Value == OptionValue.Optional && _arguments.IsDropIn)
            && value is null)
        {
            if (_next == _words.Length)
                return new ParseResult.UsageError("option '" + option.Name + "' needs a value: " + option.Example);
            value = _words[_next++];
        }

        _options.Add(option);
        return option.Set(_arguments, value);
    }

    private ParseResult? ApplyVerb()
    {
        if (_verb == "help")
        {
            if (_arguments.Names.Count > 0)
                _arguments.VerbRow = VerbTable.Find(_arguments.Names[0], _arguments.IsDropIn, out _);
            return new ParseResult.Answer(Help.Text(_arguments));
        }

        if (_verb is not null && _arguments.VerbRow is null)
            return new ParseResult.UsageError("unknown verb " + Words.Quote(_verb) + Words.Hint(_verb, _known));
        VerbRow row = _arguments.VerbRow ?? VerbTable.All[(int)Verb.Status];
        if (_arguments.Names.Count > 0 && (_arguments.IsDropIn || row.Operands.Length == 0))
            return new ParseResult.UsageError("verb '" + _verb + "' takes no argument, but was given "
                + Words.Quote(_arguments.Names[0]) + (MutableModes.TryParse(_arguments.Names[0], out _)
                ? Words.DidYouMean("--mutable=" + _arguments.Names[0]) : ""));
        _arguments.Verb = row.Verb;
        if (_arguments.Verb == Verb.Explain && _arguments.Names.Count == 0)
            return new ParseResult.UsageError("verb 'explain' needs a path: bootmerge explain /etc/hostname");
        if (_arguments.Verb == Verb.Reset && ProblemOfReset() is string problem)
            return new ParseResult.UsageError(problem);
        if (_arguments.Has(Switches.DryRun) && _arguments.Verb == Verb.Boot)
            return new ParseResult.UsageError("option '--dry-run' is for merge, refresh, unmerge, prune and reset; "
                + "'bootmerge --root=DIR --mutable=auto plan' shows what boot would merge");
        foreach (Option option in _options)
            if (!_arguments.IsDropIn && !option.IsFor(row.Verb))
                return new ParseResult.UsageError("option '" + option.Name + "' is not for " + row.Name + ", only for "
                    + VerbTable.Names(option.Verbs));
        return null;
    }

    private string? ProblemOfReset() =>
        _arguments.Has(Switches.All) && _arguments.Names.Count > 0
            ? "option '--all' means every path, but " + Words.Quote(_arguments.Names[0]) + " is given, too"
        : !_arguments.Has(Switches.All) && _arguments.Keep.Count > 0 ? "option '--keep' needs --all"
        : !_arguments.Has(Switches.All) && _arguments.Names.Count == 0
        ? "verb 'reset' needs a path, or --all: bootmerge reset /etc/motd"
        : null;
}
