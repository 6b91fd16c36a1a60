using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>What prune removes, and that the merged tree is the same before and after.</summary>
public sealed class PruneTests : KernelTest
{
    private const string Types = "file directory symlink fifo device";

    /// <summary>
    /// Shell commands in the vendor's tree, then in the machine's; and what prune removes. mark sets an attribute of
    /// overlayfs, whiteout makes a whiteout, acl and xattr set other attributes.
    /// </summary>
    public static TheoryData<string, string, string> Trees => new(
        ("echo a >f", "echo a >f", "file /f"),
        ("echo a >f", "echo a >f; touch -d 2001-01-01 f", "file /f"),
        ("echo a >f", "echo b >f", ""),
        ("echo a >f", "echo aa >f", ""),
        (": >f", ": >f", "file /f"),
        (": >f", "echo a >f", ""),
        ("echo a >f", ": >f", ""),
        ("echo a >f", "echo a >f; chmod 600 f", ""),
        ("echo a >f", "echo a >f; chmod 4644 f", ""),
        ("echo a >f", "echo a >f; chown 3 f", ""),
        ("echo a >f", "echo a >f; chown :4 f", ""),
        ("echo a >f", "echo a >f; xattr f user.x=1", ""),
        ("echo a >f; xattr f user.x=1", "echo a >f", ""),
        ("echo a >f; xattr f user.x=1", "echo a >f; xattr f user.x=2", ""),
        ("echo a >f; xattr f user.x=1", "echo a >f; xattr f user.x=1", "file /f"),
        ("echo a >f", "echo a >f; xattr f security.capability=0x0100000202000000000000000000000000000000", ""),
        ("echo a >f; xattr f security.capability=0x0100000202000000000000000000000000000000",
            "echo a >f; xattr f security.capability=0x0100000202000000000000000000000000000000", "file /f"),
        ("echo a >f; acl f", "echo a >f; acl f", "file /f"),
        ("echo a >f; acl f", "echo a >f; chmod 775 f", ""),
        ("echo a >f", "echo a >f; mark f metacopy=", ""),
        ("echo a >f", "echo a >f; mark f redirect=/f", ""),
        ("echo a >f", "echo a >f; mark f origin=x", "file /f"),
        ("truncate -s 3M f; echo x >>f", "truncate -s 3M f; echo x >>f", "file /f"),
        ("truncate -s 3M f", "dd if=/dev/zero of=f bs=1M count=3 status=none", "file /f"),
        ("truncate -s 3M f", "truncate -s 3M f; printf x | dd of=f bs=1 seek=2000000 conv=notrunc status=none", ""),
        ("echo a >f", "echo a >f; ln f g", ""),
        ("echo a >f; echo a >g", "echo a >f; ln f g", ""),
        ("echo a >f; ln f g", "echo a >f", "file /f"),
        ("ln -s a l", "ln -s a l", "file /l"),
        ("ln -s a l", "ln -s b l", ""),
        ("ln -s a l", "ln -s a l; chown -h 3 l", ""),
        ("mkfifo p", "mkfifo p", ""),
        ("mknod c c 1 3", "mknod c c 1 3", ""),
        ("mknod c c 1 3", "mknod c c 1 5", ""),
        ("mknod c c 1 3", "mknod c b 1 3", ""),
        ("mkdir d", "mkdir d", "directory /d"),
        ("mkdir d; echo a >d/f", "mkdir d; echo a >d/f", "file /d/f, directory /d"),
        ("mkdir d; echo a >d/f; echo a >d/g", "mkdir d; echo a >d/f; echo b >d/g", "file /d/f"),
        ("mkdir d; echo a >d/f", "mkdir d; chmod 700 d; echo a >d/f", "file /d/f"),
        ("mkdir d", "mkdir d; chown 3 d", ""),
        ("mkdir d; acl d", "mkdir d; acl d", "directory /d"),
        ("mkdir d; acl d", "mkdir d; chmod 775 d", ""),
        ("mkdir d; xattr d trusted.x=1", "mkdir d", ""),
        ("mkdir -p d/e/g; echo a >d/e/g/f", "mkdir -p d/e/g; echo a >d/e/g/f",
            "file /d/e/g/f, directory /d/e/g, directory /d/e, directory /d"),
        (":", "echo a >f; mkdir -p d/e", ""),
        // Nothing in an opaque directory is touched, at any depth.
        ("mkdir d; echo a >d/f", "mkdir d; echo a >d/f; mark d opaque=y", ""),
        ("mkdir -p d/e; echo a >d/e/f", "mkdir -p d/e; echo a >d/e/f; mark d opaque=y", ""),
        ("mkdir -p d/e; echo a >d/e/f; echo a >d/g", "mkdir -p d/e; echo a >d/e/f; echo a >d/g; mark d/e opaque=y",
            "file /d/g"),
        ("mkdir -p d/e/g; echo a >d/e/g/f", "mkdir -p d/e/g; echo a >d/e/g/f; whiteout d/e/w; mark d/e/g opaque=y",
            "whiteout /d/e/w"),
        ("mkdir d; echo a >d/f", "mkdir d; mark d opaque=y", ""),
        ("mkdir d; echo a >d/f", "mkdir d; mark d opaque=y; whiteout d/f", ""),
        ("mkdir d; echo a >d/f", "mkdir d; mark d opaque=x", ""),
        // Whiteouts.
        ("echo a >f", "whiteout f", ""),
        (": >f", ": >f; mark f whiteout=y", ""),
        (":", ": >f; mark f whiteout=y", ""),
        ("mkdir d; : >d/f", "mkdir d; : >d/f; mark d/f whiteout=y; whiteout d/g", "whiteout /d/g"),
        ("echo a >f", "echo a >f; mark f whiteout=y", ""),
        (":", "whiteout f", "whiteout /f"),
        ("mkdir d; echo a >d/f", "whiteout d", ""),
        ("mkdir d; echo a >d/f", "mkdir d; whiteout d/f", ""),
        ("mkdir d; echo a >d/f", "mkdir d; whiteout d/g", "whiteout /d/g, directory /d"),
        (":", "mkdir d; whiteout d/g", "whiteout /d/g"),
        ("whiteout f", "whiteout f", "whiteout /f"),
        (":", "whiteout f; ln f g; ln f h", "whiteout /f, whiteout /g, whiteout /h"),
        // Moved directories are left alone, with all that is in them.
        ("mkdir d; echo a >d/f", "mkdir e; mark e redirect=d; whiteout d", ""),
        ("mkdir d; echo a >d/f", "mkdir e; mark e redirect=/d; echo a >e/f; whiteout e/g; whiteout d", ""),
        ("mkdir -p x/d; echo a >x/d/f", "mkdir -p x/e; mark x/e redirect=d; whiteout x/d", ""),
        ("mkdir d e; echo a >d/f", "mkdir e; mark e redirect=/d", ""),
        // A copied-up marker of an old merge.
        (":", "mkdir .systemd-confext; echo 0:99 >.systemd-confext/dev; echo v >.systemd-confext/confexts",
            "marker /.systemd-confext"),
        (":", "mkdir .systemd-confext; echo 0:99 >.systemd-confext/dev; echo v >.systemd-confext/mine", ""),
        (":", "mkdir .systemd-confext; mkdir .systemd-confext/dev", ""),
        // Names.
        ("echo a >$(printf '%0255d' 0)", "echo a >$(printf '%0255d' 0)", "file /" + new string('0', 255)),
        ("echo a >\"$(printf 'x\\377y')\"", "echo a >\"$(printf 'x\\377y')\"", "file /x\\xffy"),
        ("echo a >\"$(printf 'x\\ny')\"", "echo a >\"$(printf 'x\\ny')\"", "file /x\\x0ay"),
        ("echo a >'a b'", "echo a >'a b'", "file /a b"),
        ("p=$(printf 'd/%.0s' $(seq 200)); mkdir -p $p && echo a >$p/f",
            "p=$(printf 'd/%.0s' $(seq 200)); mkdir -p $p && whiteout $p/w",
            "whiteout " + string.Concat(Enumerable.Repeat("/d", 200)) + "/w, "
            + string.Join(", ", Enumerable.Range(1, 200).Reverse()
            .Select(depth => "directory " + string.Concat(Enumerable.Repeat("/d", depth))))));

    [Theory]
    [MemberData(nameof(Trees))]
    public void It_removes_what_makes_no_difference_and_nothing_else(string vendor, string machine, string expected)
    {
        Arrange(vendor, machine);
        string[] wanted = [.. expected.Split(", ", StringSplitOptions.RemoveEmptyEntries)];
        List<string> merged = Merged();
        SortedDictionary<string, string> raw = Files.Snapshot(Root.Raw + "/etc");

        Assert.Equal(wanted, Pruned("--dry-run"));
        Assert.Empty(Files.Differences(raw, Files.Snapshot(Root.Raw + "/etc")));
        Assert.Equal(wanted, Pruned("--verbose"));
        Assert.Equal(wanted.Length, Files.Differences(raw, Files.Snapshot(Root.Raw + "/etc"))
            .Count(line => line.StartsWith("gone", StringComparison.Ordinal)
            && !line.Contains("/.systemd-confext/", StringComparison.Ordinal)));
        Assert.Empty(Pruned("--verbose"));
        Assert.Equal(merged, Merged());
    }

    public static TheoryData<string, string> Pairs =>
        [.. Types.Split(' ').SelectMany(from => Types.Split(' ').Select(to => (from, to)))];

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Only_files_symlinks_and_directories_go_and_none_of_another_type(string from, string to)
    {
        Arrange(Make(from), Make(to));
        List<string> merged = Merged();

        string[] expected = to is "directory" && from is not "directory"
            ? ["left over /x"] : from != to || from is "fifo" or "device"
            ? [] : [from is "directory" ? "directory /x" : "file /x"];
        Assert.Equal(expected, Pruned("--verbose"));
        if (expected is not ["left over /x"])
            Assert.Equal(merged, Merged());

        static string Make(string type) => type switch
        {
            "file" => ": >x",
            "directory" => "mkdir x",
            "symlink" => "ln -s y x",
            "fifo" => "mkfifo x",
            _ => "mknod x c 1 3",
        };
    }

    /// <summary>
    /// As <see cref="Trees"/>. The vendor has turned a name into something else since the machine got a directory
    /// there.
    /// </summary>
    public static TheoryData<string, string, string> Leftovers => new(
        ("mkdir e; echo a >e/f; ln -s e d", "mkdir d", "left over /d"),
        ("echo a >d", "mkdir d", "left over /d"),
        ("mkfifo d", "mkdir d", "left over /d"),
        ("ln -s nowhere d", "mkdir d; chmod 700 d; mark d origin=x; mark d impure=y", "left over /d"),
        ("echo a >d", "mkdir d; whiteout d/g", "whiteout /d/g, left over /d"),
        ("mkdir -p e/g; ln -s e d", "mkdir d; whiteout d/g", "whiteout /d/g, left over /d"),
        ("ln -s x d", "mkdir -p d/a/b d/c; whiteout d/a/g",
            "left over /d/a/b, whiteout /d/a/g, left over /d/a, left over /d/c, left over /d"),
        ("mkdir s; ln -s x s/d", "mkdir -p s/d", "left over /s/d, directory /s"),
        // All stays if something in it is the machine's own, or the machine made the directory itself.
        ("ln -s x d", "mkdir -p d/a; echo a >d/f", ""),
        ("ln -s x d", "mkdir -p d/a/b; mark d/a opaque=y", ""),
        ("ln -s x d", "mkdir -p d/a/b; mark d/a/b redirect=c", ""),
        ("ln -s x d", "mkdir d; mark d opaque=y", ""),
        ("ln -s x d", "mkdir d; : >d/f; mark d/f whiteout=y", ""),
        (":", "mkdir -p d/a", ""),
        ("mkdir d; ln -s x d/a", "mkdir -p d/b", ""));

    [Theory]
    [MemberData(nameof(Leftovers))]
    public void An_empty_directory_makes_way_for_what_is_not_a_directory_below_any_more(string vendor, string machine,
        string expected)
    {
        Arrange(vendor, machine);
        string[] wanted = [.. expected.Split(", ", StringSplitOptions.RemoveEmptyEntries)];
        SortedDictionary<string, string> raw = Files.Snapshot(Root.Raw + "/etc");

        Assert.Equal(wanted, Pruned("--dry-run"));
        Assert.Empty(Files.Differences(raw, Files.Snapshot(Root.Raw + "/etc")));
        Assert.Equal(wanted, Pruned("--verbose", "--opaque"));
        Assert.Empty(Pruned("--verbose", "--opaque"));
        if (expected.Length > 0)
            Assert.Empty(Files.List(Root.Raw + "/etc"));
        else
            Assert.Empty(Files.Differences(raw, Files.Snapshot(Root.Raw + "/etc")));
    }

    [Fact]
    public void After_an_update_a_link_shows_in_the_place_of_a_directory_that_was_once_written_to()
    {
        Arrange("mkdir certs; echo a >certs/f; chmod 700 certs", ":");
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        RawTree.Do(Root.Etc, "echo b >certs/g; rm certs/g certs/f; chmod 755 certs");
        Root.Bootmerge("unmerge").Succeeds();
        RawTree.Do(Root.Raw + "/var/lib/confexts/vendor/etc", "mv certs other; ln -s other certs");

        Root.Bootmerge("prune").Succeeds();
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        Assert.Equal("a\n", Root.Read("/etc/certs/f"));
    }

    public static TheoryData<string, string, string> OpaqueTrees => new(
        ("mkdir d", "mkdir d; mark d opaque=y", "opaque mark /d, directory /d"),
        (":", "mkdir d; mark d opaque=y; echo a >d/f", "opaque mark /d"),
        ("echo a >d", "mkdir d; mark d opaque=y", ""),
        ("ln -s e d", "mkdir d; mark d opaque=y; echo a >d/f", ""),
        ("mkdir d", "mkdir d; mark d opaque=y; whiteout d/w; chmod 700 d", "opaque mark /d, whiteout /d/w"),
        ("mkdir d", "mkdir -p d/e; mark d opaque=y; mark d/e redirect=f", "opaque mark /d"),
        ("mkdir d; echo a >d/f", "mkdir d; mark d opaque=y; echo a >d/f", "opaque mark /d, file /d/f, directory /d"),
        ("mkdir d; echo a >d/f", "mkdir d; mark d opaque=y; echo b >d/f; echo b >d/g", "opaque mark /d"),
        ("mkdir d; echo a >d/f", "mkdir d; mark d opaque=y; whiteout d/f", "opaque mark /d"),
        ("mkdir d; echo a >d/f; echo a >d/g", "mkdir d; mark d opaque=y; echo a >d/f", ""),
        ("mkdir -p d/e; echo a >d/e/f", "mkdir -p d/e; mark d opaque=y", ""),
        ("mkdir -p d/e; echo a >d/e/f", "mkdir -p d/e; mark d opaque=y; echo a >d/e/f",
            "opaque mark /d, file /d/e/f, directory /d/e, directory /d"),
        ("mkdir -p d/e; echo a >d/e/f", "mkdir -p d/e; mark d opaque=y; mark d/e opaque=y", "opaque mark /d"),
        ("mkdir -p d/e; echo a >d/e/f", "mkdir -p d/e; mark d opaque=y; mark d/e opaque=y; echo a >d/e/f",
            "opaque mark /d, opaque mark /d/e, file /d/e/f, directory /d/e, directory /d"),
        ("mkdir d; echo a >d/f", "mkdir d e; mark d opaque=y; echo a >d/f; mark e redirect=d", ""),
        ("mkdir d", "mkdir d e; mark d opaque=y; mark e redirect=d", ""),
        ("mkdir -p d/e", "mkdir d; mark d opaque=y", ""));

    [Theory]
    [MemberData(nameof(OpaqueTrees))]
    public void Opaque_marks_go_only_when_asked_for_and_only_where_they_hide_nothing(string vendor, string machine,
        string expected)
    {
        Arrange(vendor, machine);
        List<string> merged = Merged();

        Assert.Empty(Pruned("--verbose"));
        Assert.Equal(expected.Split(", ", StringSplitOptions.RemoveEmptyEntries), Pruned("--dry-run", "--opaque"));
        Assert.Equal(expected.Split(", ", StringSplitOptions.RemoveEmptyEntries), Pruned("--verbose", "--opaque"));
        Assert.Equal(merged, Merged());
    }

    [Fact]
    public void Labels_of_SELinux_do_not_count()
    {
        Arrange("echo a >f; xattr f security.selinux=one", "echo a >f; xattr f security.selinux=two");

        Assert.Equal(["file /f"], Pruned("--verbose"));
    }

    [Fact]
    public void While_it_is_merged_only_a_dry_run_works()
    {
        Arrange("echo a >f", "echo a >f");
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        List<string> before = Root.State();

        Root.Bootmerge("prune").FailsInOneLine("/etc is merged", "unmerge");
        Root.Bootmerge("prune", "--dry-run").Succeeds().Prints("would remove /etc/f: ");
        Assert.Equal(before, Root.State());
        Root.Bootmerge("unmerge").Succeeds();
        Root.Bootmerge("merge", "--mutable=ephemeral").Succeeds();
        Root.Bootmerge("prune", "--dry-run").FailsInOneLine("/etc is merged");
    }

    [Theory]
    [InlineData("/etc", "/etc", "mount point")]
    [InlineData("/srv", "/srv/etc", "overlay")]
    public void An_overlay_that_somebody_else_has_mounted_is_not_taken_for_an_upper_layer(string point, string upper,
        string word)
    {
        Arrange("echo a >f", ":");
        Root.Remove("/var/lib/extensions.mutable/etc");
        Root.Route(upper);
        Root.MakeDirectory("/work");
        Root.MakeDirectory("/up/etc");
        Root.Write("/up/f", "a\n");
        Root.Write("/up/etc/f", "a\n");
        Root.MakeDirectory(point);
        Root.Mount("overlay", point, "overlay", 0,
            $"lowerdir={Root.Raw}/var/lib/confexts/vendor/etc,upperdir={Root.Raw}/up,workdir={Root.Raw}/work");

        Root.Bootmerge("prune").FailsInOneLine(word);
        Assert.True(Root.Exists(upper + "/f"));
    }

    [Fact]
    public void A_file_of_the_machine_switches_it_off()
    {
        Arrange("echo a >f", "echo a >f; touch .no-dup-update");

        Root.Bootmerge("prune").Succeeds().Says(".no-dup-update exists");
        Assert.True(Root.ExistsRaw("/etc/f"));
    }

    [Fact]
    public void What_is_mounted_upon_stays_and_what_is_immutable_stays()
    {
        RootOn("ext4");
        Arrange("echo a >f; echo a >g; echo a >h; mkdir d", "echo a >f; echo a >g; echo a >h; mkdir d");
        Root.Mount(Root.Raw + "/usr/lib/os-release", "/etc/f", null, LibC.MS_BIND);
        Root.Mount("none", "/etc/d", "tmpfs");
        Outcome.OfTool("chattr", "+i", Root.Raw + "/etc/g");

        Outcome outcome = Root.Bootmerge("prune", "--verbose").Succeeds()
            .Says("kept /etc/f: Device or resource busy", "kept /etc/d: ", "kept /etc/g: Operation not permitted");
        Outcome.OfTool("chattr", "-i", Root.Raw + "/etc/g");
        Assert.Equal("removed /etc/h: it equals the layer below\n", outcome.Output);
    }

    [Fact]
    public void Bare_defaults_are_below_only_where_the_configuration_says_that_boot_uses_them()
    {
        Root.Route("/etc");
        Root.Write("/usr/share/flatcar/etc/f", "a");
        Root.Write("/etc/f", "a");

        Root.Bootmerge("prune").Succeeds();
        Assert.True(Root.ExistsRaw("/etc/f"));
        Root.Write("/etc/bootmerge.conf", "[BootMerge]\nRouteEtc=yes\n");
        Root.Bootmerge("prune").Succeeds();
        Assert.False(Root.ExistsRaw("/etc/f"));
        Root.Expect("/etc");
    }

    [Fact]
    public void A_routed_directory_and_the_other_class_are_pruned_too()
    {
        Root.Write("/var/lib/extensions/tools/usr/lib/extension-release.d/extension-release.tools", "ID=_any\n");
        Root.Write("/var/lib/extensions/tools/opt/tool/file", "tool");
        Root.Write("/opt/base", "base");
        Root.Write("/var/lib/extensions.mutable/opt/tool/file", "tool");
        Root.Write("/var/lib/extensions.mutable/opt/base", "base");

        Root.Bootmerge("--class=sysext", "prune").Succeeds().Says("removed 2 files, 1 directory");
        Assert.Empty(Files.List(Root.Raw + "/var/lib/extensions.mutable/opt"));
        Root.Expect("/var/lib/extensions.mutable/opt");
    }

    [Fact]
    public void A_file_that_is_changed_meanwhile_is_kept_or_made_anew()
    {
        Arrange("head -c 300000 /dev/zero >f", ":");
        using System.Threading.CancellationTokenSource end = new();
        int kept = 0;
        int lost = 0;
        for (int i = 0; i < 60; i++)
        {
            File.WriteAllBytes(Root.Raw + "/etc/f", new byte[300_000]);
            System.Threading.Thread writer = new(() => File.AppendAllText(Root.Raw + "/etc/f", "mine"));
            System.Threading.Thread pruner = new(() => Root.Bootmerge("prune").Succeeds());
            pruner.Start();
            System.Threading.Thread.Sleep(i % 12);
            writer.Start();
            writer.Join();
            pruner.Join();
            // After a write before the removal, the file is kept whole; a write after it makes a new file. Only a
            // writer that has the file open between the last look and the removal writes to a file without a name:
            // nothing in the kernel prevents that.
            if (!File.Exists(Root.Raw + "/etc/f"))
            {
                lost++;
                continue;
            }

            Assert.EndsWith("mine", File.ReadAllText(Root.Raw + "/etc/f"), StringComparison.Ordinal);
            kept += new FileInfo(Root.Raw + "/etc/f").Length > 300_000 ? 1 : 0;
        }

        Assert.InRange(lost, 0, 3);
        Assert.True(kept > 0, "no file was written before it was looked at");
    }

    [Fact]
    public void Killed_anywhere_it_has_lost_nothing_and_the_next_one_finishes()
    {
        const string Tree = "mkdir -p d/e; echo a >d/e/f; echo a >d/g; ln -s x l; mkdir empty; echo a >z";
        Arrange(Tree, Tree + "; whiteout w; mkdir .systemd-confext; echo 0:99 >.systemd-confext/dev; echo v "
            + ">.systemd-confext/confexts");
        string copy = Root.Aside + "/etc";
        Outcome.OfTool("cp", "-a", Root.Raw + "/etc", copy);
        List<string> merged = Merged();
        List<SweepPoint> points = SweepPoints.Of(Traced.MainThread(Root, "prune"));
        Assert.Empty(Files.List(Root.Raw + "/etc"));
        int killed = 0;
        foreach (SweepPoint point in points)
        {
            Restore();
            killed += Traced.Kill(point, Root, "prune").Status == 0 ? 0 : 1;
            Assert.Equal(merged, Merged());
            Root.Bootmerge("prune").Succeeds();
            Assert.True(Files.List(Root.Raw + "/etc").Count == 0,
                $"left after {point}{string.Join(", ", Files.List(Root.Raw + "/etc"))}");
        }

        Assert.Equal(merged, Merged());
        Assert.True(killed > points.Count * 9 / 10, $"only {killed} of {points.Count} kills");

        void Restore() => Outcome.OfTool("cp", "-a", copy + "/.", Root.Raw + "/etc");
    }

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, SweepPoints.IsWhole ? 1000 : 60)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void The_merged_tree_is_the_same_before_and_after_and_a_second_prune_finds_nothing(int seed)
    {
        Random random = new(seed);
        Arrange(":", ":");
        string vendor = Root.Raw + "/var/lib/confexts/vendor/etc";
        RandomTree.Grow(vendor, random, 25);
        Root.Extension("zeta", ("keep", "keep"));
        RandomTree.Grow(Root.Raw + "/var/lib/confexts/zeta/etc", random, 10);
        RandomTree.Grow(Root.Raw + "/etc", random, 5);
        foreach (string name in Files.List(vendor)
            .Where(name => name is not "extension-release.d" && random.Next(2) == 0 && !Root.ExistsRaw("/etc/" + name)))
            Outcome.OfTool("cp", "-a", $"{vendor}/{name}", Root.Raw + "/etc/" + name);
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        RandomTree.Change(Root.Etc, random, 30);
        Root.Bootmerge("unmerge").Succeeds();
        // In the vendor's next version, what the machine hides may be gone, or equal to the machine's.
        RandomTree.Change(vendor, random, 10);
        Files.ChangeMode(Root.Raw + "/etc", "0755");
        List<string> merged = Merged();

        List<string> pruned = Pruned("--opaque", "--verbose");
        SortedDictionary<string, string> raw = Files.Snapshot(Root.Raw + "/etc");
        // Only an empty directory that is no longer a directory below may look different.
        List<string> madeWay = [.. pruned.Where(line => line.StartsWith("left over ", StringComparison.Ordinal))
            .Select(line => line["left over ".Length..])];
        Assert.Equal(merged.Where(IsAsBefore), Merged().Where(IsAsBefore));
        Assert.All(madeWay, path => Assert.False(Root.ExistsRaw("/etc" + path)));
        Root.Bootmerge("prune", "--opaque").Succeeds().Says("removed nothing");
        Assert.Empty(Files.Differences(raw, Files.Snapshot(Root.Raw + "/etc")));

        // Each name is still a file of its own.
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        SeparateFiles.Prove(Root.Etc, Root.Raw + "/etc");
        Root.Bootmerge("unmerge").Succeeds();

        bool IsAsBefore(string line) => !madeWay.Exists(path => line.StartsWith(path + " ", StringComparison.Ordinal));
    }

    private void Arrange(string vendor, string machine)
    {
        Root.Route("/etc");
        Root.Remove("/etc/hostname");
        Root.Extension("vendor", ("keep", "keep"));
        Trees(Root.Raw + "/var/lib/confexts/vendor/etc", vendor);
        Trees(Root.Raw + "/etc", machine);
        Root.Expect("/etc", "/var/lib/confexts");

        static void Trees(string directory, string commands) => RawTree.Do(directory, commands);
    }

    /// <summary>What a merge shows, one line per path.</summary>
    private List<string> Merged()
    {
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        List<string> seen = [.. Files.Snapshot(Root.Etc, unreachable: true)
            .Where(entry => !entry.Key.StartsWith("/.systemd-", StringComparison.Ordinal))
            .Select(entry => entry.Key + " " + entry.Value)];
        Root.Bootmerge("unmerge").Succeeds();
        return seen;
    }

    /// <summary>What prune removes, as "file /f", in the order of its list.</summary>
    private List<string> Pruned(params string[] options) =>
    [
        .. Root.Bootmerge(["prune", .. options]).Succeeds().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line =>
        {
            string rest = line[(line.IndexOf("/etc", StringComparison.Ordinal) + 4)..];
            int end = rest.LastIndexOf(": it ", StringComparison.Ordinal);
            string reason = rest[(end + 5)..];
            string kind = reason switch
            {
                "equals the layer below" => "file",
                "is empty and equals the layer below" => "directory",
                "is empty, and not a directory in the layers below any more" => "left over",
                "is a copy of an old merge's marker" => "marker",
                _ when reason.StartsWith("is opaque", StringComparison.Ordinal) => "opaque mark",
                _ when reason.StartsWith("is a whiteout", StringComparison.Ordinal) => "whiteout",
                _ => reason,
            };
            return kind + " " + rest[..end];
        }),
    ];
}
