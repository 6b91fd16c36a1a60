using System;
using BootMerge.CommandLine;

namespace BootMerge.Configuration;

/// <summary>What bootmerge.conf and its drop-ins set; null for what they do not set.</summary>
internal sealed class BootMergeFile
{
    private const string Section = "BootMerge";

    private static readonly string[] Keys = ["NoExec", "Fallback", "Prune", "RequireExtension", "RouteEtc",
        "OverlayOptions", "Class", "RequireSigned"];

    private readonly WarningLog _warnings;
    private bool _isSignedForGood;

    private BootMergeFile(WarningLog warnings) => _warnings = warnings;

    public bool? NoExec { get; private set; }

    public FallbackMode? Fallback { get; private set; }

    public bool? Prune { get; private set; }

    /// <summary>Alternatives: one of them is enough.</summary>
    public string[] RequireExtension { get; private set; } = [];

    public bool RequiredByInitramfs { get; private set; }

    public bool? RouteEtc { get; private set; }

    public bool? RequireSigned { get; private set; }

    /// <summary>The warning's text for a value that is not a boolean.</summary>
    public const string NotBooleanSigned = " is not valid, so signatures are required; it takes yes or no";

    public string? OverlayOptions { get; private set; }

    public string OverlayOptionsOrigin { get; private set; } = "";

    /// <summary>Used only by the verb boot.</summary>
    public ClassSelection? Class { get; private set; }

    public static BootMergeFile Parse(ConfigurationSources sources, WarningLog warnings)
    {
        BootMergeFile values = new(warnings);
        foreach (SourceFile file in sources.InitramfsFiles)
            values.Take(file, fromInitramfs: true);
        foreach (SourceFile file in sources.Files)
            values.Take(file, fromInitramfs: false);
        return values;
    }

    private void Take(SourceFile file, bool fromInitramfs)
    {
        foreach (Assignment assignment in ConfigurationFile.Parse(file, Section, Keys, _warnings))
        {
            switch (assignment.Key)
            {
                case "NoExec":
                    NoExec = Boolean(assignment) ?? NoExec;
                    break;
                case "Fallback":
                    if (FallbackModes.TryParse(assignment.Value, out FallbackMode fallback))
                        Fallback = fallback;
                    else
                        Refuse(assignment, Words.Hint(assignment.Value, FallbackModes.Names));
                    break;
                case "Prune":
                    Prune = Boolean(assignment) ?? Prune;
                    break;
                case "RequireExtension":
                    TakeRequirement(assignment, fromInitramfs);
                    break;
                case "RouteEtc":
                    RouteEtc = Boolean(assignment) ?? RouteEtc;
                    break;
                case "RequireSigned":
                    TakeSigned(assignment, fromInitramfs);
                    break;
                case "OverlayOptions":
                    TakeOverlayOptions(assignment);
                    break;
                case "Class":
                    if (ClassSelections.TryParse(assignment.Value, out ClassSelection selection))
                        Class = selection;
                    else
                        Refuse(assignment, " (known: confext, sysext, all)");
                    break;
            }
        }
    }

    private bool? Boolean(Assignment assignment)
    {
        if (Words.TryParseBoolean(assignment.Value, out bool value))
            return value;
        Refuse(assignment, "; it takes yes or no");
        return null;
    }

    /// <summary>
    /// The root cannot revoke what the initramfs requires: an attacker may be able to write to the root.
    /// </summary>
    private void TakeSigned(Assignment assignment, bool fromInitramfs)
    {
        // Anyone who wrote something else wanted a limit.
        if (!Words.TryParseBoolean(assignment.Value, out bool isRequired))
        {
            isRequired = true;
            Warn(assignment, NotBooleanSigned);
        }

        RequireSigned = isRequired || _isSignedForGood;
        _isSignedForGood |= isRequired && fromInitramfs;
    }

    /// <summary>An empty value revokes what a weaker file required.</summary>
    private void TakeRequirement(Assignment assignment, bool fromInitramfs)
    {
        string[] names = assignment.Value.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        foreach (string name in names)
            if (name.Contains('/') || !ExtensionName.IsValid(name))
            {
                Refuse(assignment, "; it takes the name of an extension, or several, not a path");
                return;
            }

        RequireExtension = names;
        RequiredByInitramfs = fromInitramfs && names.Length > 0;
    }

    /// <summary>An empty value restores the defaults.</summary>
    private void TakeOverlayOptions(Assignment assignment)
    {
        if (Configuration.OverlayOptions.ReasonToRefuse(assignment.Value) is string reason)
        {
            Refuse(assignment, ": " + reason);
            return;
        }

        OverlayOptions = assignment.Value.Length == 0 ? null : assignment.Value;
        OverlayOptionsOrigin = assignment.Origin;
    }

    private void Refuse(Assignment assignment, string why) => Warn(assignment, " is not valid, ignored" + why);

    private void Warn(Assignment assignment, string what) =>
        _warnings.Add(assignment.Origin, assignment.Key + "=" + Words.Shown(assignment.Value) + what);
}
