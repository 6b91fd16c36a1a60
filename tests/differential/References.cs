using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace BootMerge.DifferentialTests;

/// <summary>
/// Where systemd's side of the scenarios comes from: from the cache of an earlier run, or from systemd itself. The
/// cache alone never decides that a scenario fails.
/// </summary>
/// <param name="cache">Null to run systemd's side of all.</param>
/// <param name="isAnew">Systemd's side is run of all, and may be kept.</param>
/// <param name="isExpected">Whether a difference has an allowance. It must not count the allowance as used.</param>
/// <param name="systemd">Starts systemd's side.</param>
internal sealed class References(ReferenceCache? cache, bool isAnew, IReadOnlyCollection<Scenario> all,
    Predicate<Difference> isExpected, Func<Scenario, Task<List<Observation>>> systemd)
{
    private readonly Dictionary<string, List<Observation>> cached = cache is null || isAnew ? [] : cache.Read();

    /// <summary>What the next run may take from the cache.</summary>
    private readonly ConcurrentDictionary<string, List<Observation>> kept = new(StringComparer.Ordinal);

    private readonly ConcurrentDictionary<string, bool> fromCache = new(StringComparer.Ordinal);
    private int compared, added;

    public Action<string> Say { get; init; } = line => Console.Error.WriteLine("differential: " + line);

    /// <summary>One line for the log.</summary>
    public string Source => cached.Count > 0
        ? $"systemd's side of {cached.Count} of {all.Count} scenarios is taken from {cache!.FilePath}"
        : "systemd's side of all scenarios is run: " + (cache is null ? "this program's sources are newer or not there"
            : isAnew ? "this is a soak" : $"there is no {cache.FilePath}");

    /// <summary>Whether the last comparison of this scenario was with the cache.</summary>
    public bool IsFromCache(Scenario scenario) => fromCache.ContainsKey(scenario.Name);

    /// <summary>
    /// Compares the sides of bootmerge with systemd's. After the last of all scenarios, keeps systemd's sides.
    /// </summary>
    public List<Difference> Compare(Scenario scenario, IReadOnlyList<Side> subjects)
    {
        try
        {
            if (cached.TryGetValue(scenario.Name, out List<Observation>? earlier)
                && earlier.Count == Comparison.ObservationsOf(scenario))
            {
                List<Difference> seen = Comparison.Compare(scenario, earlier, subjects);
                if (seen.TrueForAll(isExpected))
                {
                    fromCache[scenario.Name] = true;
                    kept[scenario.Name] = earlier;
                    return seen;
                }
                // The cache may be wrong. The subjects stay: once more, a fault that is seldom might not show.
                Say($"'{scenario.Name}' differs from the cache: systemd is asked");
            }
            return CompareWithSystemd(scenario, subjects);
        }
        finally
        {
            if (Interlocked.Increment(ref compared) == all.Count)
                Keep();
        }
    }

    /// <summary>The same, but never from the cache.</summary>
    public List<Difference> CompareWithSystemd(Scenario scenario, IReadOnlyList<Side> subjects)
    {
        List<Observation> references = systemd(scenario).GetAwaiter().GetResult();
        List<Difference> differences = Comparison.Compare(scenario, references, subjects);
        if (differences.TrueForAll(isExpected))
        {
            kept[scenario.Name] = references;
            Interlocked.Increment(ref added);
        }
        return differences;
    }

    /// <summary>Writes the cache if systemd was asked since.</summary>
    public void Keep()
    {
        if (cache is null || Interlocked.Exchange(ref added, 0) == 0)
            return;
        try
        {
            cache.Write(kept);
            Say($"systemd's side of {kept.Count} scenarios is kept in {cache.FilePath}");
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            // The next run takes longer, that is all.
            Say("systemd's side is not kept: " + failed.Message);
        }
    }
}
