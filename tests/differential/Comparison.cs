using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading.Tasks;

namespace BootMerge.DifferentialTests;

/// <summary>A fact that is not the same on both sides after a step.</summary>
/// <param name="Fact">Its name, see <see cref="Observation"/>.</param>
/// <param name="CalledAs">The name by which bootmerge was called.</param>
/// <param name="Reference">systemd's, or null where it has no such fact.</param>
/// <param name="Subject">bootmerge's, or null.</param>
internal sealed record Difference(string Scenario, CalledAs CalledAs, int StepNumber, string Step, string Fact,
    string? Reference, string? Subject)
{
    public override string ToString() =>
        $"  as {CalledAs}, after step {StepNumber} ({Step}): {Fact}\n    systemd:   {Reference ?? "(nothing)"}\n    "
            + $"bootmerge: {Subject ?? "(nothing)"}";
}

/// <summary>A side of a comparison that runs or has run.</summary>
/// <param name="Name">The name by which bootmerge is called.</param>
internal sealed record Side(CalledAs Name, Task<List<Observation>> Observations);

/// <summary>Which program one side of a comparison runs for <see cref="Actor.EachSidesOwn"/>.</summary>
internal delegate CommandResult Program(Bench bench, Command command);

/// <summary>Runs a scenario on every side and finds what differs.</summary>
internal static class Comparison
{
    public static readonly Program Systemd = (bench, command) => bench.Systemd(command);

    /// <summary>A soak takes every look anew instead of reusing an earlier one.</summary>
    public static bool IsSoak => Environment.GetEnvironmentVariable("SOAK") is not null;

    private static readonly Command StatusJson = Steps.Run("status", "--json=pretty");

    /// <summary>
    /// The tables of `status`, by what the same program says as JSON in the same kind of root and environment. The
    /// table follows from the JSON, and most states occur in several scenarios.
    /// </summary>
    private static readonly ConcurrentDictionary<(Program Program, RootKind Root, string Json), CommandResult> Tables =
        new();

    private static readonly Program Itself = (bench, command) => bench.BootmergeAsItself(command);
    private static readonly Program DropIn = (bench, command) => bench.BootmergeAsDropIn(command);

    /// <summary>Begins bootmerge's sides, by each of its names that the scenario is for.</summary>
    public static List<Side> StartBootmerge(Scenario scenario)
    {
        List<Side> sides = [];
        if (scenario.CalledAs.HasFlag(CalledAs.Bootmerge))
            sides.Add(new Side(CalledAs.Bootmerge, Start(scenario, Itself)));
        if (scenario.CalledAs.HasFlag(CalledAs.DropIn))
            sides.Add(new Side(CalledAs.DropIn, Start(scenario, DropIn)));
        return sides;
    }

    public static List<Difference> Run(Scenario scenario, Program reference, Program subject) =>
        Run(scenario, Start(scenario, reference), subject);

    public static List<Difference> Run(Scenario scenario, Task<List<Observation>> references, Program subject)
    {
        Side side = new(CalledAs.Both, Start(scenario, subject));
        return Compare(scenario, references.GetAwaiter().GetResult(), [side]);
    }

    /// <summary>Begins one side of a comparison.</summary>
    public static Task<List<Observation>> Start(Scenario scenario, Program program) =>
        Bench.Start(scenario.Root, scenario.Class, bench => Observe(bench, scenario, program));

    /// <summary>One observation before the first step, and one after each step. The last step is an unmerge.</summary>
    private static List<Observation> Observe(Bench bench, Scenario scenario, Program program)
    {
        scenario.Arrange(bench.Root);
        List<Observation> observations = [Observation.Of(bench, scenario)];
        bool isListed = false;
        foreach (Step step in AllSteps(scenario))
        {
            Dictionary<string, ulong?> before = Observation.Identities(bench, scenario);
            Action<Observation> addResult = Do(step, bench, program);
            Dictionary<string, ulong?> after = Observation.Identities(bench, scenario);
            Observation observation = Observation.Of(bench, scenario);
            addResult(observation);
            foreach ((string hierarchy, ulong? identity) in after)
                observation.Add($"another mount {hierarchy}", identity == before[hierarchy] ? "no" : "yes");
            if (step is Command { OnlyLooks: false } command)
            {
                AddStatus(bench, scenario, program, command, observation);
                // The list stays the same until the tree is changed.
                if (!isListed)
                    observation.AddLook("list --json", LikeThe(command, Steps.ListJson, program, bench));
                isListed = true;
            }
            else if (step is Change)
                isListed = false;
            observations.Add(observation);
        }
        return observations;
    }

    /// <summary>Adds what each side's own program says after a command, apart from what the step asks for.</summary>
    private static void AddStatus(
        Bench bench, Scenario scenario, Program program, Command after, Observation observation)
    {
        CommandResult json = LikeThe(after, StatusJson, program, bench);
        observation.AddLook("status --json", json);
        string environment = string.Join(' ', after.Environment);
        string state = $"{(after.Class ?? scenario.Class).Name} {json.ExitStatus} [{environment}] "
            + OutputFacts.WithoutTimes(json.Output);
        observation.AddLook("status",
            IsSoak || json.Output.Length == 0 ? LikeThe(after, Steps.Status, program, bench)
                : Tables.GetOrAdd((program, scenario.Root, state), _ => LikeThe(after, Steps.Status, program, bench)));
    }

    private static CommandResult LikeThe(Command command, Command look, Program program, Bench bench) =>
        program(bench, look with { Environment = command.Environment, Class = command.Class });

    /// <summary>How many observations each side of a scenario has.</summary>
    public static int ObservationsOf(Scenario scenario) => 1 + AllSteps(scenario).Length;

    private static Step[] AllSteps(Scenario scenario) =>
        scenario.Steps is [.., Command
        {
            Actor: Actor.EachSidesOwn, Class: null, Environment.Count: 0,
            Arguments: ["unmerge"] or ["--no-reload", "unmerge"]
        }]
            ? scenario.Steps : [.. scenario.Steps, Steps.Unmerge];

    private static Action<Observation> Do(Step step, Bench bench, Program program)
    {
        switch (step)
        {
            case Command { Actor: Actor.SystemdOnBoth } command:
                CommandResult same = bench.Systemd(command);
                return observation => observation.Add(same, withErrors: true);
            case Command command:
                CommandResult own = program(bench, command);
                return observation => observation.Add(own, withErrors: false);
            case Change change:
                change.Do(bench.Root);
                return _ => { };
            case Attempt attempt:
                string outcome = OutcomeOf(attempt, bench);
                return observation => observation.Add("outcome", outcome);
            default:
                throw new ArgumentException(step.Text, nameof(step));
        }
    }

    private static string OutcomeOf(Attempt attempt, Bench bench)
    {
        try
        {
            attempt.Do(bench.Root);
            return "done";
        }
        catch (NativeException refused)
        {
            return Marshal.GetPInvokeErrorMessage(refused.Errno);
        }
        catch (IOException refused)
        {
            return refused is FileNotFoundException or DirectoryNotFoundException
                ? "not there"
                : Marshal.GetPInvokeErrorMessage(refused.HResult);
        }
        catch (UnauthorizedAccessException)
        {
            return "not permitted";
        }
    }

    /// <summary>What differs between systemd's observations and those of the other sides.</summary>
    public static List<Difference> Compare(
        Scenario scenario, List<Observation> references, IReadOnlyList<Side> sides)
    {
        List<Difference> differences = [];
        foreach (Side side in sides)
            Compare(scenario, side.Name, references, side.Observations.GetAwaiter().GetResult(), differences);
        return differences;
    }

    private static void Compare(
        Scenario scenario, CalledAs name,
            List<Observation> references, List<Observation> subjects, List<Difference> differences)
    {
        for (int step = 0; step < subjects.Count; step++)
        {
            string text = step == 0 ? "the arrangement" : step <= scenario.Steps.Length
                ? scenario.Steps[step - 1].Text : "the last unmerge";
            SortedSet<string> names = new(references[step].Facts.Keys, StringComparer.Ordinal);
            names.UnionWith(subjects[step].Facts.Keys);
            foreach (string fact in names)
            {
                string? left = references[step].Facts.GetValueOrDefault(fact),
                    right = subjects[step].Facts.GetValueOrDefault(fact);
                if (left != right)
                    differences.Add(new Difference(scenario.Name, name, step, text, fact, left, right));
            }
        }
    }

    public static string Report(Scenario scenario, IReadOnlyCollection<Difference> differences)
    {
        StringBuilder text = new();
        text.Append(scenario.Name).Append('\n').Append("steps:");
        for (int step = 0; step < scenario.Steps.Length; step++)
            text.Append($" {step + 1}={scenario.Steps[step].Text};");
        text.Append($" {differences.Count} differences:\n");
        foreach (Difference difference in differences)
            text.Append(difference).Append('\n');
        return text.ToString();
    }
}
