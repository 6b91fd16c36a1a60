using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace BootMerge.DifferentialTests;

/// <summary>
/// Runs every scenario under systemd's program and under bootmerge, by its own name and by systemd's. The results are
/// the same, or differ as listed.
/// </summary>
[Collection("one scenario at a time")]
public sealed class AgainstSystemd
{
    // Each side waits for its programs, and systemd's side is the slowest: a single scenario leaves a processor idle.
    private static readonly TaskScheduler twoAtATime =
        new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, maxConcurrencyLevel: 2).ConcurrentScheduler;

    private static readonly Lazy<References> references = new(() =>
    {
        References made = new(ReferenceCache.OfThisRun(), Comparison.IsSoak, Scenarios.All,
            difference => AllowedDifferences.All.Any(allowance => allowance.WouldCover(difference)),
            scenario => Comparison.Start(scenario, Comparison.Systemd));
        made.Say(made.Source);
        return made;
    });

    /// <summary>By name. They run ahead of the tests that ask for them.</summary>
    private static readonly ConcurrentDictionary<string, Task<IReadOnlyList<Difference>>> results =
        new(StringComparer.Ordinal);

    private static readonly Lazy<string[]> chosen = new(() => [.. Scenarios.All.Select(scenario => scenario.Name)
        .Where(name => name.Contains(Environment.GetEnvironmentVariable("SCENARIOS") ?? "",
            StringComparison.Ordinal))]);

    /// <summary>All, or those with the environment's SCENARIOS in their names.</summary>
    public static TheoryData<string> Names => [.. chosen.Value];

    [Theory]
    [MemberData(nameof(Names))]
    public void Bootmerge_does_as_systemd_does(string name)
    {
        Scenario scenario = Scenarios.All.Single(scenario => scenario.Name == name);
        IReadOnlyList<Difference> differences = DifferencesOf(scenario);
        Assert.True(differences.Count == 0, Comparison.Report(scenario, differences));
    }

    [Fact]
    public void Every_allowance_is_still_needed()
    {
        foreach (Scenario scenario in Scenarios.All)
            _ = DifferencesOf(scenario);
        AskSystemdAboutUnused();
        IEnumerable<string> unused = AllowedDifferences.All
            .Where(allowance => !allowance.IsUsed)
            .Select(allowance => $"{allowance.CalledAs}, {allowance.Scenario} | {allowance.Fact} | {allowance.Values} "
            + $"({allowance.Reason})");
        Assert.Empty(unused);
    }

    [Fact]
    public void Scenarios_have_names_of_their_own()
    {
        Assert.Equal(Scenarios.All.Count, Scenarios.All.Select(scenario => scenario.Name).Distinct().Count());
        Assert.True(Scenarios.All.Count >= 400);
    }

    /// <summary>The cache alone does not decide that an allowance is not needed.</summary>
    private static void AskSystemdAboutUnused()
    {
        foreach (Scenario scenario in Scenarios.All)
        {
            if (!references.Value.IsFromCache(scenario)
                || !AllowedDifferences.All.Any(allowance => !allowance.IsUsed && allowance.IsFor(scenario.Name)))
                continue;
            List<Difference> differences = references.Value
                .CompareWithSystemd(scenario, Comparison.StartBootmerge(scenario))
                .FindAll(difference => !IsAllowed(difference));
            Assert.True(differences.Count == 0, Comparison.Report(scenario, differences));
        }
        references.Value.Keep();
    }

    /// <summary>The differences that no allowance covers. Every allowance that covers one counts as used.</summary>
    private static IReadOnlyList<Difference> DifferencesOf(Scenario scenario)
    {
        Assert.True(Programs.FindBootmerge() is not null,
            "no out/bootmerge above this program: run ./build.sh build first");
        if (results.IsEmpty)
        {
            foreach (Scenario next in Scenarios.All.Where(next => chosen.Value.Contains(next.Name)))
                _ = results.GetOrAdd(next.Name, _ => Begin(next));
        }
        return results.GetOrAdd(scenario.Name, _ => Begin(scenario)).GetAwaiter().GetResult();
    }

    private static Task<IReadOnlyList<Difference>> Begin(Scenario scenario) =>
        Task.Factory.StartNew<IReadOnlyList<Difference>>(
            () => references.Value.Compare(scenario, Comparison.StartBootmerge(scenario))
                .FindAll(difference => !IsAllowed(difference)),
            CancellationToken.None, TaskCreationOptions.LongRunning, twoAtATime);

    /// <summary>Asks every allowance, so that each one that covers something counts as used.</summary>
    private static bool IsAllowed(Difference difference)
    {
        bool allowed = false;
        foreach (Allowance allowance in AllowedDifferences.All)
            allowed |= allowance.Covers(difference);
        return allowed;
    }
}
