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
/// What the boot stage did, for the log and, in /run/bootmerge/boot.json, for later. Disposing it writes both, also on
/// the way out of a failure.
/// </summary>
internal sealed class BootReport(Session session) : IDisposable
{
    private const string FileName = "boot.json";

    private readonly JsonValue _times = JsonValue.Object();
    private long _stepStart = session.Started;

    /// <summary>"merged", "switched off", or "failed".</summary>
    public string Result { get; set; } = "failed";

    /// <summary>The fallback that was taken, or null.</summary>
    public string? Fallback { get; set; }

    /// <summary>Why the boot stage failed, or null.</summary>
    public string? Failure { get; private set; }

    public string? FallbackReason { get; set; }

    /// <summary>Whiteouts that were removed because the vendor's list names them.</summary>
    public List<string> Whiteouts { get; set; } = [];

    /// <summary>Directories in which the layers below show since their opaque marks were taken off.</summary>
    public List<string> OpaqueMarks { get; } = [];

    /// <summary>How many of each kind were pruned; null when nothing was to be.</summary>
    public JsonValue? Pruned { get; set; }

    public List<Selection> Selections { get; set; } = [];

    public List<MergePlan> Plans { get; set; } = [];

    /// <summary>Ends a step: a line in the log with its time.</summary>
    public void Step(string name)
    {
        string milliseconds = Milliseconds(_stepStart);
        _stepStart = Stopwatch.GetTimestamp();
        _times.Add(name, JsonValue.RawNumber(milliseconds));
        session.Log.Info("boot: " + name + " took " + milliseconds + " ms.");
    }

    /// <summary>For an exception filter: takes the reason down and lets the exception pass.</summary>
    public bool TakeDown(Exception failure)
    {
        Failure = failure.Message;
        return false;
    }

    public void Dispose()
    {
        _times.Add("total", JsonValue.RawNumber(Milliseconds(session.Started)));
        session.Log.Info(Summary());
        // Losing the report must not fail a boot that has worked.
        try
        {
            using SafeFileHandle directory = RunDirectory.Open();
            Sys.ReplaceFile(directory, FileName, PathText.Encode(Json().ToPrettyText() + "\n"), Octal.Mode644);
        }
        catch (KernelException e)
        {
            session.Log.Warning("Cannot write " + RunDirectory.Path + "/" + FileName + ": " + e.Message);
        }
    }

    private string Summary()
    {
        StringBuilder text = new("boot: ");
        text.Append(Result);
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
            .Add("bootmerge", JsonValue.String(ProgramVersion.Text))
            .Add("kernel", JsonValue.String(KernelRelease())))
        .Add("root", JsonValue.String(session.Root.Path))
        .Add("result", JsonValue.String(Result))
        .Add("failure", JsonValue.StringOrNull(Failure))
        .Add("fallback", JsonValue.StringOrNull(Fallback))
        .Add("fallbackReason", JsonValue.StringOrNull(FallbackReason))
        .Add("removedWhiteouts", JsonValue.Strings(Whiteouts))
        .Add("removedOpaqueMarks", JsonValue.Strings(OpaqueMarks))
        .Add("pruned", Pruned ?? JsonValue.Null())
        .Add("hierarchies", PlanReport.Json(Plans))
        .Add("notMerged", JsonReport.NotMerged(Selections))
        .Add("ignored", JsonReport.Ignored(Selections))
        .Add("milliseconds", _times);

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
