using System.Collections.Generic;
using BootMerge.CommandLine;
using BootMerge.Linux;
using BootMerge.Mounting;
using BootMerge.Planning;
using BootMerge.Reporting;
using BootMerge.Sessions;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Verbs;

/// <summary>merge: fails if something is merged already.</summary>
internal static class MergeVerb
{
    public static void Run(Session session)
    {
        ServiceManager manager = new(session);
        if (Merge(session, manager))
            manager.Ask();
    }

    /// <returns>false if it was only shown.</returns>
    private static bool Merge(Session session, ServiceManager manager)
    {
        using SafeFileHandle? turn = session.TakeTurn(session.Settings.Classes, isMerge: true);
        if (!MergeAll(session, manager))
            return false;
        ShadowedFiles.KeepUp(session);
        return true;
    }

    private static bool MergeAll(Session session, ServiceManager manager)
    {
        using RootViews views = RootViews.Open(session.Root, session.Settings.Classes, session.Log);
        foreach (ExistingMerge merge in views.Merges)
            throw new InputException("Hierarchy '" + merge.Hierarchy
                + "' is already merged (EBUSY): use refresh, or unmerge first");

        List<Selection> selections = Selections.MakeAll(session);
        foreach (Selection selection in selections)
            selection.Report(session.Root, session.Log);
        List<List<AcceptedExtension>> accepted = Selections.AcceptedOf(session, selections);
        List<MergePlan> plans = Selections.PlanAll(session, views, selections, accepted)
            .ConvertAll(static result => result.Accepted());

        if (session.Settings.Has(Switches.DryRun))
        {
            Output.Write(PlanReport.Text(session.Root, plans));
            return false;
        }

        MergeTransaction.Run(views, plans, session.Journal, session.Log);
        MergeReport.Log(session, plans);
        manager.Note();
        return true;
    }
}
