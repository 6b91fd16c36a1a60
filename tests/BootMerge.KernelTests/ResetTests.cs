using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>After a reset the layers below show again, and the copy is what the machine had.</summary>
public sealed class ResetTests : KernelTest
{
    private const string Backups = "/var/lib/bootmerge/reset";

    /// <summary>
    /// Shell commands in the vendor's tree, then in the machine's (<see cref="RawTree"/>); paths; and what is left in
    /// the machine's, the directories above it included.
    /// </summary>
    public static TheoryData<string, string, string, string> Trees => new(
        ("echo a >f", "echo b >f; echo c >g", "/etc/f", "/g"),
        ("echo a >f", "echo b >f", "/etc/f /etc/f", ""),
        ("echo a >f", "echo b >f", "/etc/./x/..//f", ""),
        ("mkdir -p a/d; echo a >a/d/f; ln -s /etc/a/d lnk", "mkdir -p a/d; echo b >a/d/f", "/etc/lnk/f", "/a /a/d"),
        ("mkdir -p a/d; echo a >a/d/f; ln -s a/d lnk", "mkdir -p a/d; echo b >a/d/f", "/etc/lnk/", "/a"),
        (":", "echo b >f", "/etc/f", ""),
        ("echo a >f", "whiteout f", "/etc/f", ""),
        ("mkdir d; echo a >d/f", "whiteout d", "/etc/d", ""),
        ("mkdir d; echo a >d/f", "mkdir d; whiteout d/f; echo b >d/g", "/etc/d/f", "/d /d/g"),
        ("mkdir d; echo a >d/f", "mkdir d; whiteout d/f; echo b >d/g", "/etc/d", ""),
        ("mkdir d; echo a >d/f", "mkdir d; mark d opaque=y; echo b >d/g", "/etc/d", ""),
        ("mkdir -p d/e; echo a >d/e/f", "mkdir -p d/e; mark d/e opaque=y; echo b >d/e/g", "/etc/d", ""),
        ("mkdir -p d/e; echo a >d/e/f", "mkdir -p d/e; mark d/e opaque=y; echo b >d/e/g", "/etc/d/e", "/d"),
        ("mkdir d; echo a >d/f", "mkdir e; mark e redirect=d; whiteout d", "/etc/e /etc/d", ""),
        ("mkdir d; echo a >d/f", "mkdir e; mark e redirect=d; whiteout d", "/etc/e", "/d"),
        ("echo a >f", "mkdir f; echo b >f/g", "/etc/f", ""),
        ("mkdir f; echo a >f/g", "echo b >f", "/etc/f", ""),
        ("echo a >f", "ln -s /nowhere f", "/etc/f", ""),
        (":", "mkfifo p; mknod c c 1 3; mknod b b 7 3", "/etc/p /etc/c /etc/b", ""),
        (":", "echo b >f; ln f g; mkdir d; ln f d/h", "/etc/f /etc/d", "/g"),
        (":", "echo b >f; chown 3:4 f; chmod 4755 f; acl f; xattr f user.x=1; touch -d '2001-02-03 "
            + "04:05:06.123456789' f", "/etc/f", ""),
        (":", "echo b >f; xattr f security.capability=0x0100000202000000000000000000000000000000; xattr f "
            + "security.selinux=a; xattr f trusted.x=1", "/etc/f", ""),
        (":", "mkdir d; chown 3:4 d; chmod 2711 d; acl d; xattr d user.x=1; echo b >d/f; touch -d 2001-02-03 d",
            "/etc/d", ""),
        (":", "ln -s a l; chown -h 3:4 l; touch -h -d 2001-02-03 l", "/etc/l", ""),
        (":", "truncate -s 3M f; echo x >>f; truncate -s 5M f", "/etc/f", ""),
        (":", ": >f; truncate -s 100K g", "/etc/f /etc/g", ""),
        (":", "echo b >$(printf '%0255d' 0); echo b >\"$(printf 'x\\377y')\"", "--all", ""),
        (":", "p=$(printf 'd/%.0s' $(seq 200)); mkdir -p $p && echo b >$p/f", "/etc/d", ""),
        ("echo a >f", "echo b >f; mkdir -p d/e; echo c >d/e/g; whiteout w; mkdir .systemd-confext; echo 0:99 "
            + ">.systemd-confext/dev", "--all", ""),
        ("echo a >f", "echo b >f; echo c >g", "--all --keep=g", "/g"),
        ("echo a >f", "echo b >f; echo c >g", "--all --keep=/etc/[a-f]", "/f"),
        (":", "mkdir d; echo b >d/key; echo c >d/cert; echo d >f", "--all --keep=d/key", "/d /d/key"),
        (":", "mkdir d; echo b >d/key; echo c >d/cert; echo d >f", "--all --keep=/etc/d/ --keep=f",
            "/d /d/cert /d/key /f"),
        (":", "mkdir -p d/e; echo b >d/e/key; echo c >d/cert; mkdir -p x/y", "--all --keep=d/*",
            "/d /d/cert /d/e /d/e/key"),
        (":", "mkdir -p d/e; echo b >d/e/key; echo c >d/cert; mkdir -p x/y", "--all --keep=*/*/key",
            "/d /d/e /d/e/key"),
        ("mkdir d; echo a >d/f", "mkdir d; mark d opaque=y; echo b >d/key; echo c >d/x", "--all --keep=d/key",
            "/d /d/key"));

    [Theory]
    [MemberData(nameof(Trees))]
    public void What_the_machine_had_is_in_the_copy_and_what_is_below_shows(string vendor, string machine,
        string arguments, string left)
    {
        Arrange(vendor, machine);
        SortedDictionary<string, string> before = Files.Snapshot(Root.Raw + "/etc", times: true);
        string[] words = arguments.Split(' ');

        List<string> said = [.. Root.Bootmerge(["reset", "--dry-run", .. words]).Succeeds().Output.Split('\n')];
        Assert.Empty(Files.Differences(before, Files.Snapshot(Root.Raw + "/etc", times: true)));
        Assert.Equal(said.Select(line => line.Replace("would ", "", StringComparison.Ordinal)),
            Root.Bootmerge(["reset", .. words]).Succeeds().Output.Split('\n'));

        SortedDictionary<string, string> after = Files.Snapshot(Root.Raw + "/etc", times: true);
        Assert.Equal(left.Split(' ', StringSplitOptions.RemoveEmptyEntries), after.Keys.Where(path => path is not "/"));
        Assert.DoesNotContain(after, entry => entry.Value.Contains("trusted.overlay.opaque", StringComparison.Ordinal));
        string[] gone = [.. before.Keys.Except(after.Keys, StringComparer.Ordinal)];
        if (gone.Length == 0)
            return;
        string copy = Assert.Single(Files.List(Root.Raw + Backups));
        SortedDictionary<string, string> kept = Files.Snapshot($"{Root.Raw}{Backups}/{copy}/etc", times: true);
        Assert.Equal("0700", Files.Mode($"{Root.Raw}{Backups}"));
        Assert.Equal("0700", Files.Mode($"{Root.Raw}{Backups}/{copy}"));
        foreach (string path in gone)
            Assert.Equal(before[path], kept[path]);
        Assert.Equal("reset", Root.Bootmerge(["reset", .. words]).Succeeds().Output + "reset");
        Assert.Single(Files.List(Root.Raw + Backups));
    }

    [Fact]
    public void Hard_links_and_holes_are_kept_in_the_copy()
    {
        Arrange(":", "echo b >f; ln f g; mkdir d; ln f d/h; truncate -s 8M s; echo x >>s");
        Root.Bootmerge("reset", "--all").Succeeds();

        string copy = $"{Root.Raw}{Backups}/{Assert.Single(Files.List(Root.Raw + Backups))}/etc";
        Assert.Equal(3ul, Files.Status(copy + "/f").st_nlink);
        Assert.Equal(Files.Status(copy + "/f").st_ino, Files.Status(copy + "/d/h").st_ino);
        Assert.True(Files.Status(copy + "/s").st_blocks < 1000, $"{Files.Status(copy + "/s").st_blocks} blocks");
    }

    [Fact]
    public void The_merge_shows_what_the_layers_below_have()
    {
        const string Vendor = "echo a >f; mkdir d; echo a >d/f; echo a >w";
        Arrange(Vendor, ":");
        List<string> vendors = Merged();
        RawTree.Do(Root.Raw + "/etc",
            "echo b >f; mkdir d; mark d opaque=y; echo b >d/g; whiteout w; mkdir m; mark m redirect=d");
        Assert.NotEqual(vendors, Merged());

        Root.Bootmerge("reset", "/etc/f", "/etc/d", "/etc/w", "/etc/m").Succeeds();
        Assert.Equal(vendors, Merged());
    }

    [Fact]
    public void Without_a_backup_nothing_is_kept()
    {
        Arrange("echo a >f", "echo b >f");
        Root.Bootmerge("reset", "--no-backup", "/etc/f").Succeeds();
        Assert.False(Root.ExistsRaw("/etc/f"));
        Assert.False(Root.ExistsRaw(Backups));
    }

    [Theory]
    [InlineData("/etc", "--all")]
    [InlineData("/etc/", "--all")]
    [InlineData("/etc/x/..", "--all")]
    [InlineData("/usr/lib", "none of the hierarchies")]
    [InlineData("/etc/../usr", "none of the hierarchies")]
    [InlineData("etc/f", "not an absolute path")]
    [InlineData("/etc/o/f", "/etc/o was replaced as a whole", "reset /etc/o")]
    [InlineData("/etc/m/f", "/etc/m was moved as a whole", "reset /etc/m")]
    [InlineData("/etc/d/f", "has deleted /etc/d as a whole", "reset /etc/d")]
    public void What_cannot_be_reset_is_refused_in_one_line_and_nothing_changes(string path, params string[] words)
    {
        Arrange("mkdir o d; echo a >o/f; echo a >d/f",
            "echo b >f; mkdir o m; mark o opaque=y; echo b >o/f; mark m redirect=d; whiteout d; echo b >m/f");
        List<string> before = Root.State();

        Root.Bootmerge("reset", "/etc/f", path).FailsInOneLine(words);
        Assert.Equal(before, Root.State());
    }

    /// <summary>
    /// When a path is removed, the kernel also removes what other namespaces have mounted there; and the program writes
    /// to the merge from a namespace of its own.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_mounted_upon_stays_and_all_else_goes(bool isMerged)
    {
        Arrange("echo v >z", "echo a >a; mkdir -p d/m; echo d >d/f; echo z >z; : >id");
        Root.Mount("none", "/etc/d/m", "tmpfs", 0, "");
        Root.Write("/run/id", "a\n");
        Root.Mount(Root.Path + "/run/id", "/etc/id", null, LibC.MS_BIND);
        if (isMerged)
            Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        File.WriteAllText(Root.Etc + "/d/m/secret", "secret");
        List<string> before = Root.State();

        Root.Bootmerge("reset", "/etc/z", "/etc/d").FailsInOneLine("/etc/d/m", "mount");
        Assert.Equal(before, Root.State());
        Root.Bootmerge("reset", "--all").Succeeds();

        if (isMerged)
        {
            Assert.Equal("v\n", File.ReadAllText(Root.Etc + "/z"));
            Root.Bootmerge("unmerge").Succeeds();
        }

        Assert.Equal("secret a\n", File.ReadAllText(Root.Etc + "/d/m/secret") + " "
            + File.ReadAllText(Root.Etc + "/id"));
        Assert.False(File.Exists(Root.Etc + "/d/f") || File.Exists(Root.Etc + "/a"));
    }

    /// <summary>
    /// chattr(1) makes something in /etc, which has a and d/b, immutable or append-only: in the upper layer, or through
    /// the merge, where this becomes an attribute of overlayfs. The file in /etc/d/e is not in the way of the rest.
    /// </summary>
    [Theory]
    [InlineData("unmerged", "+i", "/d/b", "--all", "/etc/d/b")]
    [InlineData("unmerged", "+a", "/d/b", "/etc/a /etc/d", "/etc/d/b")]
    [InlineData("unmerged", "+i", "/d", "/etc/a /etc/d/b", "/etc/d")]
    [InlineData("unmerged", "+a", "/d", "/etc/a /etc/d/b", "/etc/d")]
    [InlineData("unmerged", "+i", "/d", "--all", "/etc/d")]
    [InlineData("unmerged", "+i", "/.", "/etc/a", "/etc")]
    [InlineData("unmerged", "+a", "/.", "--all", "/etc")]
    [InlineData("unmerged", "+i", "/o", "--all --keep=o/k", "/etc/o")]
    [InlineData("unmerged", "+i", "/d/e/f", "/etc/a /etc/d/b", "")]
    [InlineData("upper layer", "+i", "/d/b", "--all", "/etc/d/b")]
    [InlineData("upper layer", "+a", "/d", "/etc/a /etc/d/b", "/etc/d")]
    [InlineData("merge", "+i", "/d/b", "--all", "/etc/d/b")]
    [InlineData("merge", "+a", "/d/b", "/etc/a /etc/d", "/etc/d/b")]
    [InlineData("merge", "+i", "/d", "/etc/a /etc/d/b", "/etc/d")]
    [InlineData("merge", "+a", "/d", "/etc/a /etc/d/b", "/etc/d")]
    [InlineData("merge", "+i", "/o", "--all --keep=o/k", "/etc/o")]
    [InlineData("merge", "+i", "/m/f", "/etc/a /etc/m /etc/n", "/etc/m/f")]
    [InlineData("merge", "+i", "/d/e/f", "/etc/a /etc/d/b", "")]
    public void Nothing_is_reset_when_something_cannot_be_removed(string where, string flag, string file,
        string arguments, string named)
    {
        Arrange("mkdir o; echo a >o/v; mkdir n; echo a >n/f",
            "echo a >a; mkdir -p d/e; echo b >d/b; echo b >d/e/f; mkdir o; mark o opaque=y; echo b >o/k; mkdir m; mark "
            + "m redirect=n; whiteout n");
        if (where is not "unmerged")
            Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        string path = (where is "merge" ? Root.Etc : Root.Raw + "/etc") + file;
        Outcome.OfTool("chattr", flag, path);
        SortedDictionary<string, string> before = Files.Snapshot(Root.Raw);

        Outcome outcome = Root.Bootmerge(["reset", .. arguments.Split(' ')]);
        if (named.Length == 0)
        {
            outcome.Succeeds();
        }
        else
        {
            outcome.FailsInOneLine(named + " is immutable or append-only", "chattr -i -a");
            Assert.Empty(Files.Differences(before, Files.Snapshot(Root.Raw)));
        }

        Outcome.OfTool("chattr", "-" + flag[1..], path);
        Root.Bootmerge("unmerge").Succeeds();
        Root.Bootmerge(["reset", "--no-backup", .. arguments.Split(' ')]).Succeeds();
    }

    [Fact]
    public void A_backup_for_which_there_is_no_room_leaves_nothing_behind()
    {
        Arrange(":", "dd if=/dev/urandom of=big bs=1M count=2 status=none; echo a >a");
        Root.MakeDirectory("/var/lib/bootmerge");
        Root.Mount("none", "/var/lib/bootmerge", "tmpfs", 0, "size=200k");

        Root.Bootmerge("reset", "--all").FailsInOneLine("/etc/big", "No space left");
        Assert.Empty(Directory.GetFileSystemEntries(Root.Path + "/var/lib/bootmerge/reset"));
        Assert.True(File.Exists(Root.Raw + "/etc/a"));
    }

    [Fact]
    public void A_backup_is_not_made_of_itself()
    {
        Arrange(":", "mkdir backup; echo a >a; ln -s /etc/backup ../var/lib/bootmerge");

        Root.Bootmerge("reset", "--all").FailsInOneLine("backup", "/etc/backup/reset/.partial");
        Assert.True(File.Exists(Root.Raw + "/etc/a"));
        Assert.Empty(Directory.GetFileSystemEntries(Root.Raw + "/etc/backup/reset"));
    }

    [Fact]
    public void The_directories_above_a_path_keep_their_times_in_the_backup()
    {
        Arrange(":", "mkdir -p d/e; echo a >d/e/f; touch -d 2001-02-03 d/e d");

        Root.Bootmerge("reset", "/etc/d/e/f").Succeeds();

        string backup = Assert.Single(Directory.GetDirectories(Root.Raw + "/var/lib/bootmerge/reset"));
        Assert.Equal(2001, Directory.GetLastWriteTimeUtc(backup + "/etc/d").Year);
        Assert.Equal(2001, Directory.GetLastWriteTimeUtc(backup + "/etc/d/e").Year);
    }

    /// <summary>
    /// overlayfs shows a lower layer's directory in one place only: in a second place it would be a stale handle.
    /// </summary>
    [Theory]
    [InlineData("/etc/d", "")]
    [InlineData("/etc/p", "")]
    [InlineData("--all --keep=e --keep=x", "")]
    [InlineData("/etc/d /etc/e", "/d/f /x/f")]
    [InlineData("/etc/x /etc/p", "/e/f /p/q/f")]
    [InlineData("/etc/e", "/x/f")]
    [InlineData("--all", "/d/f /p/q/f")]
    public void A_moved_directory_and_its_old_name_are_reset_together(string arguments, string seen)
    {
        Arrange("mkdir -p d p/q; echo a >d/f; echo a >p/q/f", ":");
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        Directory.Move(Root.Etc + "/d", Root.Etc + "/e");
        Directory.Move(Root.Etc + "/p/q", Root.Etc + "/x");
        Root.Bootmerge("unmerge").Succeeds();
        List<string> before = Root.State();

        Outcome outcome = Root.Bootmerge(["reset", .. arguments.Split(' ')]);
        if (seen.Length == 0)
        {
            outcome.FailsInOneLine("was moved to", "both");
            Assert.Equal(before, Root.State());
            return;
        }

        outcome.Succeeds();
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        Assert.Equal(seen.Split(' '),
            Files.Snapshot(Root.Etc).Keys.Where(path => path.EndsWith("/f", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("reset")]
    [InlineData("reset", "--all", "/etc/f")]
    [InlineData("reset", "--keep=f", "/etc/f")]
    public void Contradictions_are_wrong_usage(params string[] arguments)
    {
        Arrange(":", "echo b >f");
        Assert.Equal(2, Root.Bootmerge(arguments).Status);
        Assert.True(Root.ExistsRaw("/etc/f"));
    }

    [Fact]
    public void Where_the_copy_finds_no_room_nothing_changes()
    {
        Arrange("echo a >f", "head -c 3000000 /dev/urandom >f; echo b >g");
        Root.MakeDirectory("/var/lib/bootmerge");
        Root.Mount("none", "/var/lib/bootmerge", "tmpfs", 0, "size=1m");
        SortedDictionary<string, string> before = Files.Snapshot(Root.Raw + "/etc", times: true);

        Root.Bootmerge("reset", "--all").FailsInOneLine("write", "No space left");
        Assert.Empty(Files.Differences(before, Files.Snapshot(Root.Raw + "/etc", times: true)));
    }

    public static TheoryData<string, int> Sweeps => new(("/etc/d", 0), ("--all", 1));

    [Theory]
    [MemberData(nameof(Sweeps))]
    public void Killed_anywhere_each_path_shows_the_one_or_the_other_and_the_next_run_finishes(string what, int turn)
    {
        Arrange("mkdir -p d/e; echo a >d/e/f; echo a >d/g; echo a >w", ":");
        Dictionary<string, string> vendors = Lines();
        RawTree.Do(Root.Raw + "/etc",
            "mkdir -p d/e; mark d opaque=y; echo b >d/e/f; echo b >d/own; ln d/own d/e/link; ln -s x d/l; whiteout w");
        Dictionary<string, string> machines = Lines();
        string copy = Root.Aside + "/etc";
        Outcome.OfTool("cp", "-a", Root.Raw + "/etc", copy);
        SortedDictionary<string, string> had = Files.Snapshot(Root.Raw + "/etc/d", times: true);
        List<SweepPoint> points = SweepPoints.Of(Traced.MainThread(Root, "reset", what), turn);
        int killed = 0;
        foreach (SweepPoint point in points)
        {
            Directory.Delete(Root.Raw + Backups, recursive: true);
            Directory.Delete(Root.Raw + "/etc", recursive: true);
            Outcome.OfTool("cp", "-a", copy, Root.Raw + "/etc");
            killed += Traced.Kill(point, Root, "reset", what).Status == 0 ? 0 : 1;
            string where = point.ToString();

            foreach ((string path, string line) in Lines())
                Assert.True(line == vendors.GetValueOrDefault(path) || line == machines.GetValueOrDefault(path)
                    || path is "/", where + path + " " + line);
            foreach (string path in vendors.Keys.Intersect(machines.Keys, StringComparer.Ordinal))
                Assert.True(Lines().ContainsKey(path), where + path + " is not seen");
            string[] whole = Directory.Exists(Root.Raw + Backups)
                ? [.. Files.List(Root.Raw + Backups).Where(name => name is not ".partial")] : [];
            bool isTouched = Files.Differences(had, Directory.Exists(Root.Raw + "/etc/d")
                ? Files.Snapshot(Root.Raw + "/etc/d", times: true) : []).Count > 0;
            if (isTouched || whole.Length > 0)
                Assert.Empty(Files.Differences(had,
                    Files.Snapshot($"{Root.Raw}{Backups}/{Assert.Single(whole)}/etc/d", times: true)));

            Root.Bootmerge("reset", what).Succeeds();
            Assert.True(!Root.ExistsRaw("/etc/d"), where + "the next run has not finished");
            Assert.DoesNotContain(".partial", Files.List(Root.Raw + "/var/lib/bootmerge").Contains("reset")
                ? Files.List(Root.Raw + Backups) : []);
        }

        Assert.True(killed > points.Count * 9 / 10, $"only {killed} of {points.Count} kills");
    }

    private void Arrange(string vendor, string machine)
    {
        Root.Route("/etc");
        Root.Remove("/etc/hostname");
        Root.Extension("vendor", ("keep", "keep"));
        RawTree.Do(Root.Raw + "/var/lib/confexts/vendor/etc", vendor);
        RawTree.Do(Root.Raw + "/etc", machine);
        Root.Expect("/etc", "/var/lib/confexts", "/var/lib/bootmerge");
    }

    private Dictionary<string, string> Lines()
    {
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        Dictionary<string, string> seen = new(Files.Snapshot(Root.Etc, unreachable: true)
            .Where(entry => !entry.Key.StartsWith("/.systemd-", StringComparison.Ordinal)), StringComparer.Ordinal);
        Root.Bootmerge("unmerge").Succeeds();
        return seen;
    }

    private List<string> Merged() =>
        [.. Lines().Select(entry => entry.Key + " " + entry.Value).Order(StringComparer.Ordinal)];
}
