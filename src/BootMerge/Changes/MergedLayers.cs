using System;
using BootMerge.Configuration;
using BootMerge.Linux;
using BootMerge.Markers;
using BootMerge.Mounting;
using BootMerge.Planning;

namespace BootMerge.Changes;

/// <summary>
/// How the existing merge was made, judged by its marker and the mount table. The routing entry and the configuration
/// may have changed since.
/// </summary>
internal static class MergedLayers
{
    /// <summary>The class's settings at that time.</summary>
    /// <param name="mount">Of the merge.</param>
    public static ClassSettings Settings(ClassSettings settings, ExistingMerge merge, Mount? mount) =>
        merge.IsFallback || merge.RecordedMode is not null
            ? merge.Keep(settings)
            : settings.InMode(GuessedMode(settings.Mode, merge.Marker, mount), settings.NoExec,
            recordsUnroutedAsNo: false);

    /// <summary>The hierarchy with its routing at that time.</summary>
    /// <param name="seen">As it is now.</param>
    public static HierarchyState State(HierarchyState seen, ExistingMerge merge, Mount? mount)
    {
        // A fallback imports the hierarchy itself, whatever the routing entry says.
        if (merge.IsFallback)
            return seen.RoutedTo(seen.Path ?? seen.Hierarchy);
        if (merge.RecordedMode is not MutableMode mode)
            return seen.RoutedTo(GuessedUpper(merge.Marker, mount));
        // A marker does not say what is imported into memory.
        return mode == MutableMode.EphemeralImport ? seen
            : seen.RoutedTo(Origin.Mutable(merge.Marker.Origin)?.Get("mutableDirs")?.Get(seen.Hierarchy)?.Text);
    }

    // An older systemd writes no origin. If writes go to the disk, it has a workdir beside the upperdir.
    private static MutableMode GuessedMode(MutableMode configured, Marker marker, Mount? mount)
    {
        if (marker.WorkDirectory is not null)
            return MutableMode.Yes;
        if (Option(mount, "upperdir") is not null)
            return configured == MutableMode.EphemeralImport ? configured : MutableMode.Ephemeral;
        return configured == MutableMode.Import ? configured : MutableMode.No;
    }

    /// <summary>
    /// Inside the root. The mount table may have it under another path, from before the system switched to this root.
    /// </summary>
    private static string? GuessedUpper(Marker marker, Mount? mount)
    {
        if (marker.WorkDirectory is not string work || !Marker.IsSafeRelativePath(work)
            || Option(mount, "upperdir") is not string upper)
            return null;
        work = "/" + work;
        return PathName.Parent(work) + "/" + PathName.Last(upper);
    }

    private static string? Option(Mount? mount, string key)
    {
        foreach (string option in mount?.SuperOptions.Split(',') ?? [])
            if (option.StartsWith(key + "=/", StringComparison.Ordinal))
                return option[(key.Length + 1)..];
        return null;
    }
}
