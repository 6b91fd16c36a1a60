using System;
using System.Collections.Generic;
using BootMerge.Configuration;
using BootMerge.Linux;
using BootMerge.Mounting;
using BootMerge.Planning;

namespace BootMerge.Verbs.Boot;

/// <summary>One try to merge everything; that it failed is a value, because the boot stage may try something else.</summary>
internal sealed class MergeAttempt
{
    /// <summary>What is merged now; null after a failure, which has changed nothing.</summary>
    public List<MergePlan>? Plans { get; private init; }

    public Exception? Failure { get; private init; }

    /// <summary>Some stack had, or should have had, an upperdir in the root: a merge without one may work.</summary>
    public bool WantedToWrite { get; private init; }

    /// <param name="selfImport">Import the hierarchies themselves in this mode, whatever the routing entries say; null: as configured.</param>
    public static MergeAttempt Run(Session session, List<Survey> surveys, List<List<AcceptedExtension>> accepted, MutableMode? selfImport)
    {
        List<ClassSettings> classes = [];
        foreach (Survey survey in surveys)
            classes.Add(survey.Settings);
        using Host host = Host.Open(session.Root, classes, session.Log);

        List<MergePlan> plans = [];
        for (int i = 0; i < classes.Count; i++)
        {
            PlanResult result = selfImport is MutableMode mode
                ? Planner.Plan(
                    classes[i].SelfImporting(mode),
                    host.Look(classes[i]).ConvertAll(static state => state.SelfRouted()),
                    accepted[i],
                    host.BusyWorkDirectories(),
                    RecordedMode(mode))
                : Planner.Plan(classes[i], host.Look(classes[i]), accepted[i], host.BusyWorkDirectories());
            if (result.Refusal is not null)
                return new MergeAttempt { Failure = new InputException(result.Refusal), WantedToWrite = true };
            plans.Add(result.Plan);
        }

        if (host.Merges.Count > 0 && plans.TrueForAll(plan => RefreshVerb.IsUpToDate(host, plan)))
        {
            session.Log.Info("Nothing changed since the last merge.");
            return new MergeAttempt { Plans = plans };
        }

        // The transaction has undone everything by the time its exception gets here; what to do next is decided there.
        try
        {
            RefreshVerb.Apply(host, plans, session);
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
    /// systemd refuses a self-import: a refresh that cannot skip would first unmerge and then fail. So the marker of a
    /// fallback speaks of the nearest mode that a refresh of systemd's can end in.
    /// </summary>
    private static MutableMode RecordedMode(MutableMode selfImport) =>
        selfImport == MutableMode.EphemeralImport ? MutableMode.Ephemeral : MutableMode.No;

    private static bool HasPersistentUpper(List<MergePlan> plans)
    {
        foreach (MergePlan plan in plans)
            foreach (StackPlan stack in plan.Stacks)
                if (stack.Upper is PersistentUpper)
                    return true;
        return false;
    }
}
