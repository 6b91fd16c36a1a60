using System;
using System.Collections.Generic;
using BootMerge.Changes;
using BootMerge.Json;
using BootMerge.Linux;
using BootMerge.Mounting;
using BootMerge.Planning;
using BootMerge.Sessions;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Verbs.Boot;

/// <summary>
/// What the boot stage does to the machine's own layer before it is merged. It undoes deletions that the vendor does
/// not want, removes opaque marks that hide nothing on purpose, prunes what equals the layers below, and records what
/// is below the rest. None of this fails a boot.
/// </summary>
internal static class CleanUp
{
    private const string Hierarchy = "/etc";
    private const string ListPath = "/usr/share/flatcar/etc-no-whiteouts";
    private const int ListLimit = 1 << 20;

    /// <summary>While one of these is deleted, nobody can log in, and users cannot be added.</summary>
    private static readonly string[] UserDatabases = ["passwd", "group", "shadow", "gshadow"];

    /// <param name="shadowed">Examines the same trees as they will be merged; null if nothing is to be
    /// recorded.</param>
    public static void Run(Session session, List<Selection> selections, ShadowedFiles? shadowed, BootReport report)
    {
        List<Selection> writing = selections.FindAll(static selection =>
            MutableModes.WritesToDisk(selection.Settings.Mode));
        if (writing.Count == 0)
            return;
        if (ExistingMerge.FindAll(session.Root, writing.ConvertAll(static selection => selection.Settings)).Count > 0)
        {
            session.Log.Debug("The machine's own files are not cleaned up: they are merged already.");
            return;
        }

        foreach (Selection selection in writing)
            if (selection.Settings.Class == ExtensionClass.Confext
                && Words.IndexOf(selection.Settings.Hierarchies, Hierarchy) >= 0)
                TakeBackDeletions(session, report);
        PruneAndRemember(session, writing, shadowed, report);
    }

    private static void TakeBackDeletions(Session session, BootReport report)
    {
        try
        {
            HierarchyState state = HierarchyLook.Of(session.Root, ExtensionClass.Confext, Hierarchy);
            if (state.AreMarksHidden || state.Routing is not
                {
                    Kind: RoutingKind.Self or RoutingKind.Directory,
                    Path: string path
                })
                return;
            using SafeFileHandle directory = session.Root.OpenAt(path, Sys.O_PATH | Sys.O_DIRECTORY);
            using SafeFileHandle upper = ChangedTrees.WithoutMounts(directory, path);
            if (Sys.IsOnOverlay(upper))
                return;
            foreach (string name in UserDatabases)
                TakeBack(session, upper, name, report);
            foreach (string line in ReadList(session.Root))
                TakeBack(session, upper, line, report);
        }
        catch (KernelException e)
        {
            session.Log.Warning("Not all deleted files of " + ListPath + " are restored: " + e.Message);
        }
        catch (InputException e)
        {
            session.Log.Warning("Not all deleted files of " + ListPath + " are restored: " + e.Message + ".");
        }

        report.Step(BootStep.Whiteouts);
    }

    private static string[] ReadList(Root root) => root.TryReadFile(ListPath, ListLimit) is byte[] text
        ? PathText.Decode(text).Split('\n') : [];

    /// <param name="path">"/etc/profile", or relative to /etc; anything but a whiteout stays.</param>
    private static void TakeBack(Session session, SafeFileHandle upper, string path, BootReport report)
    {
        if (path.StartsWith(Hierarchy + "/", StringComparison.Ordinal))
            path = path[(Hierarchy.Length + 1)..];
        path = path.Trim('/');
        string name = PathName.Last(path);
        if (name is "" or "." or "..")
            return;
        using SafeFileHandle? parent = Sys.TryOpenAt(
            upper, "./" + PathName.Parent(path), Sys.O_PATH | Sys.O_DIRECTORY | Sys.O_NOFOLLOW,
                Sys.RESOLVE_BENEATH | Sys.RESOLVE_NO_SYMLINKS, out _);
        if (parent is null || OverlayMark.TryStatus(parent, name) is not { IsWhiteout: true })
            return;
        // Once, before the first: it reads the whole layer. The merge reports what is left.
        if (report.Whiteouts.Count == 0)
            _ = CopyOrigins.Remove(upper);
        Sys.RemoveFile(parent, name);
        report.Whiteouts.Add(Hierarchy + "/" + path);
        session.Log.Info("Restored the deleted " + Hierarchy + "/" + path + ": the system needs it.");
    }

    private static void PruneAndRemember(Session session, List<Selection> selections, ShadowedFiles? shadowed,
        BootReport report)
    {
        bool isPruning = session.Settings.Prune && !session.Settings.PruneSwitchedOff;
        if (session.Settings.Prune && session.Settings.PruneSwitchedOff)
            session.Log.Info("Nothing is pruned: bootmerge.prune=0 on the kernel command line.");
        if (!isPruning && shadowed is null)
            return;
        string failure = isPruning ? "Pruning is incomplete: " : "The record of shadowed files is not written: ";
        bool isOpen = false;
        PruneReport pruned = new("removed", isListed: false, isDone: true, JsonFormat.Off, session.Log);
        try
        {
            using ChangedTrees trees = ChangedTrees.Open(session, selections);
            isOpen = true;
            foreach (ChangedTree tree in trees.Trees)
            {
                if (!PruneRules.IsWanted(session, tree))
                    continue;
                if (isPruning)
                    tree.CheckNotMerged();
                else if (tree.IsMerged || Sys.IsOnOverlay(tree.Upper))
                    continue;
                if (CopyOrigins.Remove(tree.Upper) is string problem)
                {
                    session.Log.Warning("Nothing is pruned, because two files could then be seen as one in "
                        + tree.Hierarchy + ": " + problem + ".");
                    continue;
                }

                if (shadowed is not null)
                    report.OpaqueMarks.AddAll(shadowed.TakeOffMarks(tree));
                if (isPruning)
                    new PruneWalk(tree, PruneRules.IsComplete(session, selections, tree), isDryRun: false,
                        withOpaque: false, pruned).Run();
            }

            if (isPruning)
                report.Step(BootStep.Prune);
            failure = "The record of shadowed files is not written: ";
            // Before the merge: if this is killed afterwards, the next boot stage finds everything done.
            shadowed?.Write(trees, selections, isRunning: false);
            report.Step(BootStep.Shadowed);
        }
        catch (KernelException e)
        {
            isOpen = true;
            session.Log.Warning(failure + e.Message);
        }
        catch (InputException e)
        {
            session.Log.Warning(failure + e.Message + ".");
        }
        catch (OutOfMemoryException)
        {
            session.Log.Warning(failure + "the machine's own tree is too large for bootmerge's memory limit.");
        }

        // A refused tree is refused for the merge as well: then the machine writes nothing.
        if (isOpen)
            shadowed?.RemoveUnlessWritten();
        if (!isPruning)
            return;
        report.Pruned = pruned.Counts();
        session.Log.Info("prune: removed " + pruned.Summary() + ".");
    }
}
