using System;
using BootMerge.Configuration;

namespace BootMerge.CommandLine;

/// <summary>The rules of getopt_long(3): options before and after the verb, --name=value or --name value, "--".</summary>
internal sealed class CommandLineParser
{
    /// <summary>In the order of the enumeration.</summary>
    private static readonly string[] ProgramNames = ["bootmerge", "systemd-confext", "systemd-sysext"];

    /// <summary>In the order of the enumeration.</summary>
    private static readonly string[] VerbNames = ["status", "list", "merge", "unmerge", "refresh", "plan", "boot", "diff", "explain", "prune", "reset", "check"];

    /// <summary>Those of systemd, in the same order.</summary>
    private static readonly string[] DropInVerbNames = ["status", "list", "merge", "unmerge", "refresh"];

    /// <summary>In the order of the enumeration.</summary>
    private static readonly string[] ClassNames = ["confext", "sysext", "all"];

    /// <summary>In the order of the enumeration.</summary>
    private static readonly string[] JsonNames = ["off", "short", "pretty"];

    private readonly string[] _words;
    private readonly Arguments _arguments;
    private int _next;
    private string? _verb;

    private CommandLineParser(string programPath, string[] words)
    {
        _words = words;
        _arguments = new Arguments { CalledAs = NameOf(programPath) };
    }

    private bool IsDropIn => _arguments.CalledAs != ProgramName.BootMerge;

    private ParseResult.Answer HelpAnswer => new(Help.Text(_arguments.CalledAs));

    /// <param name="programPath">argv[0].</param>
    /// <param name="words">argv without argv[0].</param>
    public static ParseResult Parse(string programPath, string[] words) => new CommandLineParser(programPath, words).Parse();

    public static string NameOf(Verb verb) => VerbNames[(int)verb];

    /// <summary>Also for the key Class= of bootmerge.conf.</summary>
    public static bool TryParseClass(string text, out ClassSelection selection)
    {
        int index = Words.IndexOf(ClassNames, text);
        selection = (ClassSelection)Math.Max(index, 0);
        return index >= 0;
    }

    public static ProgramName NameOf(string programPath) =>
        (ProgramName)Math.Max(Words.IndexOf(ProgramNames, programPath[(programPath.LastIndexOf('/') + 1)..]), 0);

    public static string NameOf(ProgramName program) => ProgramNames[(int)program];

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
            _verb = word;
        else
            _arguments.Names.Add(word);
    }

    private ParseResult? TakeShortOptions(string word)
    {
        foreach (char letter in word.AsSpan(1))
        {
            switch (letter)
            {
                case 'h':
                    return HelpAnswer;
                case 'q':
                    _arguments.Quiet = true;
                    break;
                default:
                    return new ParseResult.UsageError("unknown option " + Words.Quote("-" + letter.ToString()));
            }
        }

        return null;
    }

    private ParseResult? TakeLongOption(string word)
    {
        int equals = word.IndexOf('=');
        string? value = equals < 0 ? null : word[(equals + 1)..];
        Option? option = Option.Find(equals < 0 ? word : word[..equals], _arguments.CalledAs, out string error);
        if (option is null)
            return new ParseResult.UsageError(error);
        if (option.Value == OptionValue.None && value is not null)
            return new ParseResult.UsageError("option '" + option.Name + "' takes no value, but was given " + Words.Quote(value));
        // systemd's --mutable has no short form.
        if ((option.Value == OptionValue.Required || option.Value == OptionValue.Optional && IsDropIn) && value is null)
        {
            if (_next == _words.Length)
                return new ParseResult.UsageError("option '" + option.Name + "' needs a value: " + option.Example);
            value = _words[_next++];
        }

        return Apply(option.Name, value);
    }

    private ParseResult? Apply(string option, string? value)
    {
        switch (option)
        {
            case "--help":
                return HelpAnswer;
            case "--version":
                // Scripts look for "systemd NUMBER".
                return new ParseResult.Answer((IsDropIn ? "systemd 262 (bootmerge " + ProgramVersion.Text + ")" : "bootmerge " + ProgramVersion.Text) + "\n");
            case "--root":
                return ApplyRoot(value!);
            case "--class":
                if (!TryParseClass(value!, out ClassSelection selection))
                    return UnknownValue(option, value!, ClassNames);
                _arguments.Class = selection;
                return null;
            case "--mutable":
                if (!MutableModes.TryParse(value ?? "yes", out MutableMode mode))
                    return value == "help" ? new ParseResult.Answer(IsDropIn ? Help.BareModes(_arguments.Legend) : Help.Modes(_arguments.Legend)) : UnknownValue(option, value!, MutableModes.Names);
                _arguments.Mutable = mode;
                return null;
            case "--fallback":
                if (!FallbackModes.TryParse(value!, out FallbackMode fallback))
                    return UnknownValue(option, value!, FallbackModes.Names);
                _arguments.Fallback = fallback;
                return null;
            case "--json":
                if (value == "help")
                    return new ParseResult.Answer("pretty\nshort\noff\n");
                int format = Words.IndexOf(JsonNames, value!);
                if (format < 0)
                    return UnknownValue(option, value!, JsonNames);
                _arguments.Json = (JsonFormat)format;
                return null;
            case "--image-policy":
                _arguments.ImagePolicy = ImagePolicy.Parse(value!, out string? problem);
                return problem is null ? null : new ParseResult.UsageError("option '--image-policy' takes an image policy: " + problem);
            case "--keep":
                _arguments.Keep.Add(value!);
                return null;
            case "--noexec":
            case "--always-refresh":
                if (!Words.TryParseBoolean(value!, out bool on))
                    return new ParseResult.UsageError("option '" + option + "' takes yes or no, but was given " + Words.Quote(value!));
                if (option == "--noexec")
                    _arguments.NoExec = on;
                else
                    _arguments.AlwaysRefresh = on;
                return null;
            default:
                ApplySwitch(option);
                return null;
        }
    }

    private void ApplySwitch(string option)
    {
        switch (option)
        {
            case "--all":
                _arguments.All = true;
                break;
            case "--content":
                _arguments.WithContent = true;
                break;
            case "--dry-run":
                _arguments.DryRun = true;
                break;
            case "--ephemeral":
                _arguments.Mutable = MutableMode.Ephemeral;
                break;
            case "--exit-code":
                _arguments.ExitCode = true;
                break;
            case "--force":
                _arguments.Force = true;
                break;
            case "--immutable":
                _arguments.Mutable = MutableMode.No;
                break;
            case "--import-self":
                _arguments.ImportSelf = true;
                break;
            case "--no-backup":
                _arguments.NoBackup = true;
                break;
            case "--no-legend":
                _arguments.Legend = false;
                break;
            case "--no-pager":
                break; // there is no pager; scripts written for systemd-confext pass it
            case "--no-reload":
                _arguments.NoReload = true;
                break;
            case "--no-wait":
                _arguments.NoWait = true;
                break;
            case "--opaque":
                _arguments.WithOpaque = true;
                break;
            case "--quiet":
                _arguments.Quiet = true;
                break;
            case "--selinux":
                _arguments.WithLabels = true;
                break;
            case "--verbose":
                _arguments.Verbose = true;
                break;
        }
    }

    private ParseResult.UsageError? ApplyRoot(string value)
    {
        // An unset variable in a script must not turn an operation on a tree into one on the running system.
        if (value.Length == 0)
            return new ParseResult.UsageError("option '--root' needs a directory, but was given an empty value");
        _arguments.Root = value;
        _arguments.RootGiven = true;
        return null;
    }

    private static ParseResult.UsageError UnknownValue(string option, string value, string[] known) =>
        new("unknown value " + Words.Quote(value) + " for option '" + option + "'" + Words.Hint(value, known));

    private ParseResult? ApplyVerb()
    {
        if (_verb is null)
            return null;
        if (_verb == "help")
            return HelpAnswer;
        string[] known = IsDropIn ? DropInVerbNames : VerbNames;
        int verb = Words.IndexOf(known, _verb);
        if (verb < 0)
            return new ParseResult.UsageError("unknown verb " + Words.Quote(_verb) + Words.Hint(_verb, known));
        if (_arguments.Names.Count > 0 && (IsDropIn || !TakesNames((Verb)verb)))
            return new ParseResult.UsageError("verb '" + _verb + "' stands alone, but " + Words.Quote(_arguments.Names[0]) + " follows it");
        _arguments.Verb = (Verb)verb;
        if (_arguments.Verb == Verb.Explain && _arguments.Names.Count == 0)
            return new ParseResult.UsageError("verb 'explain' needs a path: bootmerge explain /etc/hostname");
        if (_arguments.Verb == Verb.Reset && ProblemOfReset() is string problem)
            return new ParseResult.UsageError(problem);
        if (_arguments.DryRun && _arguments.Verb == Verb.Boot)
            return new ParseResult.UsageError("option '--dry-run' is for merge, refresh, unmerge, prune and reset; 'bootmerge --root=DIR --mutable=auto plan' shows what boot would merge");
        return null;
    }

    private static bool TakesNames(Verb verb) => verb is Verb.List or Verb.Check or Verb.Diff or Verb.Explain or Verb.Reset;

    private string? ProblemOfReset() =>
        _arguments.All && _arguments.Names.Count > 0 ? "option '--all' stands for every path, but " + Words.Quote(_arguments.Names[0]) + " is given, too"
        : !_arguments.All && _arguments.Keep.Count > 0 ? "option '--keep' belongs to --all"
        : !_arguments.All && _arguments.Names.Count == 0 ? "verb 'reset' needs a path, or --all: bootmerge reset /etc/motd"
        : null;
}
