using System.Collections.Generic;
using BootMerge.Changes;
using BootMerge.CommandLine;
using BootMerge.Configuration;
using BootMerge.Extensions;
using BootMerge.Json;
using BootMerge.Linux;
using BootMerge.Mounting;
using BootMerge.Planning;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Verbs;

/// <summary>prune: takes from the machine's layer what equals the layers below, so that updates of those show again.</summary>
internal static class PruneVerb
{
    public static void Run(Session session)
    {
        Settings settings = session.Settings;
        using SafeFileHandle? turn = session.TakeTurn(settings.Classes);
        // Bare defaults are below only if something merges them: the boot stage may, and may have.
        bool areBareMerged = settings.RouteEtc || ExistingMerge.FindAll(session.Root, settings.Classes).Count > 0;
        List<Survey> surveys = Survey.MakeAll(session, areBareMerged ? Extension.BareDefaults(session.Root) : null);
        using ChangedTrees trees = ChangedTrees.Open(session, surveys);
        foreach (ChangedTree tree in trees.Trees)
            if (!settings.Has(Switches.DryRun) || tree.IsWhole) // looking does no harm, but what is in memory is no upper layer
                CheckNotMerged(tree);
        if (!settings.Has(Switches.DryRun))
            foreach (ChangedTree tree in trees.Trees)
                if (CopyOrigins.Remove(tree.Upper) is string problem)
                    throw new InputException("nothing is pruned, or two files could be seen as one in " + PathText.Printable(tree.Hierarchy) + ": " + problem);

        string verb = settings.Has(Switches.DryRun) ? "would remove" : "removed";
        bool isListed = settings.Has(Switches.DryRun) || settings.Has(Switches.Verbose) || settings.Json != JsonFormat.Off;
        PruneReport report = new(verb, isListed, isDone: !settings.Has(Switches.DryRun), settings.Json, session.Log);
        try
        {
            foreach (ChangedTree tree in trees.Trees)
                if (IsWanted(session, tree))
                    new PruneWalk(tree, IsComplete(session, surveys, tree), settings.Has(Switches.DryRun), settings.Has(Switches.WithOpaque), report).Run();
        }
        finally
        {
            // Also when it ends early: what is gone is told of.
            report.Finish();
            if (trees.Trees.Count > 0)
                session.Log.Info("prune: " + verb + " " + report.Summary() + ".");
        }

        foreach (LeftAlone left in trees.WithoutUpper)
            session.Log.Info("Nothing to prune in " + left.Hierarchy + ": " + left.Reason + ".");
        if (report.HasFailed)
            session.ExitStatus = 1;
    }

    /// <summary>Whether the owner of the machine has not switched it off for this layer.</summary>
    public static bool IsWanted(Session session, ChangedTree tree)
    {
        const string Switch = ".no-dup-update";
        // As it will be seen: the hierarchy's own directory is a layer below where writes go elsewhere.
        if ((Sys.TryStatusAt(tree.Upper, Switch) ?? Sys.TryStatusAt(tree.Below, Switch)) is not { IsWhiteout: false })
            return true;
        session.Log.Info("Nothing is pruned in " + tree.Hierarchy + ": " + tree.Hierarchy + "/" + Switch + " is there.");
        return false;
    }

    /// <summary>Whether what is below a layer is all that may ever be there.</summary>
    public static bool IsComplete(Session session, List<Survey> surveys, ChangedTree tree)
    {
        string? leftOut = surveys.Find(survey => survey.Settings.Class == tree.Class)?.LeftOut(session.Root);
        if (leftOut is not null)
            session.Log.Info("prune: deletions stay in " + tree.Hierarchy + ", also those that hide nothing: " + leftOut + " is left out, and may have what they hide.");
        return leftOut is null;
    }

    /// <summary>An upper layer must not change while a merge uses it, nor a merge be taken for one.</summary>
    public static void CheckNotMerged(ChangedTree tree)
    {
        if (tree.IsMerged)
            throw new InputException(PathText.Printable(tree.Hierarchy) + " is merged, and its upper layer must not change under the merge: unmerge it first, or do this before it is merged, in the initramfs");
        if (Sys.IsOnOverlay(tree.Upper))
            throw new InputException(PathText.Printable(tree.UpperPath) + " lies on an overlay that this program has not merged: its own upper layer is not known");
    }
}
