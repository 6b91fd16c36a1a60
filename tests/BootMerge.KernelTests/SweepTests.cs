using System;
using System.Collections.Generic;
using System.Linq;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>
/// At one system call after the other, a command is killed, or the kernel refuses the call. With SOAK in the
/// environment this is every call. Each of three commands follows a kill (two follow a killed refresh), and a call is
/// refused with each of five errors; those of the runtime and the C library, which do not tell errors apart, with one.
/// Otherwise it is the calls that change something, where a kill leaves all that it can leave.
/// </summary>
public sealed class SweepTests : KernelTest
{
    private static readonly string[] Errors = ["EPERM", "ENOMEM", "EIO", "EINVAL", "ENOSPC"];

    private static readonly (string Verb, string Kind)[] Arrangements =
    [
        ("merge", "read-only"), ("merge", "self-routed"), ("merge", "elsewhere"), ("merge", "created"),
            ("merge", "imported"), ("merge", "ephemeral"), ("merge", "submounts"),
        ("merge", "images"), ("merge", "two hierarchies"), ("merge", "signed image"),
        ("refresh", "read-only"), ("refresh", "self-routed"), ("refresh", "elsewhere"), ("refresh", "imported"),
            ("refresh", "ephemeral"), ("refresh", "submounts"),
        ("refresh", "images"), ("refresh", "two hierarchies"),
        ("unmerge", "read-only"), ("unmerge", "self-routed"), ("unmerge", "ephemeral"), ("unmerge", "submounts"),
            ("unmerge", "images"), ("unmerge", "two hierarchies"),
    ];

    public static TheoryData<string, string> Cases => new(Arrangements);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Killed_anywhere_it_leaves_the_old_or_the_new_state_whole_and_the_next_command_leaves_nothing_of_it(
        string verb, string kind)
    {
        Sweep sweep = new(Root, verb, kind);
        List<SweepPoint> points = sweep.Points(Turn(verb, kind), others: 0);
        int killed = 0;
        List<string> findings = [];

        // The command that follows changes from point to point, so that each command follows each kind of call.
        string[] following = verb is "refresh" ? ["refresh", "unmerge"] : [verb, "refresh", "unmerge"];
        for (int i = 0; i < points.Count; i++)
        {
            foreach (string next in SweepPoints.IsWhole ? following : [following[i % following.Length]])
            {
                Outcome outcome = Traced.Kill(points[i], Root, sweep.Arguments);
                killed += outcome.Status == 0 ? 0 : 1;
                string where = $"{points[i]}then {next}: ";
                findings.AddRange(sweep.WhatIsTorn().Select(line => where + line));

                bool isDone = sweep.IsNew();
                Outcome after = sweep.Next(next);
                // The killed merge had only its message left to write.
                bool isMergedAlready = next is "merge" && isDone
                    && after.Error.Contains("already merged", StringComparison.Ordinal);
                if (after.Status != 0 && !isMergedAlready)
                    findings.Add(where + after);
                else if (next is not "unmerge" && verb is not "unmerge" && !sweep.IsNew())
                    findings.Add(where + "the next command has not brought the new state");
                sweep.Next("unmerge").Succeeds();
                findings.AddRange(sweep.WhatIsLeft().Select(line => where + line));
                sweep.ResetUnmerged();
                Assert.True(findings.Count < 20, string.Join('\n', findings));
            }
        }

        Assert.True(findings.Count == 0, string.Join('\n', findings));
        sweep.Next("unmerge").Succeeds();
        Assert.True(killed > points.Count * 9 / 10, $"only {killed} of {points.Count} kills");
        TestContext.Current.TestOutputHelper!.WriteLine($"{verb}, {kind}: killed {killed} times");
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Refused_anywhere_it_names_the_call_and_changes_nothing_or_finds_a_way_around(string verb, string kind)
    {
        Sweep sweep = new(Root, verb, kind);
        List<SweepPoint> points = [.. sweep.Points(Turn(verb, kind), others: 16)
            .Where(point => SweepPoints.CanBeRefused(point.Call))];
        List<string> before = sweep.State();
        int refused = 0;
        List<string> findings = [];

        for (int i = 0; i < points.Count; i++)
        {
            (string call, int number) = points[i];
            bool isAnyError = SweepPoints.IsWhole && !SweepPoints.IsOfRuntime(call);
            foreach (string error in isAnyError ? Errors : [Errors[i % Errors.Length]])
            {
                Outcome outcome = Traced.Inject(call, error, number, Root, sweep.Arguments);
                string where = $"{call} number {number} with {error}: ";
                if (outcome.Status == 0)
                {
                    // An extension that cannot be read is left out and named with the reason.
                    bool isLeftOut = outcome.Error.Contains("Not merging", StringComparison.Ordinal)
                        && NamesTheCall(outcome, call, error);
                    if (!sweep.IsNew() && !isLeftOut)
                        findings.Add(where + "success, but not the new state: " + outcome);
                    sweep.Reset();
                    findings.AddRange(sweep.WhatIsLeftAfterUnmerge().Select(line => where + line));
                    sweep.ResetUnmerged();
                    before = sweep.State();
                    continue;
                }

                refused++;
                // Without memory or a thread the runtime aborts, wherever the program is: the same as a kill.
                if (SweepPoints.IsOfRuntime(call) && outcome.Status != 1)
                {
                    findings.AddRange(sweep.WhatIsTorn().Select(line => where + line));
                    findings.AddRange(sweep.WhatIsLeftAfterUnmerge().Select(line => where + line));
                    sweep.ResetUnmerged();
                    before = sweep.State();
                    continue;
                }

                if (!before.SequenceEqual(sweep.State(), StringComparer.Ordinal))
                {
                    findings.Add(where + "changed: " + string.Join(" | ",
                        sweep.State().Except(before, StringComparer.Ordinal)) + outcome);
                    sweep.Reset();
                    before = sweep.State();
                }

                if (!SweepPoints.IsOfRuntime(call) && !(outcome.Status == 1 && NamesTheCall(outcome, call, error)))
                    findings.Add(where + "should fail with the name of the call: " + outcome);
                Assert.True(findings.Count < 20, string.Join('\n', findings));
            }
        }

        Assert.True(findings.Count == 0, string.Join('\n', findings));
        sweep.Next("unmerge").Succeeds();
        // Most of unmerge's calls only look, and it can do without them.
        Assert.True(refused > (verb is "unmerge" ? 0 : 10 / SweepPoints.Step),
            $"only {refused} of {points.Count} calls mattered");
        TestContext.Current.TestOutputHelper!.WriteLine($"{verb}, {kind}: {points.Count} calls, {refused} failures");
    }

    private static int Turn(string verb, string kind) => Array.IndexOf(Arrangements, (verb, kind));

    /// <summary>Looks for the name of the manual page: mkdir(2) for mkdirat.</summary>
    private static bool NamesTheCall(Outcome outcome, string call, string error)
    {
        string name = call switch
        {
            "mkdirat" => "mkdir",
            "openat" or "openat2" => "open",
            "unlinkat" => "unlink",
            "readlinkat" => "readlink",
            "renameat" => "rename",
            "pread64" => "read",
            "fstatfs" => "stat", // statfs, or statvfs of the C library
            _ => call.TrimStart('f'),
        };
        return outcome.ErrorLines.Any(line => line.Contains(name, StringComparison.Ordinal)
            && line.Contains(error, StringComparison.Ordinal));
    }
}
