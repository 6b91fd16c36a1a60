using System.Collections.Generic;
using BootMerge.Configuration;
using BootMerge.Linux;
using BootMerge.Mounting;
using BootMerge.Planning;
using BootMerge.Reporting;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Verbs;

/// <summary>merge: fails when something is merged already.</summary>
internal static class MergeVerb
{
    public static void Run(Session session)
    {
        using SafeFileHandle? turn = session.Lock();
        using Host host = Host.Open(session.Root, session.Settings.Classes, session.Log);
        foreach (ExistingMerge merge in host.Merges)
            throw new InputException("Hierarchy '" + merge.Hierarchy + "' is already merged (EBUSY): use refresh, or unmerge first");

        List<MergePlan> plans = [];
        foreach (ClassSettings settings in session.Settings.Classes)
        {
            Survey survey = Survey.Make(session.Root, session.Settings, settings);
            survey.Report(session.Log);
            PlanResult result = Planner.Plan(settings, host.Look(settings), survey.Accepted(session.Root));
            plans.Add(result.Accepted());
        }

        if (session.Settings.DryRun)
        {
            Output.Write(PlanReport.Text(session.Root, plans));
            return;
        }

        MergeTransaction.Run(host, plans, session.Log);
        MergeReport.Log(session, plans);
    }
}
