using System.Collections.Generic;
using BootMerge.CommandLine;
using BootMerge.Linux;
using BootMerge.Mounting;
using BootMerge.Planning;
using BootMerge.Reporting;
using BootMerge.Sessions;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Verbs;

/// <summary>refresh: brings merges up to date, merges what is not merged, and skips if nothing changed.</summary>
internal static class RefreshVerb
{
    public static void Run(Session session)
    {
        ServiceManager manager = new(session);
        if (Refresh(session, manager))
            manager.Ask();
    }

    /// <returns>false if nothing changed, or it was only shown.</returns>
    private static bool Refresh(Session session, ServiceManager manager)
    {
        using SafeFileHandle? turn = session.TakeTurn(session.Settings.Classes);
        if (!RefreshAll(session, manager))
            return false;
        ShadowedFiles.KeepUp(session);
        return true;
    }

    private static bool RefreshAll(Session session, ServiceManager manager)
    {
        manager.Note();
        List<Selection> selections = Selections.MakeAll(session);
        List<List<AcceptedExtension>> accepted = Selections.AcceptedOf(session, selections);
        using RootViews views = RootViews.Open(session.Root, session.Settings.Classes, session.Log);
        List<PlanResult> results = Selections.PlanAll(session, views, selections, accepted);
        bool isUpToDate = results.TrueForAll(result => views.IsUpToDate(result.Plan));

        if (isUpToDate && views.Merges.Count > 0 && !session.Settings.AlwaysRefresh)
        {
            session.Log.Info("Skipping the refresh, as no change was found. To renew the merge nevertheless: "
                + "--always-refresh=yes.");
            return false;
        }

        List<MergePlan> plans = results.ConvertAll(static result => result.Accepted());
        foreach (Selection selection in selections)
            selection.Report(views.Unmerged, session.Log);
        if (session.Settings.Has(Switches.DryRun))
        {
            Output.Write(PlanReport.Text(session.Root, plans));
            return false;
        }

        Merging.CarryOut(session, views, plans);
        manager.Note();
        return true;
    }
}
