using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Text;
using BootMerge.Json;
using BootMerge.Linux;
using BootMerge.Planning;
using BootMerge.Sessions;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Verbs.Boot;

/// <summary>
/// What the boot stage did, for the log and, in /run/bootmerge/boot.json, for later. Disposing it writes both, even
/// after a failure.
/// </summary>
internal sealed class BootReport(Session session) : IDisposable
{
    private const string FileName = "boot.json";
    private const string EarlierKey = "earlierRuns";
    private const int MostRuns = 9;
    private const int Limit = 1 << 20;

    private readonly JsonValue _times = JsonValue.Object();
    private long _stepStart = session.Started;

    /// <summary>
    /// "merged", "kept" (an earlier run's merge, which cannot be renewed), "switched off", or "failed".
    /// </summary>
    public string Result { get; set; } = "failed";

    /// <summary>Whether this run has merged anything.</summary>
    public bool IsChanged { get; private set; }

    /// <summary>The fallback that was used, or null.</summary>
    public string? Fallback { get; set; }

    /// <summary>Why the boot stage failed, or could not renew a merge; or null.</summary>
    public string? Failure { get; private set; }

    public string? FallbackReason { get; set; }

    /// <summary>Whiteouts that were removed because the vendor's list names them.</summary>
    public List<string> Whiteouts { get; set; } = [];

    /// <summary>Directories in which the layers below show because their opaque marks were removed.</summary>
    public List<string> OpaqueMarks { get; } = [];

    /// <summary>How many of each kind were pruned; null if nothing was to be pruned.</summary>
    public JsonValue? Pruned { get; set; }

    public List<Selection> Selections { get; set; } = [];

    public List<MergePlan> Plans { get; set; } = [];

    /// <summary>Ends a step; the report has its duration.</summary>
    public void Step(BootStep step)
    {
        string name = BootSteps.Key(step);
        string milliseconds = Milliseconds(_stepStart);
        _stepStart = Stopwatch.GetTimestamp();
        _times.Add(name, JsonValue.RawNumber(milliseconds));
        session.Log.Debug("boot: " + name + " took " + milliseconds + " ms.");
    }

    /// <returns>Its plans.</returns>
    public List<MergePlan> Merged(MergeAttempt attempt)
    {
        Result = "merged";
        IsChanged = !attempt.WasUpToDate;
        return attempt.Plans!;
    }

    /// <summary>An earlier run's merge stays as it is.</summary>
    public void Keep(string problem)
    {
        Result = "kept";
        Failure = problem;
        session.Log.Warning("The merge of an earlier run stays as it is, without what came since: " + problem + ".");
    }

    /// <summary>For an exception filter: records the reason and lets the exception pass.</summary>
    public bool TakeDown(Exception failure)
    {
        Failure = failure.Message;
        return false;
    }

    public void Dispose()
    {
        _times.Add(BootSteps.Total, JsonValue.RawNumber(Milliseconds(session.Started)));
        session.Log.Info(Summary());
        // Losing the report must not fail a boot that has worked.
        try
        {
            using SafeFileHandle directory = RunDirectory.Open();
            JsonValue report = Json().Add(EarlierKey, EarlierRuns(directory));
            Sys.ReplaceFile(directory, FileName, PathText.Encode(report.ToPrettyText() + "\n"), Octal.Mode644);
        }
        catch (KernelException e)
        {
            session.Log.Warning("Cannot write " + RunDirectory.Path + "/" + FileName + ": " + e.Message);
        }
    }

    private string Summary()
    {
        StringBuilder text = new("boot: ");
        text.Append(Result).Append(Result == "merged" && !IsChanged ? " before" : "");
        foreach (MergePlan plan in Plans)
            foreach (StackPlan stack in plan.Stacks)
                text.Append(' ').Append(session.Root.Outside(stack.Target)).Append(" (")
                    .Append(MutableModes.Name(plan.Mode))
                    .Append(plan.Extensions.Count == 0 ? "" : ": ").Append(plan.Extensions.Joined(", ")).Append(')');
        if (Fallback is not null)
            text.Append(", fallback ").Append(Fallback);
        return text.Append(", ").Append(Milliseconds(session.Started)).Append(" ms").ToString();
    }

    private JsonValue Json() => JsonReport.Begin()
        .Add("versions", JsonValue.Object()
            .Add("bootmerge", ProgramVersion.Text)
            .Add("kernel", KernelRelease()))
        .Add("root", session.Root.Path)
        .Add("result", Result)
        .Add("changed", JsonValue.Boolean(IsChanged))
        .Add("failure", Failure)
        .Add("fallback", Fallback)
        .Add("fallbackReason", FallbackReason)
        .Add("removedWhiteouts", JsonValue.Strings(Whiteouts))
        .Add("removedOpaqueMarks", JsonValue.Strings(OpaqueMarks))
        .Add("pruned", Pruned ?? JsonValue.Null())
        .Add("hierarchies", PlanReport.Json(Plans))
        .Add("notMerged", JsonReport.NotMerged(Selections))
        .Add("ignored", JsonReport.Ignored(Selections))
        .Add("milliseconds", _times);

    /// <summary>
    /// Reports of this boot's earlier runs, first one first: /run is empty at the beginning of a boot. If there are
    /// very many, only the first and the last ones.
    /// </summary>
    private static JsonValue EarlierRuns(SafeFileHandle directory)
    {
        JsonValue runs = JsonValue.Array();
        using SafeFileHandle? file = Sys.TryOpenAt(directory, FileName, Sys.O_RDONLY | Sys.O_NONBLOCK,
            Sys.RESOLVE_NO_SYMLINKS, out _);
        // What somebody else has put there is not a report.
        if (file is null || Sys.Status(file) is not { IsRegular: true, Size: < Limit }
            || JsonReader.TryParse(Sys.ReadAll(file, Limit, FileName)) is not { Kind: JsonKind.Object } last)
            return runs;
        if (last.Get(EarlierKey) is { Kind: JsonKind.Array } earlier)
            runs.Items.AddAll(earlier.Items);
        if (runs.Items.Count == MostRuns)
            runs.Items.RemoveAt(1);
        JsonValue own = JsonValue.Object();
        for (int i = 0; i < last.Keys.Count; i++)
            if (last.Keys[i] is not EarlierKey)
                own.Add(last.Keys[i], last.Items[i]);
        return runs.Add(own);
    }

    private static string KernelRelease()
    {
        const string Path = "/proc/sys/kernel/osrelease";
        using SafeFileHandle? file = Sys.TryOpen(Path, Sys.O_RDONLY);
        return file is null ? "" : PathText.Decode(Sys.ReadAll(file, 4096, Path)).TrimEnd('\n');
    }

    /// <summary>"1.25"</summary>
    private static string Milliseconds(long since)
    {
        long microseconds = (Stopwatch.GetTimestamp() - since) / (Stopwatch.Frequency / 1_000_000);
        return (microseconds / 1000).ToString() + "." + (microseconds % 1000 / 10).ToString().PadLeft(2, '0');
    }
}
