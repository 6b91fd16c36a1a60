using System.Collections.Generic;
using BootMerge.Linux;
using BootMerge.Markers;
using BootMerge.Planning;
using BootMerge.Reporting;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>Removes merges, all or none.</summary>
internal static class MergeRemoval
{
    /// <param name="merges">The topmost merge of each hierarchy; those below them are removed too.</param>
    public static void Run(Root root, List<ExistingMerge> merges, Journal journal, Log log)
    {
        foreach (ExistingMerge merge in merges)
        {
            CheckWorkDirectory(root, merge);
            CheckSubmounts(root, merge);
            using SafeFileHandle top = root.OpenAt(merge.Hierarchy, Sys.O_PATH | Sys.O_DIRECTORY);
            journal.Add(Journal.Mount, merge.Class, merge.Hierarchy, Sys.Status(top).UniqueMountId.ToString());
        }

        List<ReplacedMerge> taken = [];
        Undo undo = new(log);
        try
        {
            foreach (ExistingMerge merge in merges)
                for (ExistingMerge? top = merge; top is not null; top =
                    ExistingMerge.Find(root, merge.Class, merge.Hierarchy))
                    TakeAway(root, top, taken, undo, journal);
        }
        catch
        {
            undo.Run();
            journal.Clear();
            foreach (ReplacedMerge old in taken)
                old.Dispose();
            throw;
        }

        undo.Forget();
        foreach (ReplacedMerge old in taken)
        {
            old.RemoveRest(root, [], log);
            old.Dispose();
        }

        journal.Clear();
    }

    /// <summary>Removes one merge; what is mounted under it becomes visible in its place.</summary>
    /// <param name="taken">Receives what can put the merge back.</param>
    public static void TakeAway(Root root, ExistingMerge merge, List<ReplacedMerge> taken, Undo undo, Journal journal)
    {
        CheckWorkDirectory(root, merge);
        string target = root.Outside(merge.Hierarchy);
        ReplacedMerge old = ReplacedMerge.Take(root, merge, journal);
        taken.Add(old);
        Submounts submounts = Submounts.Copy(old.Top, merge.Class.MarkerName);
        undo.Hold(submounts);

        // The copies go where they will be visible before the merge is removed: at no time are they missing, not even
        // after a kill.
        using SafeFileHandle? hidden = submounts.Mounts.Count == 0
            ? null : HiddenDirectory.TryOpen(root, merge.Hierarchy);
        if (hidden is not null)
            submounts.Restore(hidden, target, undo);
        old.Detach(target);
        undo.Add(() => old.PutBack(root));
        if (hidden is not null || submounts.Mounts.Count == 0)
            return;
        using SafeFileHandle uncovered = root.OpenAt(merge.Hierarchy, Sys.O_PATH | Sys.O_DIRECTORY);
        submounts.Restore(uncovered, target, undo);
    }

    /// <summary>If a mount would have no mount point without the merge, fails before anything is changed.</summary>
    private static void CheckSubmounts(Root root, ExistingMerge merge)
    {
        using SafeFileHandle top = root.OpenAt(merge.Hierarchy, Sys.O_PATH | Sys.O_DIRECTORY);
        using Submounts submounts = Submounts.Copy(top, merge.Class.MarkerName);
        submounts.Check();
        if (submounts.Mounts.Count == 0)
            return;
        using PrivateRoot unmerged = PrivateRoot.Enter(root);
        unmerged.TakeAway(merge.Class, merge.Hierarchy);
        using SafeFileHandle uncovered = unmerged.Root.OpenAt(merge.Hierarchy, Sys.O_PATH | Sys.O_DIRECTORY);
        submounts.CheckPlaces(uncovered, root.Outside(merge.Hierarchy));
    }

    /// <summary>
    /// The marker's workdir is removed together with the merge. So a path that may not be a workdir is refused.
    /// </summary>
    private static void CheckWorkDirectory(Root root, ExistingMerge merge)
    {
        if (merge.Marker.WorkDirectory is not string path)
            return;
        bool isSafe = Marker.IsSafeRelativePath(path) && WorkDirectory.IsName(PathName.Last(path));
        if (!isSafe)
            throw new InputException("the marker of " + PathText.Printable(root.Outside(merge.Hierarchy)) + " names '"
                + PathText.Printable(path)
                + "' as workdir, which is not the path of a workdir inside the root: nothing is removed or unmounted");
    }
}
