using System.Collections.Generic;
using BootMerge.Changes;
using BootMerge.CommandLine;
using BootMerge.Planning;
using BootMerge.Reporting;
using BootMerge.Sessions;

namespace BootMerge.Verbs;

/// <summary>diff: how the machine's files differ from the layers below, as merged, or as merge would merge.</summary>
internal static class DiffVerb
{
    public static void Run(Session session)
    {
        session.Watch("the list is not complete");
        ShadowedRecord shadowed = ShadowedRecord.Read(session.Root, session.Log);
        using ChangedTrees trees = ChangedTrees.Open(session, withAll: true, isReading: true);
        List<HierarchyPath> paths = HierarchyPaths.Of(session, trees);
        List<HierarchyPath> missing = paths.FindAll(path => trees.Find(path.Hierarchy) is not ChangedTree tree
            || Explanation.Of(tree, path.Inside, shadowed).Count == 0);
        Comparison comparison = new(session.Settings.Has(Switches.WithLabels));
        ListOutput list = new(session.Settings.Json);
        foreach (ChangedTree tree in trees.Trees)
        {
            List<string> only = paths.FindAll(path => path.Hierarchy == tree.Hierarchy
                && !missing.Exists(other => other == path)).ConvertAll(static path => path.Inside);
            if (paths.Count == 0 || only.Count > 0)
                new DiffWalk(tree, comparison, only, shadowed,
                    new DiffReport(tree.Hierarchy, list, session.Settings)).Run();
        }

        list.Finish();
        foreach (SkippedHierarchy left in trees.WithoutUpper)
            if (HierarchyPaths.IsWanted(paths, left.Hierarchy))
                session.Log.Info("Nothing to compare in " + left.Hierarchy + ": " + left.Reason + ".");
        if (missing.Count > 0)
            throw HierarchyPaths.Missing(missing);
        session.ExitStatus = list.Count > 0 && session.Settings.Has(Switches.ExitCode) ? 1 : 0;
    }
}
