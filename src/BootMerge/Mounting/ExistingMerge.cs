using System;
using System.Collections.Generic;
using BootMerge.Configuration;
using BootMerge.Linux;
using BootMerge.Markers;
using CommunityToolkit.HighPerformance;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>A merge, ours or systemd's, that is visible on a hierarchy.</summary>
/// <param name="isNoExec">Whether it is mounted noexec.</param>
internal sealed class ExistingMerge(ExtensionClass extensionClass, string hierarchy, Marker marker, bool isNoExec)
{
    public ExtensionClass Class { get; } = extensionClass;

    public string Hierarchy { get; } = hierarchy;

    public Marker Marker { get; } = marker;

    /// <summary>
    /// Whether it is a fallback of the boot stage, which imports the hierarchy itself whatever its routing entry says.
    /// </summary>
    public bool IsFallback => MutableModes.TryParse(Marker.Mode ?? "", out MutableMode mode)
        && MutableModes.Imports(mode);

    public bool IsMountedNoExec => isNoExec;

    /// <summary>The mode that its origin states; null if it states none.</summary>
    public MutableMode? RecordedMode => Origin.ModeOf(Marker.Origin);

    /// <summary>For a refresh: settings that are not configured stay as in this merge.</summary>
    public ClassSettings KeepUnchosen(ClassSettings settings) =>
        settings.KeepsMode ? Keep(settings) : settings.InNoExec(IsNoExec(settings));

    /// <summary>The settings that would make this merge again.</summary>
    public ClassSettings Keep(ClassSettings settings)
    {
        bool isOwn = MutableModes.TryParse(Marker.Mode ?? "", out MutableMode mode);
        return IsFallback
            ? settings.SelfImporting(mode, IsNoExec(settings))
            : settings.InMode(isOwn ? mode : RecordedMode ?? settings.Mode, IsNoExec(settings),
            recordsUnroutedAsNo: isOwn);
    }

    /// <summary>
    /// Whether a refresh keeps it noexec. "exec" or "noexec" among overlay options is not kept: it applies only while
    /// it is configured.
    /// </summary>
    private bool IsNoExec(ClassSettings settings)
    {
        foreach (ReadOnlySpan<char> option in Origin.MountOptionsOf(Marker.Origin).AsSpan().Tokenize(','))
            if (option is "exec" or "noexec")
                return settings.NoExec;
        return isNoExec;
    }

    /// <summary>The topmost merge on each hierarchy of these classes, where there is one.</summary>
    public static List<ExistingMerge> FindAll(Root root, List<ClassSettings> classes)
    {
        List<ExistingMerge> merges = [];
        foreach (ClassSettings settings in classes)
            foreach (string hierarchy in settings.Hierarchies)
                if (Find(root, settings.Class, hierarchy) is ExistingMerge merge)
                    merges.Add(merge);
        return merges;
    }

    public static ExistingMerge? Find(Root root, ExtensionClass extensionClass, string hierarchy)
    {
        using SafeFileHandle? handle = root.TryOpenDirectory(hierarchy);
        return handle is not null && MarkerDirectory.TryRead(handle, extensionClass) is Marker marker
            ? new ExistingMerge(extensionClass, hierarchy, marker, Sys.IsNoExec(handle))
            : null;
    }
}
