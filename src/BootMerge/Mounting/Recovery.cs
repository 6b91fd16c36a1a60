using System;
using System.Collections.Generic;
using BootMerge.Configuration;
using BootMerge.Linux;
using BootMerge.Markers;
using BootMerge.Planning;
using BootMerge.Reporting;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>
/// Cleans up after a killed command. The mounts show what it did, and the journal names what else may be left. After a
/// power cut neither exists: then only workdirs can be left, and the next merge removes those beside its upperdir.
/// </summary>
internal static class Recovery
{
    /// <param name="classes">Their hierarchies are looked at too, not only those in the journal.</param>
    /// <param name="isMerge">A merge that was not completed is undone; so is the rest of one that was being
    /// undone.</param>
    public static void Run(Root root, Journal journal, List<ClassSettings> classes, bool isMerge, Log log)
    {
        foreach (ClassSettings settings in classes)
            foreach (string hierarchy in settings.Hierarchies)
                DropOlder(root, settings.Class, hierarchy, log);
        if (journal.Left.Count == 0)
            return;

        log.Warning("An earlier bootmerge was interrupted on " + root.Path + ": cleaning up what it has left.");
        foreach (JournalEntry entry in Of(journal, Journal.Stack))
            DropOlder(root, entry.Class, entry.Hierarchy, log);
        if (isMerge)
            TakeUnfinishedAway(root, journal, log);
        RemoveWorkDirectories(root, journal, log);
        RemoveDirectories(root, journal, log);
        journal.Clear();
    }

    private static List<JournalEntry> Of(Journal journal, string kind) =>
        journal.Left.FindAll(entry => entry.Kind == kind);

    /// <summary>
    /// A refresh that was killed after it attached the new merge beneath the old one left both, complete. The old one
    /// is removed, and the new one becomes visible.
    /// </summary>
    private static void DropOlder(Root root, ExtensionClass extensionClass, string hierarchy, Log log)
    {
        if (ExistingMerge.Find(root, extensionClass, hierarchy) is not ExistingMerge merge
            || !HasMergeBelow(root, merge))
            return;
        log.Warning("An interrupted refresh left two merges on '" + root.Outside(hierarchy)
            + "': removing the older one.");
        using SafeFileHandle top = root.OpenAt(hierarchy, Sys.O_PATH | Sys.O_DIRECTORY);
        Sys.Detach(top, root.Outside(hierarchy));
    }

    private static bool HasMergeBelow(Root root, ExistingMerge merge)
    {
        using (SafeFileHandle top = root.OpenAt(merge.Hierarchy, Sys.O_PATH | Sys.O_DIRECTORY))
        {
            MountTable table = MountTable.Read();
            if (table.ById(Sys.MountNumber(top)) is not Mount mount
                || table.ById(mount.ParentId) is not { Type: "overlay" } below || below.Path != mount.Path)
                return false;
        }

        // Only its marker says whose overlay that is, and the marker can be read only after the upper one is detached.
        using PrivateRoot copy = PrivateRoot.Enter(root);
        using (SafeFileHandle top = copy.Root.OpenAt(merge.Hierarchy, Sys.O_PATH | Sys.O_DIRECTORY))
            Sys.Detach(top, merge.Hierarchy);
        return ExistingMerge.Find(copy.Root, merge.Class, merge.Hierarchy) is not null;
    }

    private static void TakeUnfinishedAway(Root root, Journal journal, Log log)
    {
        List<ExistingMerge> unfinished = [];
        foreach (JournalEntry entry in Of(journal, Journal.Mount))
        {
            if (ExistingMerge.Find(root, entry.Class, entry.Hierarchy) is not ExistingMerge merge)
                continue;
            using SafeFileHandle top = root.OpenAt(entry.Hierarchy, Sys.O_PATH | Sys.O_DIRECTORY);
            if (Sys.Status(top).UniqueMountId.ToString() != entry.Value)
                continue;
            log.Warning("The merge of '" + root.Outside(entry.Hierarchy) + "' was interrupted: undoing it.");
            unfinished.Add(merge);
        }

        // If this is killed too, the journal still holds: it is neither added to nor emptied.
        MergeRemoval.Run(root, unfinished, Journal.Open(null, log), log);
    }

    private static void RemoveWorkDirectories(Root root, Journal journal, Log log)
    {
        List<string> inUse = [];
        foreach (JournalEntry entry in Of(journal, Journal.Stack))
            if (ExistingMerge.Find(root, entry.Class, entry.Hierarchy)?.Marker.WorkDirectory is string workDirectory)
                inUse.Add("/" + workDirectory);
        foreach (JournalEntry entry in Of(journal, Journal.WorkDirectory))
            if (!inUse.Has(entry.Value))
                Try(() => Directories.RemoveWorkDirectory(root, entry.Value), log);
    }

    /// <summary>Removes only empty directories, and only if there is no merge that may use them.</summary>
    private static void RemoveDirectories(Root root, Journal journal, Log log)
    {
        foreach (JournalEntry entry in Of(journal, Journal.Stack))
            if (ExistingMerge.Find(root, entry.Class, entry.Hierarchy) is not null)
                return;
        List<JournalEntry> made = Of(journal, Journal.Directory);
        for (int i = made.Count - 1; i >= 0; i--)
        {
            string path = made[i].Value;
            Try(() => Directories.RemoveEmpty(root, path), log);
        }
    }

    // What stays behind does no harm: the next command matters more.
    private static void Try(Action step, Log log)
    {
        try
        {
            step();
        }
        catch (KernelException e) when (e.Errno is Errno.ENOTEMPTY or Errno.ENOENT)
        {
            log.Debug("Left as it is: " + e.Message);
        }
        catch (KernelException e)
        {
            log.Warning("Something that an interrupted bootmerge has left cannot be removed: " + e.Message);
        }
    }
}
