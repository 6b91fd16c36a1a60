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
/// boot: the stage before switch-root. Routes writes to the machine's own /etc, merges, and falls back to a merge that
/// needs no writable file system when that is what the settings want. Running it again is safe.
/// </summary>
internal static class BootVerb
{
    private const string DefaultsExtension = "/usr/lib/confexts/flatcar-defaults";

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

        report.Step("configuration");
        using SafeFileHandle? turn = session.TakeTurn(classes);

        List<Selection> selections = [Selection.Make(session, classes[0], BareDefaults(session))];
        report.Selections = selections;
        if (classes.Count == 1)
            selections[0].Report(session.Root, session.Log);
        report.Step("extensions");
        RequireExtension(session, session.Settings, selections, isSecondToCome: classes.Count > 1);

        string? routingProblem = RoutingEntry.Ensure(session, classes);
        UnmountedVar.Warn(session);
        report.Step("routing");
        if (classes.Count > 1)
        {
            Selection.MakeNext(session, selections, classes[1], isFallback: routingProblem is not null);
            foreach (Selection selection in selections)
                selection.Report(session.Root, session.Log);
            report.Step("second class");
            RequireExtension(session, selections[1].OwnSettings ?? session.Settings, selections, isSecondToCome: false);
        }

        ShadowedFiles? shadowed = ShadowedFiles.Begin(session);
        bool isMerged = ExistingMerge.FindAll(session.Root, classes).Count > 0;
        CleanUp.Run(session, selections, shadowed, report);

        using SystemdVisibility visibility = SystemdVisibility.Prepare(session, selections);
        List<List<AcceptedExtension>> accepted = [];
        foreach (Selection selection in selections)
            accepted.Add(selection.Accepted(session.Root, visibility.Identities, visibility.Mounted));

        List<MergePlan> plans = Merge(session, selections, accepted, routingProblem, report);
        report.Plans = plans;
        report.Step("merge");
        // A first run has written it down before it merged.
        if (isMerged)
            ShadowedFiles.KeepUp(session);
        visibility.Publish(session);
        SystemdMode.Publish(session, selections, plans);
        report.Step("systemd");
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

    /// <summary>The vendor's directory where it is not an extension yet; null unless writes are to be routed.</summary>
    private static Extension? BareDefaults(Session session) =>
        session.Settings.RouteEtc ? Extension.BareDefaults(session.Root) : null;

    // Known before anything is changed, so nothing is: a system that lacks its defaults is left as it was found. Only
    // what may be a sysext cannot be known before writes are routed.
    private static void RequireExtension(Session session, Settings settings, List<Selection> selections,
        bool isSecondToCome)
    {
        if (settings.RequireExtension is not string required)
            return;
        foreach (Selection selection in selections)
            foreach (Candidate candidate in selection.Candidates)
                if (candidate.Extension.Name == required && candidate.Verdict.Accepted)
                    return;

        if (isSecondToCome && WhyNot(selections, required) is null)
            return;
        if (settings.RequireOnlyWhereDefaultsExist && !HasDefaults(session.Root))
        {
            session.Log.Debug("The extension '" + required + "' is not required here: this root has neither "
                + DefaultsExtension + " nor " + Extension.DefaultsDirectory + ".");
            return;
        }

        throw new InputException("The required extension '" + PathText.Printable(required) + "' is not merged: "
            + (WhyNot(selections, required) ?? "no search directory has it"));
    }

    /// <summary>null when it was not found.</summary>
    private static string? WhyNot(List<Selection> selections, string required)
    {
        foreach (Selection selection in selections)
            foreach (Candidate candidate in selection.Candidates)
                if (candidate.Extension.Name == required)
                    return candidate.Verdict.Reason;
        return null;
    }

    private static bool HasDefaults(Root root)
    {
        using SafeFileHandle? extension = root.TryOpen(DefaultsExtension);
        using SafeFileHandle? directory = root.TryOpen(Extension.DefaultsDirectory);
        return extension is not null || directory is not null;
    }

    private static List<MergePlan> Merge(
        Session session, List<Selection> selections, List<List<AcceptedExtension>> accepted, string? routingProblem,
            BootReport report)
    {
        string? problem = routingProblem;
        if (problem is null)
        {
            MergeAttempt first = MergeAttempt.Run(session, selections, accepted, null);
            if (first.Plans is not null)
            {
                report.Result = "merged";
                return first.Plans;
            }

            if (!first.WantedToWrite)
                throw first.Failure!;
            problem = first.Failure!.Message;
        }

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
        if (second.Plans is null)
            throw second.Failure!;
        report.Result = "merged";
        return second.Plans;
    }
}
