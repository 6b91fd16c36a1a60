using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;

namespace BootMerge.DifferentialTests;

/// <summary>
/// Everything that is compared after a step, as facts: name and value. A name says the aspect and the place ("mount
/// etc[0] flags", "merged etc/hosts"). Values do not contain ids, times and paths that differ from run to run.
/// </summary>
/// <param name="earlier">The facts of an observation that was made before.</param>
internal sealed class Observation(IDictionary<string, string> earlier)
{
    private readonly SortedDictionary<string, string> facts = new(earlier, StringComparer.Ordinal);

    public Observation()
        : this(new Dictionary<string, string>())
    {
    }

    public IReadOnlyDictionary<string, string> Facts => facts;

    public static Observation Of(Bench bench, Scenario scenario)
    {
        Observation observation = new();
        new MountFacts(bench, observation.facts, scenario.Class).Add(scenario);
        observation.AddMerged(bench, scenario.Class, scenario.Hierarchies);
        observation.AddMerged(bench, scenario.Class == TestedClass.Confext ? TestedClass.Sysext : TestedClass.Confext,
            scenario.OthersHierarchies);
        bench.WithoutMounts(raw => TreeFacts.Add(observation.facts, "raw", raw, ""));
        observation.AddOutside(bench);
        return observation;
    }

    private void AddMerged(Bench bench, TestedClass tested, string[] hierarchies)
    {
        MarkerFacts markers = new(bench, facts, tested);
        foreach (string hierarchy in hierarchies)
        {
            TreeFacts.Add(facts, "merged", bench.Root[hierarchy], hierarchy, tested.Marker);
            markers.Add(hierarchy);
        }
    }

    /// <summary>Adds what a command shows that the harness itself runs, in addition to the scenario's.</summary>
    public void AddLook(string name, CommandResult result)
    {
        facts[name + " exit"] = result.ExitStatus.ToString(CultureInfo.InvariantCulture);
        OutputFacts.Add(facts, name, result.Output);
    }

    public void Add(CommandResult result, bool withErrors)
    {
        facts["exit"] = result.ExitStatus.ToString(CultureInfo.InvariantCulture);
        OutputFacts.Add(facts, "stdout", result.Output);
        if (withErrors)
            facts["stderr"] = OutputFacts.WithoutTimes(result.Errors);
        if (result.ExitStatus != 0)
            facts["explains"] = result.Errors.Trim().Length > 0 ? "yes" : "no";
    }

    public void Add(string name, string value) => facts[name] = value;

    /// <summary>
    /// The identities of the mounts at the hierarchies: they tell a skipped refresh from a repeated merge.
    /// </summary>
    public static Dictionary<string, ulong?> Identities(Bench bench, Scenario scenario)
    {
        Dictionary<string, ulong?> identities = [];
        foreach (string hierarchy in (string[])[.. scenario.Hierarchies, .. scenario.OthersHierarchies])
            identities[hierarchy] = Native.Lstat(bench.Root[hierarchy])?.MountId;
        return identities;
    }

    /// <summary>Adds what appeared beside the root. The two programs' own directories in /run do not count.</summary>
    private void AddOutside(Bench bench)
    {
        foreach (string directory in (string[])["run", "tmp"])
        {
            foreach (string entry in Directory.GetFileSystemEntries(Path.Combine(bench.Outside, directory)))
            {
                string name = $"{directory}/{Path.GetFileName(entry)}";
                if (name is not ("run/systemd" or "run/bootmerge" or "tmp/r" or "tmp/bootmerge" or "tmp/systemd-confext"
                    or "tmp/systemd-sysext" or "tmp/link")
                    && name != "tmp/" + Bench.ImageName)
                    facts["outside " + name] = "there";
            }
        }
    }
}
