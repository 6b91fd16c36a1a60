using System;
using System.Collections.Generic;
using BootMerge.Configuration;
using BootMerge.Extensions;
using BootMerge.Linux;
using BootMerge.Mounting;
using BootMerge.Planning;
using BootMerge.Sessions;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Verbs.Boot;

/// <summary>
/// boot: the stage before switch-root. Routes writes to the machine's own /etc and merges. If the settings allow it, it
/// falls back to a merge that needs no writable file system. It is meant to run twice: before and after what fills the
/// new root (Ignition). The second run refreshes.
/// </summary>
internal static class BootVerb
{
    public static void Run(Session session)
    {
        session.RequirePrivileges();
        using BootReport report = new(session);
        try
        {
            Run(session, report);
        }
        catch (Exception e) when (report.TakeDown(e))
        {
            throw;
        }
    }

    private static void Run(Session session, BootReport report)
    {
        if (session.Settings.SwitchedOffBy is string reason)
        {
            session.Log.Warning("Nothing is merged: " + reason + ".");
            report.Result = "switched off";
            return;
        }

        List<ClassSettings> classes = SwitchedOn(session);
        if (classes.Count == 0)
        {
            report.Result = "switched off";
            return;
        }

        report.Step(BootStep.Configuration);
        using SafeFileHandle? turn = session.TakeTurn(classes);

        List<Selection> selections = [Selection.Make(session, classes[0], Defaults(session))];
        report.Selections = selections;
        if (classes.Count == 1)
            selections[0].Report(session.Root, session.Log);
        report.Step(BootStep.Extensions);
        Requirement.Check(session, session.Settings, selections, isSecondToCome: classes.Count > 1);

        string? routingProblem = RoutingEntry.Ensure(session, classes);
        UnmountedVar.Warn(session);
        report.Step(BootStep.Routing);
        if (classes.Count > 1)
        {
            Selections.MakeNext(session, selections, classes[1], isFallback: routingProblem is not null);
            foreach (Selection selection in selections)
                selection.Report(session.Root, session.Log);
            report.Step(BootStep.SecondClass);
            Requirement.Check(session, selections[1].OwnSettings ?? session.Settings, selections,
                isSecondToCome: false);
        }

        ShadowedFiles? shadowed = ShadowedFiles.Begin(session);
        List<ExistingMerge> existing = ExistingMerge.FindAll(session.Root, classes);
        CleanUp.Run(session, selections, shadowed, report);

        using SystemdVisibility visibility = SystemdVisibility.Prepare(session, selections);
        List<List<AcceptedExtension>> accepted = [];
        foreach (Selection selection in selections)
            accepted.Add(selection.Accepted(session.Root, visibility.Identities, visibility.Mounted));

        List<MergePlan>? plans = Merge(session, selections, accepted, existing, routingProblem, report);
        report.Step(BootStep.Merge);
        // What an earlier run has told systemd still describes the merge that stays.
        if (plans is null)
            return;
        report.Plans = plans;
        visibility.Publish(session);
        SystemdMode.Publish(session, selections, plans);
        report.Step(BootStep.Systemd);
        // A first run has recorded it before it merged. Last, because it takes longest and nothing waits for it.
        if (existing.Count > 0)
            ShadowedFiles.KeepUp(session);
    }

    private static List<ClassSettings> SwitchedOn(Session session)
    {
        List<ClassSettings> classes = [];
        foreach (ClassSettings settings in session.Settings.Classes)
        {
            if (settings.SwitchedOffBy is string reason)
                session.Log.Warning("No " + settings.Class.Name + " is merged: " + reason + ".");
            else
                classes.Add(settings);
        }

        return classes;
    }

    /// <summary>The vendor's directory if it is not an extension yet; null if writes are not to be routed.</summary>
    private static Extension? Defaults(Session session) =>
        session.Settings.RouteEtc ? VendorDefaults.AsExtension(session.Root) : null;

    /// <returns>null if the existing merge stays, because it cannot be brought up to date.</returns>
    private static List<MergePlan>? Merge(Session session, List<Selection> selections,
        List<List<AcceptedExtension>> accepted, List<ExistingMerge> existing, string? routingProblem, BootReport report)
    {
        string? problem = routingProblem;
        MergeAttempt? first = null;
        if (problem is null)
        {
            first = MergeAttempt.Run(session, selections, accepted, null);
            if (first.Plans is not null)
                return report.Merged(first);
            problem = first.Failure!.Message;
        }

        // An earlier run's merge is writable, and something may be writing there. So nothing less replaces it, and the
        // machine comes up with it.
        bool wouldLose = first is { WouldLose: true };
        bool isEnough = IsEnough(session, selections, existing);
        if (isEnough && (wouldLose || IsWritable(session.Root, existing)))
        {
            report.Keep(problem);
            return null;
        }

        if (wouldLose || first is { WantedToWrite: false })
            throw first!.Failure!;

        FallbackMode fallback = session.Settings.Fallback;
        if (fallback == FallbackMode.Fail)
            throw new InputException("The writable layer cannot be used: " + problem
                + ". Nothing is changed. To boot anyway: bootmerge.fallback=immutable on the kernel command line; to "
                + "skip the merge: bootmerge=0");

        report.Fallback = FallbackModes.Name(fallback);
        report.FallbackReason = problem;
        session.Log.Warning("The writable layer cannot be used, falling back to an " + report.Fallback + " merge: "
            + problem + ".");
        MergeAttempt second = MergeAttempt.Run(session, selections, accepted, fallback);
        if (second.Plans is not null)
            return report.Merged(second);
        if (!second.WouldLose || !isEnough)
            throw second.Failure!;
        report.Keep(second.Failure!.Message);
        return null;
    }

    /// <summary>
    /// Whether a machine may come up with these merges as they are: they must include the class that is merged first,
    /// and what is required.
    /// </summary>
    private static bool IsEnough(Session session, List<Selection> selections, List<ExistingMerge> existing)
    {
        bool isMerged = selections[0].AcceptedExtensions().Count == 0
            || existing.Exists(merge => merge.Class == selections[0].Settings.Class);
        return isMerged && Requirement.IsMetBy(session, selections, existing);
    }

    /// <summary>Whether the machine's own files on the disk can be written through one of the merges.</summary>
    private static bool IsWritable(Root root, List<ExistingMerge> merges)
    {
        foreach (ExistingMerge merge in merges)
        {
            using SafeFileHandle? directory = merge.IsFallback ? null : root.TryOpenDirectory(merge.Hierarchy);
            if (directory is not null && !Sys.IsReadOnly(directory))
                return true;
        }

        return false;
    }
}
