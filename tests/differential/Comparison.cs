using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading.Tasks;

namespace BootMerge.DifferentialTests;

/// <summary>A fact that is not the same on both sides after a step.</summary>
/// <param name="Fact">Its name, see <see cref="Observation"/>.</param>
/// <param name="Reference">systemd-confext's, or null where it has no such fact.</param>
/// <param name="Subject">bootmerge's, or null.</param>
internal sealed record Difference(string Scenario, int StepNumber, string Step, string Fact, string? Reference, string? Subject)
{
    public override string ToString() =>
        $"  after step {StepNumber} ({Step}): {Fact}\n    systemd:   {Reference ?? "(nothing)"}\n    bootmerge: {Subject ?? "(nothing)"}";
}

/// <summary>Which program one side of a comparison runs for <see cref="Actor.EachSidesOwn"/>.</summary>
internal delegate CommandResult Program(Bench bench, Command command);

/// <summary>Runs a scenario on two sides and finds what differs.</summary>
internal static class Comparison
{
    public static readonly Program Systemd = (bench, command) => bench.Systemd(command.Arguments, command.Environment);
    public static readonly Program Bootmerge = (bench, command) => bench.BootmergeAs(dropIn: false, command.Arguments, command.Environment);
    public static readonly Program DropIn = (bench, command) => bench.BootmergeAs(dropIn: true, command.Arguments, command.Environment);

    public static List<Difference> Run(Scenario scenario, Program reference, Program subject)
    {
        // Two processors are kept busy: the sides know nothing of each other.
        Task<List<Observation>> referenceSide = Task.Run(() => Observe(scenario, reference));
        List<Observation> subjects = Observe(scenario, subject);
        List<Observation> references = referenceSide.GetAwaiter().GetResult();
        List<Difference> differences = [];
        for (int step = 0; step < references.Count; step++)
            Compare(scenario, step, references[step], subjects[step], differences);
        return differences;
    }

    /// <summary>One observation before the first step, one after each step, one after a last unmerge.</summary>
    private static List<Observation> Observe(Scenario scenario, Program program) => Bench.Run(scenario.Root, bench =>
    {
        scenario.Arrange(bench.Root);
        List<Observation> observations = [Observation.Of(bench, scenario)];
        foreach (Step step in AllSteps(scenario))
        {
            Dictionary<string, ulong?> before = Observation.Identities(bench, scenario);
            Action<Observation> addResult = Do(step, bench, program);
            Dictionary<string, ulong?> after = Observation.Identities(bench, scenario);
            Observation observation = Observation.Of(bench, scenario);
            addResult(observation);
            foreach ((string hierarchy, ulong? identity) in after)
                observation.Add($"another mount {hierarchy}", identity == before[hierarchy] ? "no" : "yes");
            observations.Add(observation);
        }
        return observations;
    });

    private static IEnumerable<Step> AllSteps(Scenario scenario) => [.. scenario.Steps, Steps.Unmerge];

    private static Action<Observation> Do(Step step, Bench bench, Program program)
    {
        switch (step)
        {
            case Command { Actor: Actor.SystemdOnBoth } command:
                CommandResult same = bench.Systemd(command.Arguments, command.Environment);
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

    private static void Compare(
        Scenario scenario, int step, Observation reference, Observation subject, List<Difference> differences)
    {
        string text = step == 0 ? "the arrangement" : step <= scenario.Steps.Length ? scenario.Steps[step - 1].Text : "the last unmerge";
        SortedSet<string> names = new(reference.Facts.Keys, StringComparer.Ordinal);
        names.UnionWith(subject.Facts.Keys);
        foreach (string name in names)
        {
            string? left = reference.Facts.GetValueOrDefault(name), right = subject.Facts.GetValueOrDefault(name);
            if (left != right)
                differences.Add(new Difference(scenario.Name, step, text, name, left, right));
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
