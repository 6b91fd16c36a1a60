using System.Collections.Generic;
using BootMerge.Json;
using BootMerge.Mounting;
using BootMerge.Planning;
using BootMerge.Reporting;

namespace BootMerge.Verbs;

/// <summary>plan: what merge, or refresh where something is merged, would do.</summary>
internal static class PlanVerb
{
    public static void Run(Session session)
    {
        List<Survey> surveys = Survey.MakeAll(session);
        List<List<AcceptedExtension>> accepted = Survey.AcceptedOf(session, surveys);
        using Host host = Host.Open(session.Root, session.Settings.Classes, session.Log);
        List<MergePlan> plans = Survey.PlanAll(session, host, surveys, accepted).ConvertAll(static result => result.Accepted());
        bool isUpToDate = host.Merges.Count > 0 && plans.TrueForAll(plan => RefreshVerb.IsUpToDate(host, plan));

        host.LeavePrivateView();
        string action = Action(host, plans, isUpToDate);
        JsonValue rejected = JsonValue.Array();
        JsonValue ignored = JsonValue.Array();
        foreach (Survey survey in surveys)
        {
            JsonReport.AddRejected(rejected, survey);
            JsonReport.AddIgnored(ignored, survey);
        }

        if (session.Settings.Json == JsonFormat.Off)
        {
            Output.Write((action == "nothing" ? "nothing to do" : "would " + action) + "\n" + PlanReport.Text(session.Root, plans) + JsonReport.Text(rejected, ignored));
            return;
        }

        JsonValue value = JsonValue.Object()
            .Add("action", JsonValue.String(action))
            .Add("hierarchies", PlanReport.Json(plans))
            .Add("rejected", rejected)
            .Add("ignored", ignored);
        Output.Write(JsonReport.Format(value, session.Settings.Json));
    }

    /// <summary>One word, for programs too.</summary>
    private static string Action(Host host, List<MergePlan> plans, bool isUpToDate)
    {
        if (isUpToDate)
            return "nothing";
        bool merges = plans.Exists(static plan => plan.Stacks.Count > 0);
        return host.Merges.Count == 0 ? merges ? "merge" : "nothing" : merges ? "replace" : "unmerge";
    }
}
