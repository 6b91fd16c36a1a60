using System.Collections.Generic;
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
        foreach (Survey survey in Survey.MakeAll(session))
        {
            survey.Report(session.Log);
            plans.Add(survey.Plan(host).Accepted());
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
