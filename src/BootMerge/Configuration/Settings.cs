using System.Collections.Generic;
using BootMerge.CommandLine;
using BootMerge.Json;

namespace BootMerge.Configuration;

/// <summary>What the command line, the files, the environment and the kernel command line mean together.</summary>
internal sealed class Settings
{
    public required Verb Verb { get; init; }

    /// <summary>Called as systemd-confext or systemd-sysext: output is as theirs.</summary>
    public bool IsDropIn { get; init; }

    /// <summary>The extensions that list or check is asked for, or another verb's paths; empty: all.</summary>
    public List<string> Names { get; init; } = [];

    /// <summary>As typed.</summary>
    public required string RootPath { get; init; }

    /// <summary>The classes to work on, confext first.</summary>
    public required List<ClassSettings> Classes { get; init; }

    public required Switches Switches { get; init; }

    public required bool AlwaysRefresh { get; init; }

    /// <summary>--class was given.</summary>
    public required bool IsClassChosen { get; init; }

    public required JsonFormat Json { get; init; }

    /// <summary>reset --all: patterns of what to keep.</summary>
    public List<string> Keep { get; init; } = [];

    /// <summary>Whether the boot stage prunes.</summary>
    public bool Prune { get; init; }

    /// <summary>The kernel command line tells the boot stage not to prune.</summary>
    public bool PruneSwitchedOff { get; init; }

    /// <summary>The os-release file inside the root that extensions are compared with; null: the usual one.</summary>
    public string? OsRelease { get; init; }

    /// <summary>--root= was given: the root is not the system that this program runs in.</summary>
    public required bool IsElsewhere { get; init; }

    /// <summary>The root is this system's own by default, not by option, and --no-reload was not given.</summary>
    public required bool MayAskManager { get; init; }

    public required FallbackMode Fallback { get; init; }

    /// <summary>The boot stage fails unless one of these extensions is merged; empty: none is required.</summary>
    public required string[] RequireExtension { get; init; }

    /// <summary>
    /// Whether the requirement is from the initramfs's own file, not the root's. One initramfs serves systems with and
    /// without the vendor's defaults. So the extension is required only if these defaults exist, or an extension of
    /// that name.
    /// </summary>
    public required bool IsRequirementOfInitramfs { get; init; }

    /// <summary>Whether the boot stage routes writes to the machine's own /etc if no entry says otherwise.</summary>
    public required bool RouteEtc { get; init; }

    /// <summary>What told the boot stage to do nothing, for the log; null if nothing did.</summary>
    public required string? SwitchedOffBy { get; init; }

    public bool SwitchedOff => SwitchedOffBy is not null;

    public bool Has(Switches one) => (Switches & one) != Switches.None;

    /// <summary>Log each step.</summary>
    public required bool Debug { get; init; }

    /// <summary>Settings that were ignored: where, what, and what would be right; one line each.</summary>
    public required List<string> Warnings { get; init; }
}

internal sealed class ClassSettings
{
    public required ExtensionClass Class { get; init; }

    public required MutableMode Mode { get; init; }

    /// <summary>What set the mode, for messages: "/etc/systemd/confext.conf:2", "option --mutable".</summary>
    public required string ModeOrigin { get; init; }

    /// <summary>No mode was configured: a refresh keeps the existing merge's.</summary>
    public bool KeepsMode { get; init; }

    /// <summary>The same for <see cref="NoExec"/>, which perhaps only the initramfs's own file had set.</summary>
    public bool KeepsNoExec { get; init; }

    /// <summary>Under systemd's names, mode auto also merges hierarchies that no extension fills.</summary>
    public bool IsDropIn { get; init; }

    /// <summary>
    /// In mode auto, if nothing is routed at all, the marker states mode no: systemd's refresh in mode auto fails at an
    /// empty hierarchy, and unmerges the others.
    /// </summary>
    public bool RecordsUnroutedAsNo { get; init; }

    /// <summary>What that system's systemd-confext uses when called without options.</summary>
    public required MutableMode SystemdMode { get; init; }

    /// <summary>Absolute, normalised.</summary>
    public required string[] Hierarchies { get; init; }

    /// <summary>null: <see cref="ImagePolicy.BuiltIn"/>.</summary>
    public ImagePolicy? ImagePolicy { get; init; }

    public required bool NoExec { get; init; }

    /// <summary>Replaces the default overlay options, "key=value,key"; null: the defaults.</summary>
    public required string? OverlayOptions { get; init; }

    /// <summary>What set them, for messages.</summary>
    public required string OverlayOptionsOrigin { get; init; }

    /// <summary>What told the boot stage to leave this class alone; null if nothing did.</summary>
    public required string? SwitchedOffBy { get; init; }

    /// <summary>Whether the import modes work on a self-routed hierarchy, or fail with ELOOP as in systemd.</summary>
    public required bool ImportSelf { get; init; }

    public bool SwitchedOff => SwitchedOffBy is not null;

    /// <summary>The same settings with another mode: the one that an existing merge has.</summary>
    /// <param name="isNoExec">Whether that merge is noexec.</param>
    /// <param name="recordsUnroutedAsNo">See <see cref="RecordsUnroutedAsNo"/>.</param>
    public ClassSettings InMode(MutableMode mode, bool isNoExec, bool recordsUnroutedAsNo) =>
        With(mode, "the merge", OverlayOptions, isNoExec, recordsUnroutedAsNo);

    public ClassSettings InNoExec(bool isNoExec) =>
        With(Mode, ModeOrigin, OverlayOptions, isNoExec, RecordsUnroutedAsNo);

    /// <summary>
    /// The same settings with another mode, which imports the hierarchies themselves, and with the default overlay
    /// options: the configured ones may be why nothing else worked.
    /// </summary>
    public ClassSettings SelfImporting(MutableMode mode) => SelfImporting(mode, NoExec);

    public ClassSettings SelfImporting(MutableMode mode, bool isNoExec) =>
        With(mode, "the fallback", overlayOptions: null, isNoExec, RecordsUnroutedAsNo);

    private ClassSettings With(MutableMode mode, string modeOrigin, string? overlayOptions, bool isNoExec,
        bool recordsUnroutedAsNo) => new()
        {
            Class = Class,
            Mode = mode,
            ModeOrigin = modeOrigin,
            SystemdMode = SystemdMode,
            Hierarchies = Hierarchies,
            ImagePolicy = ImagePolicy,
            NoExec = KeepsNoExec ? isNoExec : NoExec,
            KeepsMode = KeepsMode,
            KeepsNoExec = KeepsNoExec,
            IsDropIn = IsDropIn,
            RecordsUnroutedAsNo = recordsUnroutedAsNo,
            OverlayOptions = overlayOptions,
            OverlayOptionsOrigin = OverlayOptionsOrigin,
            SwitchedOffBy = SwitchedOffBy,
            ImportSelf = true,
        };
}
