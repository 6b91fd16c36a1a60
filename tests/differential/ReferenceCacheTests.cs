using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Xunit;
using static BootMerge.DifferentialTests.Steps;

namespace BootMerge.DifferentialTests;

/// <summary>Proves that systemd's side from an earlier run neither fails a scenario nor hides a difference.</summary>
[Collection("one scenario at a time")]
public sealed class ReferenceCacheTests : IDisposable
{
    private static readonly Scenario Small = new("small", root => root.Extension("foo"), Merge());

    /// <summary>What systemd's side of the scenario shows, and another side that shows the same.</summary>
    private static readonly Lazy<Task<List<Observation>>> systemd =
        new(() => Comparison.Start(Small, Comparison.Systemd));

    private readonly string directory = Directory.CreateTempSubdirectory("reference-cache-").FullName;
    private readonly List<string> said = [];
    private int asked;

    private static List<Observation> Real => systemd.Value.GetAwaiter().GetResult();

    private ReferenceCache Cache => new(directory, "123456789abc");

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void What_is_written_is_read()
    {
        Observation odd = new(new Dictionary<string, string>
        {
            ["merged etc/\"ö\n"] = "\uFFFD\0<>&'\u2028",
            [""] = "",
        });
        Cache.Write([new("small", Real), new("odd", [odd, new Observation()])]);
        Dictionary<string, List<Observation>> read = Cache.Read();

        Assert.Equal(["odd", "small"], read.Keys.Order(StringComparer.Ordinal));
        Assert.True(Real.Count == Comparison.ObservationsOf(Small) && Real[1].Facts.Count > 30, "that proves little");
        Assert.Equal(Real.Select(observation => observation.Facts), read["small"].Select(observed => observed.Facts));
        Assert.Equal([odd.Facts, new Dictionary<string, string>()], read["odd"].Select(observed => observed.Facts));
    }

    [Fact]
    public void A_file_of_another_hash_is_not_read_and_goes_when_a_new_one_is_written()
    {
        string[] others = [directory + "/systemd-other.txt", directory + "/sid-root.lock"];
        foreach (string other in others)
            File.WriteAllText(other, "");
        Cache.Write([new("small", Real)]);
        ReferenceCache next = new(directory, "cba987654321");
        Assert.Empty(next.Read());
        next.Write([new("small", Real)]);
        Assert.Empty(Cache.Read());
        Assert.Equal([others[1], next.FilePath, others[0]],
            Directory.GetFiles(directory).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Each_condition_and_its_place_decide_the_hash()
    {
        string[][] conditions = [["a", "b"], ["a", "c"], ["b", "a"], ["ab", ""], ["", "ab"], ["ab"], ["a", "b", ""]];
        Assert.Equal(conditions.Length, conditions.Select(ReferenceCache.HashOf).Distinct().Count());
        Assert.Matches("^[0-9a-f]{12}$", ReferenceCache.HashOf(["a"]));
    }

    [Theory]
    [InlineData("cut")]
    [InlineData("changed")]
    [InlineData("empty")]
    [InlineData("a directory")]
    public void A_damaged_file_counts_as_absent(string damage)
    {
        Cache.Write([new("small", Real)]);
        Assert.NotEmpty(Cache.Read());
        string text = File.ReadAllText(Cache.FilePath);
        File.Delete(Cache.FilePath);
        if (damage == "a directory")
            Directory.CreateDirectory(Cache.FilePath);
        else
            File.WriteAllText(Cache.FilePath, damage switch
            {
                "cut" => text[..(text.Length / 2)],
                // Still JSON.
                "changed" => text.Replace("directory 755 0:0", "directory 755 0:1", StringComparison.Ordinal),
                _ => "",
            });
        Assert.Empty(Cache.Read());
    }

    [Fact]
    public void Without_a_cache_systemd_is_asked_and_with_one_it_is_not()
    {
        Assert.Empty(Compare(Real));
        Assert.Equal(1, asked);
        Assert.Empty(Compare(Real));
        Assert.Equal(1, asked);
    }

    [Fact]
    public void A_soak_asks_systemd()
    {
        Cache.Write([new("small", Real)]);
        Assert.Empty(Compare(Real, isAnew: true));
        Assert.Equal(1, asked);
    }

    [Fact]
    public void A_wrong_cache_does_not_fail_a_scenario_and_is_replaced()
    {
        foreach (List<Observation> wrong in (List<Observation>[])[Wrong(), [], [.. Real, .. Real]])
        {
            asked = 0;
            Cache.Write([new("small", wrong)]);
            Assert.Empty(Compare(Real));
            Assert.Equal(1, asked);
            Assert.Equal(Real.Select(observation => observation.Facts),
                Cache.Read()["small"].Select(observed => observed.Facts));
        }
    }

    [Fact]
    public void A_difference_is_reported_with_a_cache_and_not_kept()
    {
        Cache.Write([new("small", Real)]);
        Assert.Equal(["exit"], Compare(Wrong()).Select(difference => difference.Fact));
        Assert.Equal(1, asked);
        Assert.Equal(["'small' differs from the cache: systemd is asked"], said);

        // Nor without a cache.
        File.Delete(Cache.FilePath);
        Assert.Equal(["exit"], Compare(Wrong()).Select(difference => difference.Fact));
        Assert.Equal(2, asked);
        Assert.False(File.Exists(Cache.FilePath), "a difference is kept");
    }

    [Fact]
    public void An_allowed_difference_is_returned_from_the_cache_and_kept()
    {
        Allowance allowance = new("small", "exit", "0 => 3", "a reason");
        Assert.Equal(["exit"], Compare(Wrong(), allowance: allowance).Select(difference => difference.Fact));
        Assert.Equal(["exit"], Compare(Wrong(), allowance: allowance).Select(difference => difference.Fact));
        Assert.Equal(1, asked);
        Assert.False(allowance.IsUsed, "only the final list of differences uses an allowance");
    }

    [Fact]
    public void A_part_of_the_scenarios_is_not_kept()
    {
        References references = new(Cache, isAnew: false, [Small, Small with { Name = "not run" }], _ => false, Systemd)
        { Say = said.Add };
        Assert.Empty(references.Compare(Small, [SideOf(Real)]));
        Assert.False(File.Exists(Cache.FilePath), "a part is kept");
    }

    [Fact]
    public void This_run_has_a_cache_beside_the_sid_root()
    {
        ReferenceCache? cache = ReferenceCache.OfThisRun();
        Assert.True(cache is not null, "a source is newer than this program");
        Assert.Equal(Path.GetDirectoryName(Programs.SidRoot), Path.GetDirectoryName(cache.FilePath));
        Assert.Equal(cache.FilePath, ReferenceCache.OfThisRun()!.FilePath);
    }

    private List<Difference> Compare(List<Observation> subject, bool isAnew = false, Allowance? allowance = null) =>
        new References(Cache, isAnew, [Small], difference => allowance?.WouldCover(difference) == true, Systemd)
        { Say = said.Add }.Compare(Small, [SideOf(subject)]);

    private Task<List<Observation>> Systemd(Scenario scenario)
    {
        asked++;
        return systemd.Value;
    }

    private static Side SideOf(List<Observation> observations) => new(CalledAs.Both, Task.FromResult(observations));

    /// <summary>As if the merge had failed.</summary>
    private static List<Observation> Wrong()
    {
        Observation merge = new(new Dictionary<string, string>(Real[1].Facts) { ["exit"] = "3" });
        return [Real[0], merge, .. Real[2..]];
    }
}
