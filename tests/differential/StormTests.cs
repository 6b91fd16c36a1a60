using System;
using System.Linq;
using Xunit;

namespace BootMerge.DifferentialTests;

/// <summary>
/// What readers and writers notice of refreshes. With SOAK in the environment, of a thousand, for both programs.
/// </summary>
[Collection("one scenario at a time")]
public sealed class StormTests(ITestOutputHelper output)
{
    private static int Refreshes(int few) => Comparison.IsSoak ? 1000 : few;

    [Fact]
    public void Of_many_refreshes_readers_notice_nothing_and_writers_lose_nothing()
    {
        Storm storm = Run("bootmerge", Refreshes(200), bench => bench.BootmergeAsItself);

        Assert.Empty(storm.Lost);
        Assert.Equal((0, 0, 0, 0), (storm.Counts["reads that found no file"], storm.Counts["reads of an older file"],
            storm.Counts["listings without all files"], storm.Counts["writers that gave up"]));
        // A lookup that is in the old merge while its mounts are removed may miss one: the manual page says so.
        Assert.InRange(storm.Counts["reads below a mount that found no file"], 0, 1);
        Assert.True(storm.Counts["reads"] > 10_000, "too few reads prove little");
        Assert.True(storm.Counts["writes"] > 1_000, "too few writes prove little");
    }

    [Fact]
    public void The_same_with_systemd_shows_that_the_storm_finds_what_it_looks_for()
    {
        Storm storm = Run("systemd-confext", Refreshes(50), bench => bench.Systemd);

        Assert.True(storm.Counts["reads that found no file"] > 0,
            "systemd-confext has no gap any more: say so in the manual page");
    }

    private Storm Run(string name, int refreshes, Func<Bench, Func<Command, CommandResult>> program)
    {
        Storm storm = Bench.Run(RootKind.Tmpfs, TestedClass.Confext, bench =>
        {
            Storm made = new(bench, program(bench));
            made.Run(refreshes);
            return made;
        });
        output.WriteLine($"{name}: " + string.Join(", ", storm.Counts.Select(count => $"{count.Value} {count.Key}"))
            + $", {storm.Lost.Count} lost");
        return storm;
    }
}
