using System;
using System.Collections.Generic;
using BootMerge.Configuration;
using BootMerge.Linux;
using BootMerge.Markers;
using CommunityToolkit.HighPerformance;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>A merge, ours or systemd's, that is seen on a hierarchy.</summary>
/// <param name="isNoExec">Its mount is.</param>
internal sealed class ExistingMerge(ExtensionClass extensionClass, string hierarchy, Marker marker, bool isNoExec)
{
    public ExtensionClass Class { get; } = extensionClass;

    public string Hierarchy { get; } = hierarchy;

    public Marker Marker { get; } = marker;

    /// <summary>
    /// A fallback of the boot stage: the hierarchy itself is imported, whatever the routing entry says.
    /// </summary>
    public bool IsFallback => MutableModes.TryParse(Marker.Mode ?? "", out MutableMode mode)
        && MutableModes.Imports(mode);

    public bool IsMountedNoExec => isNoExec;

    /// <summary>The mode that its origin speaks of; null when that does not say.</summary>
    public MutableMode? RecordedMode => Origin.ModeOf(Marker.Origin);

    /// <summary>For a refresh: what is not configured stays as it is.</summary>
    public ClassSettings KeepUnchosen(ClassSettings settings) =>
        settings.KeepsMode ? Keep(settings) : settings.InNoExec(IsNoExec(settings));

    /// <summary>The settings with which it would be made again.</summary>
    public ClassSettings Keep(ClassSettings settings)
    {
        bool isOwn = MutableModes.TryParse(Marker.Mode ?? "", out MutableMode mode);
        return IsFallback
            ? settings.SelfImporting(mode, IsNoExec(settings))
            : settings.InMode(isOwn ? mode : RecordedMode ?? settings.Mode, IsNoExec(settings),
            recordsUnroutedAsNo: isOwn);
    }

    /// <summary>
    /// Not what was made of "exec" or "noexec" among overlay options: these hold as long as they are given.
    /// </summary>
    private bool IsNoExec(ClassSettings settings)
    {
        foreach (ReadOnlySpan<char> option in Origin.MountOptionsOf(Marker.Origin).AsSpan().Tokenize(','))
            if (option is "exec" or "noexec")
                return settings.NoExec;
        return isNoExec;
    }

    /// <summary>The topmost merge of each hierarchy of these classes that has one.</summary>
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
