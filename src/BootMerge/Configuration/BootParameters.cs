using System;
using BootMerge.Linux;

namespace BootMerge.Configuration;

/// <summary>
/// What the kernel command line tells the boot stage; null for what it does not set. The last word of a name counts.
/// </summary>
internal sealed class BootParameters
{
    private const string Where = "Kernel command line";
    private const string NotBoolean = " is not valid, ignored; it takes yes or no";
    private const string SignedKey = "bootmerge.require-signed";

    private static readonly string[] Keys = ["bootmerge.mutable", "bootmerge.fallback", "bootmerge.log",
        "bootmerge.prune", SignedKey];

    private static readonly string[] LogLevels = ["info", "debug"];

    public bool SwitchedOff { get; private set; }

    public bool ConfextOff { get; private set; }

    public bool SysextOff { get; private set; }

    public MutableMode? Mutable { get; private set; }

    public FallbackMode? Fallback { get; private set; }

    public bool PruneOff { get; private set; }

    /// <summary>Applies in the running system too: a refresh must not undo it.</summary>
    public bool? RequireSigned { get; private set; }

    public bool Debug { get; private set; }

    public bool IsOff(ExtensionClass cls) => cls == ExtensionClass.Confext ? ConfextOff : SysextOff;

    /// <param name="isBoot">If false, only words that every verb obeys are read.</param>
    public static BootParameters Parse(ReadOnlySpan<byte> text, bool isBoot, WarningLog warnings)
    {
        BootParameters values = new();
        foreach (string word in KernelCommandLine.Parse(text))
        {
            int equals = word.IndexOf('=');
            string key = equals < 0 ? word : word[..equals];
            string? value = equals < 0 ? null : word[(equals + 1)..];
            if ((isBoot || key == SignedKey) && !values.Take(key, value))
                warnings.Add(Where, Words.Quote(word) + Problem(key, value ?? ""));
        }

        return values;
    }

    private static string Problem(string key, string value) => key switch
    {
        "bootmerge.mutable" => " is not valid, ignored" + Words.Hint(value, MutableModes.Names),
        "bootmerge.fallback" => " is not valid, ignored" + Words.Hint(value, FallbackModes.Names),
        "bootmerge.log" => " is not valid, ignored" + Words.Hint(value, LogLevels),
        "bootmerge.prune" => NotBoolean,
        SignedKey => BootMergeFile.NotBooleanSigned,
        _ when key.StartsWith("bootmerge.", StringComparison.Ordinal) =>
            " is not known, ignored" + Words.Hint(key, Keys),
        _ => NotBoolean,
    };

    /// <summary>false if a word is meant for this program but was not understood.</summary>
    private bool Take(string key, string? value)
    {
        // A name without a value is a true boolean.
        bool isBoolean = Words.TryParseBoolean(value ?? "yes", out bool on);
        switch (key)
        {
            case "bootmerge":
                SwitchedOff = isBoolean ? !on : SwitchedOff;
                return isBoolean;
            case "systemd.confext":
                ConfextOff = isBoolean ? !on : ConfextOff;
                return isBoolean;
            case "systemd.sysext":
                SysextOff = isBoolean ? !on : SysextOff;
                return isBoolean;
            case "bootmerge.mutable":
                bool isMode = MutableModes.TryParse(value ?? "yes", out MutableMode mode);
                Mutable = isMode ? mode : Mutable;
                return isMode;
            case "bootmerge.fallback":
                bool isFallback = FallbackModes.TryParse(value ?? "", out FallbackMode fallback);
                Fallback = isFallback ? fallback : Fallback;
                return isFallback;
            case "bootmerge.prune":
                PruneOff = isBoolean ? !on : PruneOff;
                return isBoolean;
            case SignedKey:
                RequireSigned = !isBoolean || on;
                return isBoolean;
            case "bootmerge.log":
                bool isLevel = Words.IndexOf(LogLevels, value ?? "") >= 0;
                Debug = isLevel ? value == "debug" : Debug;
                return isLevel;
            default:
                return !key.StartsWith("bootmerge.", StringComparison.Ordinal);
        }
    }
}
