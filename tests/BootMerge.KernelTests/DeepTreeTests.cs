using System;
using System.Linq;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>
/// The owner of a directory below /etc can make it as deep as he likes: deeper than the longest path, the stack or the
/// number of open files allows. Nothing that the program does with a tree may depend on its depth.
/// </summary>
public sealed class DeepTreeTests : KernelTest
{
    /// <summary>
    /// A multiple of 500. With names of one letter a path has more than the 4096 bytes that the kernel takes, and each
    /// level has 100 bytes of the stack. The kernel's time grows with the square.
    /// </summary>
    private static readonly int Levels = SweepPoints.IsWhole ? 4500 : 2500;

    /// <summary>
    /// Names of the shortest and of the longest kind. With long ones, the paths of all directories on the way down are
    /// together larger than the program's memory.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(255)]
    public void Boot_prunes_what_is_equal_and_merges(int nameLength)
    {
        int levels = nameLength > 1 ? 600 : Levels;
        Arrange(nameLength, own: true, shared: true, levels);

        Run("boot").Succeeds().Says($"removed 1 file, {levels + 1} directories");
        Assert.False(Root.ExistsRaw("/etc/shared"));
        Assert.Equal(levels, Depth("/etc/shared"));
        Assert.Equal(levels, Depth("/etc/own"));
        Run("unmerge").Succeeds();
    }

    [Fact]
    public void Diff_names_every_directory()
    {
        Arrange(1, own: true, shared: true, Levels);

        string[] lines = Run("diff").Succeeds().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Levels + 2, lines.Count(line => line.Contains("/etc/own", StringComparison.Ordinal)));
        Assert.DoesNotContain(lines, line => line.Contains("/etc/shared", StringComparison.Ordinal));
    }

    [Fact]
    public void Prune_takes_the_mark_off_a_deep_directory_that_hides_nothing()
    {
        Arrange(1, own: false, shared: true, Levels);
        RawTree.Do(Root.Raw + "/etc", "mark shared opaque=y");

        Run("prune --opaque").Succeeds().Says($"{Levels + 1} directories", "1 opaque mark");
        Assert.False(Root.ExistsRaw("/etc/shared"));
    }

    [Theory]
    [InlineData(false, "reset --all")]
    [InlineData(false, "reset --all --no-backup --keep=nothing")]
    [InlineData(true, "reset --all")]
    public void Reset_gives_deep_directories_back_and_its_copy_is_as_deep(bool isMerged, string arguments)
    {
        Arrange(1, own: true, shared: true, Levels);
        if (isMerged)
            Run("merge --mutable=auto").Succeeds();

        // In a merge, three directories are open at each of the lowest levels.
        Run(arguments, files: 128).Succeeds().Prints("reset /etc/own\nreset /etc/shared\n");
        Assert.False(Root.ExistsRaw("/etc/own"));
        Assert.Equal(isMerged, Root.ExistsRaw("/etc/shared"));
        if (!arguments.Contains("--no-backup", StringComparison.Ordinal))
            foreach (string path in new[] { "/etc/own", "/etc/shared" })
                Assert.Equal(Levels,
                    Depth("/var/lib/bootmerge/reset/" + Assert.Single(Files.List(Root.Raw + "/var/lib/bootmerge/reset"))
                    + path));
        if (isMerged)
            Run("unmerge").Succeeds();
    }

    [Fact]
    public void Check_goes_to_the_end_of_an_extension()
    {
        Arrange(1, own: false, shared: true, Levels);
        string[] lowest = Outcome.OfTool("find", Root.Raw + "/var/lib/confexts/alpha/etc/shared", "-name", "f",
            "-execdir", "mknod", "d", "c", "7", "7", ";", "-printf", "%h").Split('/');

        Outcome found = Run("check");
        Assert.Equal(1, found.Status);
        Assert.Equal(Levels,
            lowest.Length - Root.Raw.Split('/').Length - "var/lib/confexts/alpha/etc/shared".Split('/').Length);
        Assert.StartsWith("device: alpha:/etc/shared/0/0/",
            Assert.Single(found.Output.Split('\n'), line => line.StartsWith("device", StringComparison.Ordinal)),
            StringComparison.Ordinal);
    }

    /// <summary>
    /// In UTF-16, names take twice as much room as in the directory: these take more than the program's heap.
    /// </summary>
    [Theory]
    [InlineData("in one directory", "for i in $(seq 120000); do printf '%0250d\n' $i; done | (mkdir etc/own; cd "
        + "etc/own; xargs touch)")]
    [InlineData("of directories", "for i in $(seq 120000); do printf '%0250d\n' $i; done | (mkdir etc/own; cd etc/own; "
        + "xargs mkdir)")]
    [InlineData("on the way down", "d=etc/own; for n in $(seq 12); do mkdir -p $d; (cd $d; for i in $(seq 10000); do "
        + "printf '%0250d\n' $i; done | xargs touch); d=$d/z; done; touch $d")]
    public void Boot_warns_of_more_names_than_it_has_memory_for_and_merges(string what, string commands)
    {
        Arrange(1, own: false, shared: false, Levels);
        RawTree.Do(Root.Raw, commands);

        Outcome.Of("timeout", ["60", Workplace.Binary, "--root=" + Root.Path, "boot"]).Succeeds()
            .Says("too many names");
        Assert.True(Root.Read("/etc/alpha.conf") is "alpha", what);
        Outcome diff = Outcome.Of("timeout", ["60", Workplace.Binary, "--root=" + Root.Path, "diff"])
            .Says("too many names");
        Assert.Equal(1, diff.Status);
        Run("unmerge").Succeeds();
    }

    /// <param name="own">The machine alone has /etc/own.</param>
    /// <param name="shared">The machine and the vendor have /etc/shared with equal contents.</param>
    private void Arrange(int nameLength, bool own, bool shared, int levels)
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Route("/etc");
        Root.Write("/usr/lib/bootmerge.conf", "[BootMerge]\nPrune=yes\n");
        if (own)
            MakeDeep("/etc/own", nameLength, levels);
        if (!shared)
            return;
        MakeDeep("/etc/shared", nameLength, levels);
        MakeDeep("/var/lib/confexts/alpha/etc/shared", nameLength, levels);
    }

    /// <summary>
    /// Makes a chain of directories with a file in the lowest, out of pieces whose paths the kernel accepts.
    /// </summary>
    private void MakeDeep(string path, int nameLength, int levels)
    {
        int piece = nameLength > 1 ? 10 : 500;
        RawTree.Do(Root.Raw, $"""
            n=$(printf '%0{nameLength}d' 0); p=$(printf "$n/%.0s" $(seq {piece - 1})); mkdir -p .{path}; echo x >.{path}/f
            for i in $(seq {levels / piece}); do mkdir -p .{path}-new/$p; mv .{path} .{path}-new/$p$n; mv .{path}-new .{path}; done
            """);
    }

    /// <summary>The depth down to the file. find(1) works with descriptors, so it gets there.</summary>
    private int Depth(string path) => int.Parse(Outcome.OfTool("find", Root.Path + path, "-name", "f", "-printf", "%d"),
        null) - 1;

    private Outcome Run(string arguments, int files = 64) =>
        Outcome.Of("sh", ["-c", $"ulimit -n {files}; ulimit -s 256; exec \"$0\" --root=\"$1\" {arguments}",
        Workplace.Binary, Root.Path]);
}
