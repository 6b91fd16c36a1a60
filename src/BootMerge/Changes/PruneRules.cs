using System.Collections.Generic;
using BootMerge.Linux;
using BootMerge.Sessions;

namespace BootMerge.Changes;

/// <summary>What may be pruned at all: the same by hand and at boot.</summary>
internal static class PruneRules
{
    /// <summary>Whether the machine's owner has not switched it off for this layer.</summary>
    public static bool IsWanted(Session session, ChangedTree tree)
    {
        const string Switch = ".no-dup-update";
        // As it will be seen: if writes go elsewhere, the hierarchy's own directory is a layer below.
        if ((Sys.TryStatusAt(tree.Upper, Switch) ?? Sys.TryStatusAt(tree.Below, Switch)) is not { IsWhiteout: false })
            return true;
        session.Log.Info("Nothing is pruned in " + tree.Hierarchy + ": " + tree.Hierarchy + "/" + Switch
            + " exists.");
        return false;
    }

    /// <summary>Whether the layers below are complete: no extension could still add to them.</summary>
    public static bool IsComplete(Session session, List<Selection> selections, ChangedTree tree)
    {
        string? leftOut = selections.Find(selection =>
            selection.Settings.Class == tree.Class)?.FindLeftOut(session.Root);
        if (leftOut is not null)
            session.Log.Info("prune: keeping all deletions in " + tree.Hierarchy + ": " + leftOut
                + " is left out, and may have what they hide.");
        return leftOut is null;
    }
}
