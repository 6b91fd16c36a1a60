using System.Collections.Generic;
using BootMerge.Changes;
using BootMerge.CommandLine;
using BootMerge.Configuration;
using BootMerge.Extensions;
using BootMerge.Json;
using BootMerge.Linux;
using BootMerge.Mounting;
using BootMerge.Planning;
using BootMerge.Reporting;
using BootMerge.Sessions;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Verbs;

/// <summary>
/// prune: removes from the machine's layer what equals the layers below, so that their updates show again.
/// </summary>
internal static class PruneVerb
{
    public static void Run(Session session)
    {
        Settings settings = session.Settings;
        using SafeFileHandle? turn = session.TakeTurn(settings.Classes);
        session.Watch(Progress.RunAgain);
        // Defaults without a release file are below only if something merges them: the boot stage may do so, or may
        // have done so.
        bool areDefaultsMerged = settings.RouteEtc || ExistingMerge.FindAll(session.Root, settings.Classes).Count > 0;
        List<Selection> selections = Selections.MakeAll(session,
            areDefaultsMerged ? VendorDefaults.AsExtension(session.Root) : null);
        using ChangedTrees trees = ChangedTrees.Open(session, selections);
        foreach (ChangedTree tree in trees.Trees)
            // a dry run does no harm, but what is in memory is not an upper layer
            if (!settings.Has(Switches.DryRun) || tree.IsWhole)
                tree.CheckNotMerged();
        if (!settings.Has(Switches.DryRun))
            foreach (ChangedTree tree in trees.Trees)
                if (CopyOrigins.Remove(tree.Upper) is string problem)
                    throw new InputException("nothing is pruned, because two files could then be seen as one in "
                        + PathText.Printable(tree.Hierarchy) + ": " + problem);

        string verb = settings.Has(Switches.DryRun) ? "would remove" : "removed";
        bool isListed = settings.Has(Switches.DryRun) || settings.Has(Switches.Verbose)
            || settings.Json != JsonFormat.Off;
        PruneReport report = new(verb, isListed, isDone: !settings.Has(Switches.DryRun), settings.Json, session.Log);
        try
        {
            foreach (ChangedTree tree in trees.Trees)
                if (PruneRules.IsWanted(session, tree))
                    new PruneWalk(tree, PruneRules.IsComplete(session, selections, tree), settings.Has(Switches.DryRun),
                        settings.Has(Switches.WithOpaque), report).Run();
        }
        finally
        {
            // Also if it ends early: what is gone is reported.
            report.Finish();
            if (trees.Trees.Count > 0)
                session.Log.Info("prune: " + verb + " " + report.Summary() + ".");
        }

        foreach (SkippedHierarchy left in trees.WithoutUpper)
            session.Log.Info("Nothing to prune in " + left.Hierarchy + ": " + left.Reason + ".");
        if (report.HasFailed)
            session.ExitStatus = 1;
    }
}
