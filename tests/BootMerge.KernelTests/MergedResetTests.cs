using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>
/// reset of a merged hierarchy takes effect at once, and never touches the upper layer behind the merge's back.
/// </summary>
public sealed class MergedResetTests : KernelTest
{
    private const string Backups = "/var/lib/bootmerge/reset";
    private const string Vendor = "/var/lib/confexts/vendor/etc";

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, SweepPoints.IsWhole ? 500 : 20)];

    /// <summary>
    /// Shell commands in the vendor's tree, then in the machine's (<see cref="RawTree"/>), and what is reset.
    /// </summary>
    public static TheoryData<string, string, string> Trees => new(
        ("echo a >f", "echo b >f; echo c >g", "/etc/f"),
        (":", "echo b >f; echo c >g", "/etc/f"),
        ("mkdir -p a/d; echo a >a/d/f", "mkdir -p a/d; echo b >a/d/f; ln -s a/d lnk", "/etc/lnk/f"),
        ("echo a >f", "whiteout f", "/etc/f"),
        ("echo a >f; chmod 4750 f; chown 3:4 f; xattr f user.x=1; acl f", "echo b >f", "/etc/f"),
        ("echo a >f", "echo a >f; chmod 600 f; chown 3:4 f; xattr f user.x=1; acl f", "/etc/f"),
        ("echo a >f; xattr f security.capability=0x0100000202000000000000000000000000000000", "whiteout f", "/etc/f"),
        ("ln -s a l", "ln -s b l", "/etc/l"),
        ("ln -s a l", "echo b >l", "/etc/l"),
        ("echo a >l", "ln -s b l", "/etc/l"),
        ("mkfifo p", "whiteout p", "/etc/p"),
        ("mknod c c 1 3", "echo b >c", "/etc/c"),
        ("mkdir d; echo a >d/f", "whiteout d", "/etc/d"),
        ("mkdir d; echo a >d/f", "echo b >d", "/etc/d"),
        ("echo a >d", "mkdir d; echo b >d/f", "/etc/d"),
        ("mkdir d; echo a >d/f; echo a >d/g", "mkdir d; whiteout d/f; echo b >d/g; echo b >d/h", "/etc/d"),
        ("mkdir d; echo a >d/f; echo a >d/g", "mkdir d; whiteout d/f; echo b >d/g; echo b >d/h", "/etc/d/f"),
        ("mkdir d; chmod 2750 d; chown 3:4 d; xattr d user.x=1", "mkdir d; xattr d user.y=2; acl d", "/etc/d"),
        ("mkdir d; echo a >d/f", "mkdir d; mark d opaque=y; echo b >d/g", "/etc/d"),
        ("mkdir -p d/e; echo a >d/e/f; echo a >d/g", "mkdir -p d/e; mark d/e opaque=y; echo b >d/e/h", "/etc/d"),
        ("mkdir -p d/e; echo a >d/e/f; echo a >d/g", "mkdir -p d/e; mark d/e opaque=y; echo b >d/e/h", "/etc/d/e"),
        ("mkdir d; echo a >d/f", "mkdir e; mark e redirect=d; whiteout d", "/etc/e /etc/d"),
        ("mkdir d; echo a >d/f", "mkdir e; mark e redirect=d; echo b >e/f; whiteout d", "/etc/e"),
        ("echo a >f; mkdir d; ln f d/h; ln f g", "echo b >f; whiteout g; whiteout d", "/etc/f /etc/g /etc/d"),
        ("truncate -s 3M f; echo x >>f", "echo b >f", "/etc/f"),
        ("echo a >\"$(printf '%0255d' 0)\"; echo a >\"$(printf 'x\\377y')\"",
            "echo b >\"$(printf '%0255d' 0)\"; echo b >\"$(printf 'x\\377y')\"", "--all"),
        ("p=$(printf 'd/%.0s' $(seq 100)); mkdir -p $p && echo a >$p/f",
            "p=$(printf 'd/%.0s' $(seq 100)); mkdir -p $p && echo b >$p/f", "/etc/d"),
        ("echo a >f; mkdir d; echo a >d/f", "echo b >f; whiteout d; echo c >g; mkdir -p x/y", "--all"),
        ("echo a >f; mkdir d; echo a >d/f", "echo b >f; whiteout d; echo c >g; mkdir -p x/y",
            "--all --keep=f --keep=x"),
        ("mkdir d; echo a >d/f; echo a >d/cert", "mkdir d; mark d opaque=y; echo b >d/key; echo c >d/x; echo d >d/cert",
            "--all --keep=d/key"),
        ("mkdir d; echo a >d/f; setfattr -n system.posix_acl_default -v "
            + "0x0200000001000700FFFFFFFF020007000300000004000500FFFFFFFF10000700FFFFFFFF20000500FFFFFFFF d",
            "mkdir d; setfattr -n system.posix_acl_default -v "
                + "0x0200000001000700FFFFFFFF020007000300000004000500FFFFFFFF10000700FFFFFFFF20000500FFFFFFFF "
                + "d; echo b >d/f", "/etc/d/f"),
        ("echo a >f", "mkdir .bootmerge-reset; echo b >f; echo c >.bootmerge-reset/f", "/etc/f"),
        ("echo a >f", "mkdir -m 700 .bootmerge-reset .bootmerge-reset.1; echo b >f", "/etc/f"),
        ("mkdir d; echo a >d/f", "mkdir d; mkdir -m 700 d/.bootmerge-reset; echo b >d/f", "/etc/d/f"),
        ("echo a >f", "echo c >.bootmerge-reset; echo b >f", "/etc/f"));

    [Theory]
    [MemberData(nameof(Trees))]
    public void It_shows_the_same_as_a_reset_before_the_merge_and_so_it_does_after_a_prune(string vendor,
        string machine, string arguments)
    {
        Arrange(vendor, machine);
        string[] words = arguments.Split(' ');
        string copy = Root.Aside + "/etc";
        Outcome.OfTool("cp", "-a", Root.Raw + "/etc", copy);
        SortedDictionary<string, string> had = Files.Snapshot(copy, times: true);

        Merge();
        string output = Root.Bootmerge(["reset", .. words]).Succeeds().Output;
        List<string> merged = View();
        Root.Bootmerge("unmerge").Succeeds();
        foreach ((string path, string line) in Files.Snapshot(
            $"{Root.Raw}{Backups}/{Assert.Single(Files.List(Root.Raw + Backups))}/etc", times: true))
            Assert.True(path is "/" || Comparable(line) == Comparable(had[path]),
            $"the copy of {path} is {line}, was {had[path]}");
        Root.Bootmerge("prune", "--opaque").Succeeds();
        string left = Root.Bootmerge("diff").Succeeds().Output;
        List<string> layer = [.. Files.Snapshot(Root.Raw + "/etc").Keys];
        Merge();
        List<string> pruned = View();
        Root.Bootmerge("unmerge").Succeeds();

        Outcome.OfTool("rm", "-rf", Root.Raw + "/etc");
        Outcome.OfTool("mv", copy, Root.Raw + "/etc");
        Assert.Equal(output, Root.Bootmerge(["reset", .. words]).Succeeds().Output);
        Root.Bootmerge("prune", "--opaque").Succeeds();
        Assert.Equal(Root.Bootmerge("diff").Succeeds().Output, left);
        // prune keeps what is not a file, symlink or directory.
        string[] kept = vendor is "mknod c c 1 3" or "mkfifo p" ? [arguments["/etc".Length..]] : [];
        Assert.Equal([.. Files.Snapshot(Root.Raw + "/etc").Keys, .. kept], layer);
        Merge();
        Assert.Equal(View(), merged);
        Assert.Equal(merged, pruned);

        // Where only part of a directory was copied, the copy's time is the time of copying.
        static string Comparable(string line) => line.StartsWith("directory", StringComparison.Ordinal)
            ? line[..line.IndexOf(" mtime", StringComparison.Ordinal)] : line;
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void After_a_reset_of_everything_only_the_vendors_tree_is_seen(int seed)
    {
        Random random = new(seed);
        Arrange(":", ":");
        RandomTree.Grow(Root.Raw + Vendor, random, 25);
        Merge();
        List<string> vendors = View();
        RandomTree.Change(Root.Etc, random, 30);

        Root.Bootmerge("reset", "--all").Succeeds();
        Assert.Equal(vendors, View());
        Root.Bootmerge("unmerge").Succeeds();
        Root.Bootmerge("reset", "--all").Succeeds();
        Assert.Empty(Files.List(Root.Raw + "/etc"));
    }

    [Fact]
    public void A_moved_directory_and_its_old_name_are_both_there_after_a_reset_of_the_old_name()
    {
        Arrange("mkdir d; echo a >d/f", ":");
        Merge();
        Directory.Move(Root.Etc + "/d", Root.Etc + "/e");

        Root.Bootmerge("reset", "/etc/d").Succeeds();
        Assert.Equal(("a\n", "a\n"), (Root.Read("/etc/d/f"), Root.Read("/etc/e/f")));
        Root.Bootmerge("unmerge").Succeeds();
        Root.Bootmerge("prune", "--opaque").Succeeds();
        Merge();
        Assert.Equal(("a\n", "a\n"), (Root.Read("/etc/d/f"), Root.Read("/etc/e/f")));
    }

    [Fact]
    public void It_says_that_updates_do_not_show_until_a_prune()
    {
        Arrange("echo a >f", "echo b >f; echo c >g");
        Merge();

        Assert.DoesNotContain("prune", Root.Bootmerge("reset", "/etc/g").Succeeds().Error, StringComparison.Ordinal);
        Root.Bootmerge("reset", "/etc/f").Succeeds().Says("hide updates", "Prune=yes", "'bootmerge unmerge'");
        Assert.Equal("a\n", Root.Read("/etc/f"));

        // A second reset can do nothing more through the merge, and keeps no second copy.
        string[] copies = Directory.GetDirectories(Root.Raw + "/var/lib/bootmerge/reset");
        Root.Bootmerge("reset", "/etc/f").Succeeds().Says("/etc/f is as the layers below have it", "Nothing is reset");
        Assert.Equal(copies, Directory.GetDirectories(Root.Raw + "/var/lib/bootmerge/reset"));
        Root.Bootmerge("explain", "/etc/f").Succeeds()
            .Prints("provides upper: file /etc/f (equals what it hides, see prune)\n");
    }

    [Theory]
    [InlineData("f")]
    [InlineData("a $(touch x); \"b\"")]
    public void It_says_how_the_machines_version_is_taken_back(string name)
    {
        Arrange($"echo a >'{name}'", $"echo b >'{name}'; chmod 600 '{name}'");
        Merge();
        Outcome reset = Root.Bootmerge("reset", "/etc/" + name).Succeeds();
        Assert.Equal("a\n", Root.Read("/etc/" + name));

        Outcome.OfTool("bash", "-ec", reset.ErrorLines[0].Split("To take it back: ")[1]);
        Assert.Equal(("b\n", "0600"), (Root.Read("/etc/" + name), Files.Mode(Root.Path + "/etc/" + name)));
    }

    [Fact]
    public async Task Who_reads_a_file_meanwhile_sees_the_one_or_the_other_version()
    {
        Arrange("echo a >f", "echo b >f");
        Merge();
        HashSet<string> seen = [];
        for (int round = 0; round < 10; round++)
        {
            File.WriteAllText(Root.Etc + "/f", "b\n");
            Task<Outcome> reset = Task.Run(() => Root.Bootmerge("reset", "--no-backup", "/etc/f"),
                TestContext.Current.CancellationToken);
            while (!reset.IsCompleted)
                seen.Add(Root.Read("/etc/f"));
            (await reset).Succeeds();
            Assert.Equal("a\n", Root.Read("/etc/f"));
        }

        Assert.Empty(seen.Except(["a\n", "b\n"], StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("import", "read-only", "unmerge")]
    [InlineData("ephemeral", "in memory", "unmerge")]
    [InlineData("ephemeral-import", "in memory", "unmerge")]
    public void What_cannot_be_written_through_is_refused(string mode, params string[] words)
    {
        Arrange("echo a >f", "echo b >f");
        Root.Bootmerge("merge", "--mutable=" + mode).Succeeds();
        List<string> before = Root.State();

        Root.Bootmerge("reset", "/etc/f").FailsInOneLine(words);
        Assert.Equal(before, Root.State());
    }

    [Fact]
    public void Killed_anywhere_each_path_shows_the_one_or_the_other_and_the_next_run_finishes()
    {
        const string Machine = "mkdir d; whiteout d/f; echo b >d/own; echo b >g; whiteout w; ln -s x l; mkdir "
            + "t; echo b >t/f";
        Arrange("mkdir d; echo a >d/f; echo a >g; echo a >w; echo a >l; echo a >t", ":");
        Merge();
        Dictionary<string, string> vendors = Lines();
        Root.Bootmerge("unmerge").Succeeds();
        RawTree.Do(Root.Raw + "/etc", Machine);
        string copy = Root.Aside + "/etc";
        Outcome.OfTool("cp", "-a", Root.Raw + "/etc", copy);
        Merge();
        Dictionary<string, string> machines = Lines();
        List<SweepPoint> points = SweepPoints.Of(Traced.MainThread(Root, "reset", "--all"));
        int killed = 0;
        foreach (SweepPoint point in points)
        {
            Root.Bootmerge("unmerge").Succeeds();
            Directory.Delete(Root.Raw + "/etc", recursive: true);
            Outcome.OfTool("cp", "-a", copy, Root.Raw + "/etc");
            Merge();
            killed += Traced.Kill(point, Root, "reset", "--all").Status == 0 ? 0 : 1;
            string where = point.ToString();

            Dictionary<string, string> now = Lines();
            foreach ((string path, string line) in now.Where(entry =>
                !entry.Key.Contains("/.bootmerge-reset", StringComparison.Ordinal)))
                Assert.True(line == vendors.GetValueOrDefault(path) || line == machines.GetValueOrDefault(path),
                where + path + " " + line);
            foreach (string path in vendors.Keys.Intersect(machines.Keys, StringComparer.Ordinal))
                Assert.True(now.ContainsKey(path), where + path + " is not seen");
            Root.Bootmerge("reset", "--all").Succeeds();
            Assert.Equal(vendors.OrderBy(entry => entry.Key, StringComparer.Ordinal),
                Lines().OrderBy(entry => entry.Key, StringComparer.Ordinal));
        }

        Assert.True(killed > points.Count * 9 / 10, $"only {killed} of {points.Count} kills");
        TestContext.Current.TestOutputHelper!.WriteLine($"killed {killed} times at {points.Count} points");
    }

    private void Arrange(string vendor, string machine)
    {
        Root.Route("/etc");
        Root.Remove("/etc/hostname");
        Root.Extension("vendor", ("keep", "keep"));
        RawTree.Do(Root.Raw + Vendor, vendor);
        RawTree.Do(Root.Raw + "/etc", machine);
        Root.Expect("/etc", "/var/lib/confexts", "/var/lib/bootmerge");
    }

    private void Merge() => Root.Bootmerge("merge", "--mutable=auto").Succeeds();

    private Dictionary<string, string> Lines() =>
        new(Files.Snapshot(Root.Etc).Where(entry => !entry.Key.StartsWith("/.systemd-", StringComparison.Ordinal)),
            StringComparer.Ordinal);

    private List<string> View() =>
        [.. Lines().Select(entry => entry.Key + " " + entry.Value).Order(StringComparer.Ordinal)];
}
