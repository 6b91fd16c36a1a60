using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Mono.Unix.Native;
using Xunit;

namespace BootMerge.KernelTests.Support;

/// <param name="Line">As strace writes it, with the arguments.</param>
internal sealed record TracedCall(string Name, string Line);

/// <summary>
/// The program under strace(1), or under inject.c: what it asks the kernel for, and what happens if the kernel refuses.
/// </summary>
internal static class Traced
{
    /// <summary>One line of strace for each of these calls that a run makes, in order.</summary>
    public static List<string> Calls(string calls, TestRoot root, params string[] arguments)
    {
        (Outcome outcome, List<string> lines) = Run(["-e", "trace=" + calls], root, arguments);
        outcome.Succeeds();
        return lines;
    }

    /// <summary>Makes the <paramref name="when"/>th of these calls fail with the error of this name.</summary>
    public static Outcome Inject(string call, string error, int when, TestRoot root, params string[] arguments) =>
        Inject(call, error, when, root, Workplace.Binary, ["--root=" + root.Path, .. arguments]);

    /// <summary>The same with another command line.</summary>
    public static Outcome Inject(string call, string error, int when, TestRoot root, string program,
        string[] arguments) =>
        Disturb(call, when, NativeConvert.FromErrno(Enum.Parse<Errno>(error)), root, program, arguments);

    /// <summary>
    /// An injection in strace's own words, "call:error=NAME:when=N", and the trace of all calls that mount.
    /// </summary>
    public static (Outcome Outcome, List<string> Calls) Inject(string injection, TestRoot root,
        params string[] arguments) =>
        Run(["-e", "trace=fsconfig,mount," + injection.Split(':')[0], "-e", "inject=" + injection], root, arguments);

    /// <summary>
    /// The directories whose mounts a run copied, as the kernel names them. If a mount is not attached, this is the
    /// path inside it, and before 6.15 the kernel refuses the copy.
    /// </summary>
    public static (Outcome Outcome, List<string> Directories) Copies(TestRoot root, string program,
        params string[] arguments)
    {
        (Outcome outcome, List<string> lines) = Run(["-y", "-e", "trace=open_tree"], root, [program, .. arguments],
            isWhole: true);
        return (outcome, [.. lines.Select(line => line[(line.IndexOf('<', StringComparison.Ordinal) + 1)
            ..line.IndexOf('>', StringComparison.Ordinal)])]);
    }

    /// <summary>As <see cref="Kill(string, int, TestRoot, string[])"/>.</summary>
    public static Outcome Kill(SweepPoint point, TestRoot root, params string[] arguments) =>
        Kill(point.Call, point.Number, root, arguments);

    /// <summary>The same with another command line.</summary>
    public static Outcome Kill(SweepPoint point, TestRoot root, string program, string[] arguments) =>
        Disturb(point.Call, point.Number, 0, root, program, arguments);

    /// <summary>
    /// Kills the program as it enters this call for the <paramref name="when"/>th time. The call is not made.
    /// </summary>
    public static Outcome Kill(string call, int when, TestRoot root, params string[] arguments) =>
        Disturb(call, when, 0, root, Workplace.Binary, ["--root=" + root.Path, .. arguments]);

    /// <param name="error">The number of the error; 0: the program is killed.</param>
    private static Outcome Disturb(string call, int when, int error, TestRoot root, string program,
        string[] arguments)
    {
        root.Remember();
        return Outcome.Of(Workplace.Injector,
            [call, when.ToString(CultureInfo.InvariantCulture), error.ToString(CultureInfo.InvariantCulture),
                program, .. arguments]);
    }

    /// <summary>Makes a call take a second longer, and does something else in that second.</summary>
    /// <param name="injection">"call:delay_exit=1000000:when=N"</param>
    /// <param name="isThen">Whether that second has begun.</param>
    public static Outcome Meanwhile(string injection, Func<bool> isThen, Action act, TestRoot root,
        params string[] arguments)
    {
        Task<Outcome> run = Task.Run(() => Run(["-e", "trace=" + injection.Split(':')[0], "-e", "inject=" + injection],
            root, arguments).Outcome);
        while (!isThen() && !run.IsCompleted)
            Thread.Sleep(2);
        act();
        Assert.False(run.IsCompleted, "it was not slow enough");
        return run.GetAwaiter().GetResult();
    }

    /// <summary>Every system call of the thread that does the work, in order.</summary>
    public static List<TracedCall> MainThread(TestRoot root, params string[] arguments) =>
        MainThread(root, Workplace.Binary, ["--root=" + root.Path, .. arguments]);

    public static List<TracedCall> MainThread(TestRoot root, string program, string[] arguments)
    {
        root.Remember();
        string log = root.Path + ".strace";
        Outcome.Of("strace", ["-f", "-qq", "-e", "signal=none", "-o", log, program, .. arguments]).Succeeds();
        List<string> lines = [.. File.ReadLines(log)];
        string thread = lines[0][..lines[0].IndexOf(' ', StringComparison.Ordinal)];
        return [.. lines.Where(line => line.StartsWith(thread + " ", StringComparison.Ordinal)
            && line.Contains('(', StringComparison.Ordinal) && !line.Contains("<... ", StringComparison.Ordinal))
            .Select(line => new TracedCall(line[(thread.Length + 1)..line.IndexOf('(', StringComparison.Ordinal)]
            .Trim(), line))];
    }

    private static (Outcome Outcome, List<string> Lines) Run(string[] options, TestRoot root, string[] arguments,
        bool isWhole = false)
    {
        root.Remember();
        string log = root.Path + ".strace";
        Outcome outcome = Outcome.Of("strace",
            ["-f", "-qq", "-s", "4096", "-o", log, .. options, .. isWhole
            ? arguments : [Workplace.Binary, "--root=" + root.Path, .. arguments]]);
        List<string> lines = [.. File.ReadLines(log)
            .Select(line => line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..].TrimStart())
            .Where(line => !line.StartsWith("+++", StringComparison.Ordinal)
            && !line.StartsWith("---", StringComparison.Ordinal))];
        return (outcome, lines);
    }
}
