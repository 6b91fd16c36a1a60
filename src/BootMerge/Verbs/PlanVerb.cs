using System.Collections.Generic;
using BootMerge.Json;
using BootMerge.Mounting;
using BootMerge.Planning;
using BootMerge.Reporting;
using BootMerge.Sessions;

namespace BootMerge.Verbs;

/// <summary>plan: what merge would do, or refresh if something is merged.</summary>
internal static class PlanVerb
{
    public static void Run(Session session)
    {
        List<Selection> selections = Selections.MakeAll(session);
        List<List<AcceptedExtension>> accepted = Selections.AcceptedOf(session, selections);
        using RootViews views = RootViews.Open(session.Root, session.Settings.Classes, session.Log);
        List<MergePlan> plans = Selections.PlanAll(session, views, selections, accepted)
            .ConvertAll(static result => result.Accepted());
        bool isUpToDate = views.Merges.Count > 0 && plans.TrueForAll(plan => views.IsUpToDate(plan));

        views.LeavePrivateView();
        string action = Action(views, plans, isUpToDate);
        JsonValue notMerged = JsonReport.NotMerged(selections);
        JsonValue ignored = JsonReport.Ignored(selections);
        if (session.Settings.Json == JsonFormat.Off)
        {
            Output.Write((action == "nothing" ? "nothing to do" : "would " + action) + "\n"
                + PlanReport.Text(session.Root, plans) + JsonReport.Text(JsonReport.Images(selections), notMerged,
                ignored));
            return;
        }

        JsonValue value = JsonReport.Begin()
            .Add("action", action)
            .Add("hierarchies", PlanReport.Json(plans))
            .Add("notMerged", notMerged)
            .Add("ignored", ignored);
        Output.Write(JsonReport.Format(value, session.Settings.Json));
    }

    /// <summary>One word, for programs too.</summary>
    private static string Action(RootViews views, List<MergePlan> plans, bool isUpToDate)
    {
        if (isUpToDate)
            return "nothing";
        bool merges = plans.Exists(static plan => plan.Stacks.Count > 0);
        return views.Merges.Count == 0 ? merges ? "merge" : "nothing" : merges ? "replace" : "unmerge";
    }
}
