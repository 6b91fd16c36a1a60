using System.Collections.Generic;
using BootMerge.Mounting;
using BootMerge.Planning;
using BootMerge.Reporting;

namespace BootMerge.Sessions;

/// <summary>Carries plans out, and reports what was done.</summary>
internal static class Merging
{
    /// <summary>Merges, replaces and unmerges as the plans say, and reports it.</summary>
    public static void CarryOut(Session session, RootViews views, List<MergePlan> plans)
    {
        MergeTransaction.Run(views, plans, session.Journal, session.Log);
        foreach (ExistingMerge merge in views.Merges)
            if (!MergeTransaction.IsPlanned(plans, merge.Hierarchy))
                session.Log.Info("Unmerged '" + session.Root.Outside(merge.Hierarchy) + "'.");
        MergeReport.Log(session, plans);
        if (!session.Settings.IsElsewhere)
            ReportOldNamespaces(views, session.Log);
    }

    private static void ReportOldNamespaces(RootViews views, Log log)
    {
        List<string> devices = [];
        foreach (ExistingMerge merge in views.Merges)
            devices.Add(merge.Marker.Device);
        List<string> processes = devices.Count == 0 ? [] : OldNamespaces.Find(devices);
        if (processes.Count > 0)
            log.Info(processes.Count.ToString() + (processes.Count == 1
                ? " process in another mount namespace still sees" : " processes in other mount namespaces still see")
                + " what was merged before, until restarted (--verbose names them).");
        foreach (string process in processes)
            log.Debug("Process " + process + " still sees the old merge.");
    }
}
