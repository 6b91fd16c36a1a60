using System.Collections.Generic;
using BootMerge.Configuration;
using BootMerge.Extensions;
using BootMerge.Linux;
using BootMerge.Mounting;
using BootMerge.Planning;

namespace BootMerge.Sessions;

/// <summary>
/// Both classes together: the second is looked up in what the first will show, and either's layers may come from the
/// other.
/// </summary>
internal static class Selections
{
    /// <summary>One for each class.</summary>
    /// <param name="extra">As in <see cref="Selection.Make(Session, ClassSettings, Extension?)"/>.</param>
    public static List<Selection> MakeAll(Session session, Extension? extra = null)
    {
        List<Selection> selections = [Selection.Make(session, session.Settings.Classes[0], extra)];
        if (session.Settings.Classes.Count > 1)
            MakeNext(session, selections, session.Settings.Classes[1]);
        if (session.Settings.IsDropIn)
            selections.ForEach(static selection => selection.RefuseAsSystemd());
        return selections;
    }

    /// <summary>
    /// Adds the selection of the second class. Its search directories, settings and masks are looked up in the result
    /// of the first class, as if that were merged already. An extension of either class is left out if it exists only
    /// through a merge which is being remade, and would not come back.
    /// </summary>
    /// <param name="isFallback">The first class will be merged without a writable layer.</param>
    public static void MakeNext(Session session, List<Selection> selections, ClassSettings classSettings,
        bool isFallback = false)
    {
        Selection first = selections[0];
        // In the original namespace, because the view does not have the second class's own merge.
        List<ExistingMerge> merges = Selection.MergesToKeep(session, classSettings);
        using RootViews views = RootViews.Open(session.Root, [first.Settings, classSettings], session.Log);
        using Preview preview = Preview.Show(views, first.PlanOfPreview(views, isFallback));
        Settings settings = session.Read(preview.Root);
        foreach (string warning in settings.Warnings)
            if (!session.Settings.Warnings.Has(warning))
                session.Log.Warning(warning + ".");
        classSettings = settings.Classes.Find(other => other.Class == classSettings.Class) ?? classSettings;

        selections.Add(Selection.MakeIn(preview, session, classSettings, merges, settings));
        views.LeavePrivateView();
        Drop(session, selections);
    }

    /// <summary>The plans for the classes as they are configured.</summary>
    public static List<PlanResult> PlanAll(Session session, RootViews views,
        List<Selection> selections, List<List<AcceptedExtension>> accepted)
    {
        List<List<AcceptedExtension>> sources = SourcesOf(session, views, selections, accepted);
        List<PlanResult> results = [];
        for (int i = 0; i < selections.Count; i++)
            results.Add(selections[i].Plan(views, sources[i]));
        return results;
    }

    /// <summary>The same extensions with layers taken from where they really are.</summary>
    public static List<List<AcceptedExtension>> SourcesOf(Session session, RootViews views,
        List<Selection> selections, List<List<AcceptedExtension>> accepted)
    {
        List<Unseen> unseen = [];
        List<List<AcceptedExtension>> sources = LayerSources.Of(views,
            selections.ConvertAll(static selection => selection.Settings), accepted, unseen);
        foreach (Unseen extension in unseen)
            session.Log.Warning("Not merging '" + PathText.Printable(extension.Name) + "': " + extension.Reason + ".");
        return sources;
    }

    /// <summary>One list for each class; call before the views may enter a private view.</summary>
    public static List<List<AcceptedExtension>> AcceptedOf(Session session, List<Selection> selections) =>
        selections.ConvertAll(selection => selection.Accepted(session.Root));

    private static void Drop(Session session, List<Selection> selections)
    {
        List<ClassSettings> classes = selections.ConvertAll(static selection => selection.Settings);
        using RootViews views = RootViews.Open(session.Root, classes, session.Log);
        List<Unseen> unseen = [];
        LayerSources.Of(views, classes, selections.ConvertAll(static selection => selection.Drafts()), unseen);
        foreach (Unseen extension in unseen)
            foreach (Selection selection in selections)
                foreach (Candidate candidate in selection.Candidates)
                    if (selection.Settings.Class == extension.Class && candidate.Extension.Name == extension.Name)
                        candidate.Verdict = Verdict.Unusable(extension.Reason);
    }
}
