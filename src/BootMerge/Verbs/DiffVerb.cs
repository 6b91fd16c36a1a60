using System.Collections.Generic;
using BootMerge.Changes;
using BootMerge.Planning;
using BootMerge.Reporting;

namespace BootMerge.Verbs;

/// <summary>diff: how the machine's files differ from the layers below, as merged, or as merge would merge.</summary>
internal static class DiffVerb
{
    public static void Run(Session session)
    {
        List<string> only = HierarchyPaths.Of(session);
        ShadowedRecord shadowed = ShadowedRecord.Read(session.Root, session.Log);
        using ChangedTrees trees = ChangedTrees.Open(session, isReading: true);
        Comparison comparison = new(session.Settings.WithLabels);
        ListOutput list = new(session.Settings.Json);
        foreach (ChangedTree tree in trees.Trees)
            if (HierarchyPaths.IsWanted(only, tree.Hierarchy))
                new DiffWalk(tree, comparison, only, shadowed, new DiffReport(tree.Hierarchy, list, session.Settings.WithContent, session.Settings.Legend)).Run();
        list.Finish();
        foreach (LeftAlone left in trees.WithoutUpper)
            if (HierarchyPaths.IsWanted(only, left.Hierarchy))
                session.Log.Info("Nothing to compare in " + left.Hierarchy + ": " + left.Reason + ".");
        session.ExitStatus = list.Count > 0 && session.Settings.ExitCode ? 1 : 0;
    }
}
