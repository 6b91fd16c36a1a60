using System.Collections.Generic;
using System.Text;
using BootMerge.CommandLine;
using BootMerge.Extensions;
using BootMerge.Json;
using BootMerge.Linux;
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
        using Host host = Host.Open(session.Root, session.Settings.Classes, session.Log);
        List<MergePlan> plans = [];
        bool isUpToDate = host.Merges.Count > 0;
        foreach (Survey survey in surveys)
        {
            plans.Add(survey.Plan(host).Accepted());
            isUpToDate &= RefreshVerb.IsUpToDate(host, plans[^1]);
        }

        host.LeavePrivateView();
        string action = Action(host, plans, isUpToDate);
        Output.Write(session.Settings.Json == JsonFormat.Off
            ? "would " + action + "\n" + PlanReport.Text(session.Root, plans) + Others(surveys)
            : JsonReport.Format(Json(surveys, plans, action), session.Settings.Json));
    }

    /// <summary>One word, for programs too.</summary>
    private static string Action(Host host, List<MergePlan> plans, bool isUpToDate)
    {
        if (isUpToDate)
            return "nothing";
        bool merges = plans.Exists(static plan => plan.Stacks.Count > 0);
        return host.Merges.Count == 0 ? merges ? "merge" : "nothing" : merges ? "replace" : "unmerge";
    }

    private static string Others(List<Survey> surveys)
    {
        StringBuilder text = new();
        foreach (Survey survey in surveys)
        {
            foreach (Candidate candidate in survey.Candidates)
                if (!candidate.Verdict.Accepted)
                    text.Append("not merged: ").Append(PathText.Printable(candidate.Extension.Name)).Append(" (")
                        .Append(PathText.Printable(candidate.Extension.FoundPath)).Append("): ").Append(candidate.Verdict.Reason).Append('\n');
            foreach (SkippedEntry skipped in survey.Found.Skipped)
                text.Append("ignored: ").Append(PathText.Printable(skipped.Path)).Append(": ").Append(skipped.Reason).Append('\n');
        }

        return text.ToString();
    }

    private static JsonValue Json(List<Survey> surveys, List<MergePlan> plans, string action)
    {
        JsonValue rejected = JsonValue.Array();
        JsonValue ignored = JsonValue.Array();
        foreach (Survey survey in surveys)
        {
            JsonReport.AddRejected(rejected, survey);
            JsonReport.AddIgnored(ignored, survey);
        }

        return JsonValue.Object()
            .Add("action", JsonValue.String(action))
            .Add("hierarchies", PlanReport.Json(plans))
            .Add("rejected", rejected)
            .Add("ignored", ignored);
    }
}
