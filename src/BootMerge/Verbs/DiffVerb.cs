using System.Collections.Generic;
using BootMerge.Changes;
using BootMerge.CommandLine;
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
        JsonFormat json = session.Settings.Json;
        if (json != JsonFormat.Off)
            Output.Write("[");
        int count = 0;
        foreach (ChangedTree tree in trees.Trees)
        {
            if (!HierarchyPaths.IsWanted(only, tree.Hierarchy))
                continue;
            DiffReport report = new(tree.Hierarchy, json, session.Settings.WithContent, session.Settings.Legend, isFirst: count == 0);
            new DiffWalk(tree, comparison, only, shadowed, report).Run();
            report.Flush();
            count += report.Count;
        }

        if (json != JsonFormat.Off)
            Output.Write(json == JsonFormat.Pretty && count > 0 ? "\n]\n" : "]\n");
        foreach (LeftAlone left in trees.WithoutUpper)
            if (HierarchyPaths.IsWanted(only, left.Hierarchy))
                session.Log.Info("Nothing to compare in " + left.Hierarchy + ": " + left.Reason + ".");
        session.ExitStatus = count > 0 && session.Settings.ExitCode ? 1 : 0;
    }
}
