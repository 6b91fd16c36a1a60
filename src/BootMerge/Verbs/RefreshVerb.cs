using System.Collections.Generic;
using BootMerge.CommandLine;
using BootMerge.Linux;
using BootMerge.Markers;
using BootMerge.Mounting;
using BootMerge.Planning;
using BootMerge.Reporting;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Verbs;

/// <summary>refresh: brings what is merged up to date, merges what is not, and skips when nothing changed.</summary>
internal static class RefreshVerb
{
    public static void Run(Session session)
    {
        ServiceManager manager = new(session);
        if (Refresh(session, manager))
            manager.Ask();
    }

    /// <returns>false when nothing changed, or it was only shown.</returns>
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
        List<Survey> surveys = Survey.MakeAll(session);
        List<List<AcceptedExtension>> accepted = Survey.AcceptedOf(session, surveys);
        using Host host = Host.Open(session.Root, session.Settings.Classes, session.Log);
        List<PlanResult> results = Survey.PlanAll(session, host, surveys, accepted);
        bool isUpToDate = results.TrueForAll(result => IsUpToDate(host, result.Plan));

        if (isUpToDate && host.Merges.Count > 0 && !session.Settings.AlwaysRefresh)
        {
            session.Log.Info("Skipping extension refresh because no change was found, use --always-refresh=yes to always do a refresh.");
            return false;
        }

        List<MergePlan> plans = results.ConvertAll(static result => result.Accepted());
        foreach (Survey survey in surveys)
            survey.Report(session.Log);
        if (session.Settings.Has(Switches.DryRun))
        {
            Output.Write(PlanReport.Text(session.Root, plans));
            return false;
        }

        Apply(host, plans, session);
        manager.Note();
        return true;
    }

    /// <summary>Replaces, merges and unmerges as the plans want it, and says so.</summary>
    public static void Apply(Host host, List<MergePlan> plans, Session session)
    {
        MergeTransaction.Run(host, plans, session.Journal, session.Log);
        foreach (ExistingMerge merge in host.Merges)
            if (!MergeTransaction.IsPlanned(plans, merge.Hierarchy))
                session.Log.Info("Unmerged '" + session.Root.Outside(merge.Hierarchy) + "'.");
        MergeReport.Log(session, plans);
        if (!session.Settings.IsElsewhere)
            ReportOldNamespaces(host, session.Log);
    }

    private static void ReportOldNamespaces(Host host, Log log)
    {
        List<string> devices = [];
        foreach (ExistingMerge merge in host.Merges)
            devices.Add(merge.Marker.Device);
        List<string> processes = devices.Count == 0 ? [] : OldNamespaces.Find(devices);
        if (processes.Count > 0)
            log.Info(processes.Count.ToString() + (processes.Count == 1 ? " process in another mount namespace still sees" : " processes in other mount namespaces still see")
                + " what was merged before, until restarted (--verbose names them).");
        foreach (string process in processes)
            log.Debug("Still sees the old merge: process " + process + ".");
    }

    /// <summary>What is merged is what would be merged: hierarchy by hierarchy, by the origin recorded in the marker.</summary>
    public static bool IsUpToDate(Host host, MergePlan plan)
    {
        foreach (StackPlan stack in plan.Stacks)
            if (host.MergeOn(stack.Hierarchy) is not ExistingMerge merge || !Origin.IsSame(plan.Origin, merge.Marker.Origin))
                return false;
        foreach (LeftAlone hierarchy in plan.LeftAlone)
            if (host.MergeOn(hierarchy.Hierarchy) is not null)
                return false;
        return true;
    }
}
