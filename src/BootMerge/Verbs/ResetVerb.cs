using System.Collections.Generic;
using BootMerge.Changes;
using BootMerge.CommandLine;
using BootMerge.Configuration;
using BootMerge.Json;
using BootMerge.Linux;
using BootMerge.Mounting;
using BootMerge.Planning;
using BootMerge.Reporting;
using BootMerge.Sessions;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Verbs;

/// <summary>reset: makes paths show the layers below again, and keeps a copy of what the machine had there.</summary>
internal static class ResetVerb
{
    public static void Run(Session session)
    {
        Settings settings = session.Settings;
        using SafeFileHandle? turn = session.TakeTurn(settings.Classes);
        session.Watch("nothing is reset");
        using ChangedTrees trees = ChangedTrees.Open(session);
        List<HierarchyPath> paths = HierarchyPaths.Of(session, trees);
        foreach (HierarchyPath path in paths)
            if (path.Inside.Length == 0)
                throw new InputException(path.ToString() + " is the whole hierarchy: use --all");
        List<ResetList> lists = [];
        foreach (ChangedTree tree in trees.Trees)
        {
            if (!settings.Has(Switches.All) && !HierarchyPaths.IsWanted(paths, tree.Hierarchy))
                continue;
            if (!settings.Has(Switches.DryRun) || tree.IsWhole)
                CheckWritable(tree);
            lists.Add(new ResetList(tree));
        }

        if (settings.Has(Switches.All))
            AddAll(session, trees, lists);
        foreach (HierarchyPath path in paths)
            Add(session, trees, lists, path);
        foreach (ResetList list in lists)
        {
            list.CheckMoved();
            list.CheckRemovable();
        }

        if (!lists.Exists(static list => list.Paths.Count > 0))
        {
            session.Log.Info("Nothing is reset.");
            return;
        }

        ListOutput output = new(JsonFormat.Off, settings.Has(Switches.DryRun) ? null : session.Log);
        try
        {
            if (settings.Has(Switches.DryRun))
                Show(lists, output);
            else
                GiveBack(session, lists, output);
        }
        finally
        {
            // Also if it ends early.
            output.Finish();
        }

        if (output.HasFailed)
            session.ExitStatus = 1;
    }

    private static void Show(List<ResetList> lists, ListOutput output)
    {
        foreach (ResetList list in lists)
            foreach (string path in list.Paths)
                output.Add("would reset " + Text(list, path) + "\n");
    }

    private static string Text(ResetList list, string path) =>
        PathText.Printable(list.Tree.Hierarchy + path.TrimEnd('/'))
            + (path.EndsWith('/') ? ", only its opaque mark" : "");

    private static void AddAll(Session session, ChangedTrees trees, List<ResetList> lists)
    {
        foreach (SkippedHierarchy left in trees.WithoutUpper)
            session.Log.Info("Nothing to reset in " + left.Hierarchy + ": " + left.Reason + ".");
        List<string> keep = session.Settings.Keep;
        bool[] used = new bool[keep.Count];
        foreach (ResetList list in lists)
        {
            list.AddAll(keep, used);
            foreach (string mount in list.Tree.MountedUpon)
                session.Log.Info(PathText.Printable(list.Tree.Hierarchy + mount)
                    + " stays: something is mounted there.");
        }

        for (int i = 0; i < used.Length; i++)
            if (!used[i])
                session.Log.Warning("--keep=" + keep[i] + " matches none of the machine's files.");
    }

    private static void Add(Session session, ChangedTrees trees, List<ResetList> lists, HierarchyPath path)
    {
        ResetList? list = lists.Find(list => list.Tree.Hierarchy == path.Hierarchy);
        if (list is null)
            throw new InputException(path.ToString() + " cannot be reset: in " + path.Hierarchy
                + " none of the machine's files are above another layer, "
                + (trees.WithoutUpper.Find(left => left.Hierarchy == path.Hierarchy)?.Reason ?? "there is none"));
        if (!list.Add(path.Inside))
            session.Log.Info(path.ToString() + " is as the layers below have it: nothing to reset.");
    }

    /// <summary>The copy is complete and on the disk before the first file is removed.</summary>
    private static void GiveBack(Session session, List<ResetList> lists, ListOutput output)
    {
        foreach (ResetList list in lists)
            if (list.Tree.Merged is null && list.Paths.Count > 0
                && CopyOrigins.Remove(list.Tree.Upper) is string problem)
                throw new InputException("nothing is reset, because two files could then be seen as one in "
                + PathText.Printable(list.Tree.Hierarchy) + ": " + problem);

        KnownFiles known = new();
        if (session.Settings.Has(Switches.NoBackup))
            foreach (ResetList list in lists)
                list.Know(known);
        else
            Keep(session, lists, known);

        session.Watch(Progress.RunAgain);
        ResetReport report = new(session.Log);
        bool hasCopied = false;
        int all = 0;
        int done = 0;
        foreach (ResetList list in lists)
            all += list.Paths.Count;
        try
        {
            foreach (ResetList list in lists)
            {
                MergedReset? merged = list.Tree.Merged is null
                    ? null : new MergedReset(list.Tree, known, report, session.Log);
                KnownRemoval removal = new(known, isMerged: false, report);
                foreach (string path in list.Paths)
                {
                    bool isDone = merged is null ? list.GiveBack(path, removal) : merged.GiveBack(path);
                    if (isDone || !report.Has(list.Tree.Hierarchy + path))
                        output.Add("reset " + Text(list, path) + (isDone ? "\n" : ", except what stays\n"));
                    hasCopied |= merged is { HasCopied: true };
                    done++;
                }
            }
        }
        finally
        {
            if (done < all)
                session.Log.Info("reset: " + done.ToString() + " of " + all.ToString() + " paths are done.");
            if (hasCopied)
                session.Log.Info("Restored. But the merge keeps copies of these files on top, which hide updates: the "
                    + "next boot with Prune=yes removes them, if no update comes first, except in directories that had "
                    + "been deleted or replaced. At once: 'bootmerge unmerge', 'prune --opaque', 'merge'.");
        }

        if (report.IsEmpty)
            return;
        session.Log.Error("Not everything is reset: what was added or changed meanwhile stays. Run reset again to "
            + "reset that, too.");
        session.ExitStatus = 1;
    }

    private static void Keep(Session session, List<ResetList> lists, KnownFiles known)
    {
        using Backup backup = Backup.Begin(session.Root, known, session.Log);
        foreach (ResetList list in lists)
            foreach (string path in list.Paths)
                if (!path.EndsWith('/'))
                    backup.Add(list.Tree, path);
        string copy = session.Root.Outside(backup.Finish());
        ResetList some = lists.Find(static list => list.Paths.Count > 0)!;
        string first = some.Tree.Hierarchy + some.Paths[0].TrimEnd('/');
        session.Log.Info("The machine's version is kept in " + copy + ". To take it back: cp -a "
            + CText.ForShell(copy + first) + " " + CText.ForShell(session.Root.Outside(PathName.Parent(first)) + "/"));
    }

    /// <summary>Changes to a merged hierarchy go through the merge.</summary>
    private static void CheckWritable(ChangedTree tree)
    {
        string hierarchy = PathText.Printable(tree.Hierarchy);
        if (tree.IsWhole)
            throw new InputException("writes to " + hierarchy
                + " are in memory: 'unmerge' or a reboot resets all of them");
        if (tree.Merged is null)
            tree.CheckNotMerged();
        else if (Sys.IsReadOnly(tree.Merged))
            throw new InputException(hierarchy + " is merged read-only: unmerge it first");
    }
}
