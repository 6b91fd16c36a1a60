using System.Collections.Generic;
using BootMerge.CommandLine;
using BootMerge.Json;

namespace BootMerge.Configuration;

/// <summary>What the command line, the files, the environment and the kernel command line mean together.</summary>
internal sealed class Settings
{
    public required Verb Verb { get; init; }

    /// <summary>Called as systemd-confext or systemd-sysext: what is printed is what these print.</summary>
    public bool IsDropIn { get; init; }

    /// <summary>The extensions that list or check is asked for, or the paths of another verb; none: all.</summary>
    public List<string> Names { get; init; } = [];

    /// <summary>As typed.</summary>
    public required string RootPath { get; init; }

    /// <summary>Those to work on, confext first.</summary>
    public required List<ClassSettings> Classes { get; init; }

    public required Switches Switches { get; init; }

    public required bool AlwaysRefresh { get; init; }

    public required JsonFormat Json { get; init; }

    /// <summary>reset --all: patterns of what stays.</summary>
    public List<string> Keep { get; init; } = [];

    /// <summary>Whether the boot stage prunes.</summary>
    public bool Prune { get; init; }

    /// <summary>The kernel command line tells the boot stage not to.</summary>
    public bool PruneSwitchedOff { get; init; }

    /// <summary>
    /// What extensions are compared with, inside the root, in place of the usual os-release; or null.
    /// </summary>
    public string? OsRelease { get; init; }

    /// <summary>--root= was given: the root is not the system that this program runs in.</summary>
    public required bool IsElsewhere { get; init; }

    /// <summary>The root is this system's own by default, not by option, and nobody said --no-reload.</summary>
    public required bool MayAskManager { get; init; }

    public required FallbackMode Fallback { get; init; }

    /// <summary>The boot stage fails unless one of these extensions is merged; none: nothing is required.</summary>
    public required string[] RequireExtension { get; init; }

    /// <summary>
    /// The initramfs's own file requires it, not the root's: one initramfs serves systems with and without the vendor's
    /// defaults, so it is required only where these exist, or an extension of such a name.
    /// </summary>
    public required bool IsRequirementOfInitramfs { get; init; }

    /// <summary>Whether the boot stage routes writes to the machine's own /etc where nothing says otherwise.</summary>
    public required bool RouteEtc { get; init; }

    /// <summary>What asked the boot stage to leave everything alone, for the log; null when nothing did.</summary>
    public required string? SwitchedOffBy { get; init; }

    public bool SwitchedOff => SwitchedOffBy is not null;

    public bool Has(Switches one) => (Switches & one) != Switches.None;

    /// <summary>Log each step.</summary>
    public required bool Debug { get; init; }

    /// <summary>Settings that were ignored: where, what, and what would be right; a line each.</summary>
    public required List<string> Warnings { get; init; }
}

internal sealed class ClassSettings
{
    public required ExtensionClass Class { get; init; }

    public required MutableMode Mode { get; init; }

    /// <summary>Who chose the mode, for messages: "/etc/systemd/confext.conf:2", "option --mutable".</summary>
    public required string ModeOrigin { get; init; }

    /// <summary>Nobody has chosen the mode: a refresh keeps the one of the merge that is there.</summary>
    public bool KeepsMode { get; init; }

    /// <summary>The same of <see cref="NoExec"/>, which perhaps only the initramfs's own file had chosen.</summary>
    public bool KeepsNoExec { get; init; }

    /// <summary>Under systemd's names hierarchies that no extension fills are merged in mode auto, too.</summary>
    public bool IsDropIn { get; init; }

    /// <summary>
    /// In mode auto, where nothing is routed at all, the marker speaks of mode no: systemd's refresh in auto fails at
    /// an empty hierarchy, and takes the others away.
    /// </summary>
    public bool RecordsUnroutedAsNo { get; init; }

    /// <summary>What systemd-confext of that system will use when called without options.</summary>
    public required MutableMode SystemdMode { get; init; }

    /// <summary>Absolute, normalised.</summary>
    public required string[] Hierarchies { get; init; }

    /// <summary>null: <see cref="ImagePolicy.BuiltIn"/>.</summary>
    public ImagePolicy? ImagePolicy { get; init; }

    public required bool NoExec { get; init; }

    /// <summary>In place of the default overlay options, "key=value,key"; null: the defaults.</summary>
    public required string? OverlayOptions { get; init; }

    /// <summary>Who chose them, for messages.</summary>
    public required string OverlayOptionsOrigin { get; init; }

    /// <summary>What asked the boot stage to leave this class alone; null when nothing did.</summary>
    public required string? SwitchedOffBy { get; init; }

    /// <summary>Whether the import modes work on a self-routed hierarchy, or fail with ELOOP as in systemd.</summary>
    public required bool ImportSelf { get; init; }

    public bool SwitchedOff => SwitchedOffBy is not null;

    /// <summary>The same with another mode: the one that something was merged in.</summary>
    /// <param name="isNoExec">Whether it was.</param>
    /// <param name="recordsUnroutedAsNo">See <see cref="RecordsUnroutedAsNo"/>.</param>
    public ClassSettings InMode(MutableMode mode, bool isNoExec, bool recordsUnroutedAsNo) =>
        With(mode, "the merge", OverlayOptions, isNoExec, recordsUnroutedAsNo);

    public ClassSettings InNoExec(bool isNoExec) =>
        With(Mode, ModeOrigin, OverlayOptions, isNoExec, RecordsUnroutedAsNo);

    /// <summary>
    /// The same with another mode, in which the hierarchies themselves are imported, and with the default options: the
    /// configured ones may be why nothing else worked.
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
