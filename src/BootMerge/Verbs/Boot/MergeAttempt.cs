using System;
using System.Collections.Generic;
using BootMerge.Configuration;
using BootMerge.Linux;
using BootMerge.Mounting;
using BootMerge.Planning;
using BootMerge.Sessions;

namespace BootMerge.Verbs.Boot;

/// <summary>
/// One attempt to merge everything. A failure is a value, because the boot stage may try something else.
/// </summary>
internal sealed class MergeAttempt
{
    /// <summary>What is merged now; null after a failure, which has changed nothing.</summary>
    public List<MergePlan>? Plans { get; private init; }

    /// <summary>Everything was merged already, and as it should be.</summary>
    public bool WasUpToDate { get; private init; }

    public Exception? Failure { get; private init; }

    /// <summary>The failure: what was written to memory since an earlier run would be lost.</summary>
    public bool WouldLose { get; private init; }

    /// <summary>Some merge had, or should have had, an upperdir in the root: a merge without one may work.</summary>
    public bool WantedToWrite { get; private init; }

    /// <param name="fallback">Do without an upperdir in the root; null: as configured.</param>
    public static MergeAttempt Run(Session session, List<Selection> selections, List<List<AcceptedExtension>> accepted,
        FallbackMode? fallback)
    {
        List<ClassSettings> classes = [];
        foreach (Selection selection in selections)
            classes.Add(selection.Settings);
        using RootViews views = RootViews.Open(session.Root, classes, session.Log);

        List<MergePlan> plans = [];
        List<List<AcceptedExtension>> sources = Selections.SourcesOf(session, views, selections, accepted);
        for (int i = 0; i < classes.Count; i++)
        {
            PlanResult result = selections[i].Plan(views, sources[i]);
            if (fallback is FallbackMode chosen && MutableModes.WritesToDisk(classes[i].Mode))
                result = PlanFallback(chosen, classes[i], views.Look(classes[i]), sources[i]);
            else if (classes[i].Class == ExtensionClass.Confext && MutableModes.Imports(classes[i].Mode))
                result = PlanImport(session, classes[i], views.Look(classes[i]), sources[i]) ?? result;
            if (result.Refusal is not null)
                return new MergeAttempt { Failure = new InputException(result.Refusal), WantedToWrite = true };
            plans.Add(result.Plan);
        }

        if (views.Merges.Count > 0 && plans.TrueForAll(plan => IsAsPlanned(views, plan)))
        {
            session.Log.Info("Nothing changed since the last merge.");
            return new MergeAttempt { Plans = plans, WasUpToDate = true };
        }

        foreach (ExistingMerge merge in views.Merges)
            if (merge.RecordedMode is MutableMode mode && MutableModes.WritesToMemory(mode))
                return new MergeAttempt
                {
                    Failure = new InputException("what was written to " + merge.Hierarchy
                        + " is in memory, and would be lost"),
                    WouldLose = true,
                };

        // The transaction has undone everything before its exception gets here; the caller decides what to do next.
        try
        {
            Merging.CarryOut(session, views, plans);
            return new MergeAttempt { Plans = plans };
        }
        catch (KernelException e)
        {
            return new MergeAttempt { Failure = e, WantedToWrite = HasPersistentUpper(plans) };
        }
        catch (InputException e)
        {
            return new MergeAttempt { Failure = e, WantedToWrite = HasPersistentUpper(plans) };
        }
    }

    /// <summary>
    /// A merge that a script has made with systemd's calls may be noexec, which its marker does not say: then scripts
    /// in /etc would not run.
    /// </summary>
    private static bool IsAsPlanned(RootViews views, MergePlan plan) =>
        views.IsUpToDate(plan) && plan.Stacks.TrueForAll(stack =>
            IsAsPlanned(views.MergeOn(stack.Hierarchy)!, plan, stack));

    // Two modes may be recorded as the same one, the nearest that systemd has.
    private static bool IsAsPlanned(ExistingMerge merge, MergePlan plan, StackPlan stack) =>
        merge.Marker.Mode == plan.MarkerMode
        && merge.IsMountedNoExec == ((stack.Attributes & Sys.MOUNT_ATTR_NOEXEC) != 0);

    /// <summary>
    /// What the machine wrote to /etc stays above the extensions: the hierarchy itself is imported. systemd refuses
    /// that: a refresh that cannot skip would first unmerge and then fail. So the marker states the nearest mode with
    /// which systemd's refresh can succeed. A sysext's /usr is the vendor's own: there the merge really has that mode.
    /// </summary>
    private static PlanResult PlanFallback(FallbackMode fallback, ClassSettings settings,
        List<HierarchyState> states, List<AcceptedExtension> accepted)
    {
        bool inMemory = fallback == FallbackMode.Ephemeral;
        MutableMode recorded = inMemory ? MutableMode.Ephemeral : MutableMode.No;
        MutableMode mode = settings.Class == ExtensionClass.Sysext ? recorded : inMemory
            ? MutableMode.EphemeralImport : MutableMode.Import;
        return Planner.Plan(
            settings.SelfImporting(mode),
            states.ConvertAll(static state => state.SelfRouted()),
            accepted,
            recorded);
    }

    /// <summary>
    /// The same if the settings ask for it: /etc is read-only, or forgets what is written, and the machine's files are
    /// on top.
    /// </summary>
    /// <returns>null if the routing entry leads elsewhere, which systemd can handle too.</returns>
    private static PlanResult? PlanImport(Session session, ClassSettings settings, List<HierarchyState> states,
        List<AcceptedExtension> accepted)
    {
        if (states.Count != 1)
            return null;
        RoutingKind kind = states[0].Routing.Kind;
        if (kind != RoutingKind.Self && !(kind == RoutingKind.Absent && session.Settings.RouteEtc))
            return null;
        return Planner.Plan(settings, [states[0].SelfRouted()], accepted,
            MutableModes.WritesToMemory(settings.Mode) ? MutableMode.Ephemeral : MutableMode.No);
    }

    private static bool HasPersistentUpper(List<MergePlan> plans)
    {
        foreach (MergePlan plan in plans)
            foreach (StackPlan stack in plan.Stacks)
                if (stack.Upper is PersistentUpper)
                    return true;
        return false;
    }
}
