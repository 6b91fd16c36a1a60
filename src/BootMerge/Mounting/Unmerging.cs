using System.Collections.Generic;
using BootMerge.Configuration;
using BootMerge.Linux;
using BootMerge.Markers;
using BootMerge.Planning;
using BootMerge.Reporting;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>Takes merges away, all or none.</summary>
internal static class Unmerging
{
    /// <param name="merges">The topmost merge of each hierarchy; those below them go too.</param>
    public static void Run(Root root, IReadOnlyList<ExistingMerge> merges, Log log)
    {
        foreach (ExistingMerge merge in merges)
            CheckWorkDirectory(root, merge);

        List<Replaced> taken = [];
        Undo undo = new(log);
        try
        {
            foreach (ExistingMerge merge in merges)
                for (ExistingMerge? top = merge; top is not null; top = ExistingMerge.Find(root, merge.Class, merge.Hierarchy))
                    TakeAway(root, top, taken, undo, log);
        }
        catch
        {
            undo.Run();
            foreach (Replaced old in taken)
                old.Dispose();
            throw;
        }

        undo.Forget();
        foreach (Replaced old in taken)
        {
            old.RemoveRest(root, [], log);
            old.Dispose();
        }
    }

    /// <summary>Takes one merge away; what is mounted under it is seen in its place afterwards.</summary>
    /// <param name="taken">Gets what can put it back.</param>
    public static void TakeAway(Root root, ExistingMerge merge, List<Replaced> taken, Undo undo, Log log)
    {
        CheckWorkDirectory(root, merge);
        string target = root.Outside(merge.Hierarchy);
        Replaced old = Replaced.Take(root, merge);
        taken.Add(old);
        Submounts submounts = Submounts.Copy(old.Top, merge.Class.MarkerName);
        undo.Hold(submounts);

        // Put where they will be seen before the merge goes: at no time are they missing, not even after a kill.
        using SafeFileHandle? hidden = submounts.Mounts.Count == 0 ? null : HiddenDirectory.TryOpen(root, merge.Hierarchy);
        if (hidden is not null)
            submounts.Restore(hidden, target, undo, log);
        old.Detach(target);
        undo.Add(() => old.PutBack(root));
        if (hidden is not null || submounts.Mounts.Count == 0)
            return;
        using SafeFileHandle uncovered = root.OpenAt(merge.Hierarchy, Sys.O_PATH | Sys.O_DIRECTORY);
        submounts.Restore(uncovered, target, undo, log);
    }

    /// <summary>
    /// A refresh that was killed after the new stack was slid under the old one left both, complete: the old one goes,
    /// and the new one shows.
    /// </summary>
    public static void DropInterrupted(Root root, IReadOnlyList<ClassSettings> classes, Log log)
    {
        foreach (ExistingMerge merge in ExistingMerge.FindAll(root, classes))
        {
            if (!HasMergeBelow(root, merge))
                continue;
            log.Warning("An interrupted refresh left two merges on '" + root.Outside(merge.Hierarchy) + "': dropping the older one.");
            using SafeFileHandle top = root.OpenAt(merge.Hierarchy, Sys.O_PATH | Sys.O_DIRECTORY);
            Sys.Detach(top, root.Outside(merge.Hierarchy));
        }
    }

    private static bool HasMergeBelow(Root root, ExistingMerge merge)
    {
        using (SafeFileHandle top = root.OpenAt(merge.Hierarchy, Sys.O_PATH | Sys.O_DIRECTORY))
        {
            MountTable table = MountTable.Read();
            if (table.ById(Sys.MountNumber(top)) is not Mount mount || table.ById(mount.ParentId) is not { Type: "overlay" } below || below.Path != mount.Path)
                return false;
        }

        // Whose overlay that is only its marker tells, and that can be read only once the upper one is away.
        string path = Sys.PathOf(root.Handle);
        using PrivateView view = PrivateView.Enter();
        using Root copy = Root.Open(path);
        using (SafeFileHandle top = copy.OpenAt(merge.Hierarchy, Sys.O_PATH | Sys.O_DIRECTORY))
            Sys.Detach(top, merge.Hierarchy);
        return ExistingMerge.Find(copy, merge.Class, merge.Hierarchy) is not null;
    }

    /// <summary>The marker's workdir is removed with the merge: a path that could be something else is refused.</summary>
    private static void CheckWorkDirectory(Root root, ExistingMerge merge)
    {
        if (merge.Marker.WorkDirectory is not string path)
            return;
        bool isSafe = Marker.IsSafeRelativePath(path) && WorkDirectory.IsName(WorkDirectory.Name(path));
        if (!isSafe)
            throw new InputException("the marker of " + PathText.Printable(root.Outside(merge.Hierarchy)) + " names '" + PathText.Printable(path)
                + "' as workdir, which is no path of a workdir inside the root: nothing is removed or unmounted");
    }
}
