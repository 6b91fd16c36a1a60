using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>Mounts below /etc: a bind-mounted machine-id, a tmpfs in a tmpfs, and two on one place.</summary>
public sealed class InnerMountTests : KernelTest
{
    [Theory]
    [InlineData("no")]
    [InlineData("auto")]
    [InlineData("import")]
    [InlineData("ephemeral")]
    [InlineData("ephemeral-import")]
    public void Mounts_below_the_hierarchy_survive_merge_refresh_and_unmerge(string mode)
    {
        Prepare();
        List<string> before = InnerMounts();
        List<string> all = [.. MountTable.Under(Root.Etc).Select(mount => mount.Description)];

        Root.Bootmerge("merge", "--mutable=" + mode).Succeeds();
        AssertVisible(before);
        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));

        Root.Bootmerge("refresh", "--mutable=" + mode, "--always-refresh=yes").Succeeds();
        AssertVisible(before);

        Root.Extension("beta", ("beta.conf", "beta"));
        Root.Bootmerge("refresh", "--mutable=" + mode).Succeeds();
        AssertVisible(before);
        Assert.Equal("beta", Root.Read("/etc/beta.conf"));

        Root.Bootmerge("unmerge").Succeeds();
        AssertVisible(before);
        Assert.False(Root.Exists("/etc/alpha.conf"));
        Assert.Equal(all.Order(StringComparer.Ordinal),
            MountTable.Under(Root.Etc).Select(mount => mount.Description).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Mounts_below_the_hierarchy_can_still_be_written_to_when_the_stack_is_read_only()
    {
        Prepare();

        Root.Bootmerge("merge", "--mutable=no").Succeeds();
        Root.WriteMerged("/etc/inner/deep/new", "written");
        Root.Bootmerge("unmerge").Succeeds();

        Assert.Equal("written", Root.Read("/etc/inner/deep/new"));
    }

    [Fact]
    public void Carried_mounts_are_no_peers_of_the_originals_in_a_shared_tree()
    {
        Prepare();
        LibC.Mount("none", Root.Path, null, LibC.MS_REC | LibC.MS_SHARED);
        List<string> before = InnerMounts();
        HashSet<string> groups = [.. Visible().SelectMany(mount => mount.Propagation)];
        Assert.Equal(5, groups.Count);

        Root.Bootmerge("merge").Succeeds();
        AssertVisible(before);
        // The kernel makes everything below a shared mount shared, but in new peer groups.
        Assert.DoesNotContain(Visible().SelectMany(mount => mount.Propagation), groups.Contains);

        Root.Bootmerge("refresh", "--always-refresh=yes").Succeeds();
        AssertVisible(before);
        Root.Bootmerge("unmerge").Succeeds();
        AssertVisible(before);
    }

    [Theory]
    [InlineData("no")]
    [InlineData("auto")]
    public void After_a_merge_that_fails_they_are_where_they_were(string mode)
    {
        Prepare();
        Root.Remember();
        List<string> before = Root.State();
        List<string> mounts = InnerMounts();

        foreach (string call in new[] { "move_mount", "fsmount" })
        {
            Outcome failed = Traced.Inject(call, "EPERM", 1, Root, "merge", "--mutable=" + mode);
            failed.Fails(call);
            Assert.Equal(before, Root.State());
            AssertVisible(mounts);
        }
    }

    [Fact]
    public void After_a_refresh_that_fails_they_are_where_they_were()
    {
        Prepare();
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        List<string> before = Root.State();
        List<string> mounts = InnerMounts();

        Traced.Inject("fsmount", "EPERM", 1, Root, "refresh", "--mutable=auto", "--always-refresh=yes")
            .Fails("fsmount");

        Assert.Equal(before, Root.State());
        AssertVisible(mounts);
    }

    [Fact]
    public void A_mount_made_on_the_merged_tree_survives_refresh_and_unmerge()
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Route("/etc");
        Root.MakeDirectory("/etc/later");
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        Root.Mount("none", "/etc/later", "tmpfs", 0, "mode=0755");
        Root.WriteMerged("/etc/later/file", "later");

        Root.Bootmerge("refresh", "--mutable=auto", "--always-refresh=yes").Succeeds();
        Assert.Equal("later", Root.Read("/etc/later/file"));

        Root.Bootmerge("unmerge").Succeeds();
        Assert.Equal("later", Root.Read("/etc/later/file"));
        Assert.Single(MountTable.At(Root.Etc + "/later"));
    }

    [Fact]
    public void A_mount_unmounted_from_the_merged_tree_does_not_come_back()
    {
        Prepare();
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        LibC.Unmount(Root.Etc + "/machine-id");

        Root.Forget("/etc/machine-id");

        Root.Bootmerge("refresh", "--mutable=auto", "--always-refresh=yes").Succeeds();
        Assert.Equal("", Root.Read("/etc/machine-id"));
        Root.Bootmerge("unmerge").Succeeds();
        Assert.Equal("", Root.Read("/etc/machine-id"));
    }

    [Theory]
    [InlineData("no")]
    [InlineData("auto")]
    public async Task Readers_never_miss_them_while_merges_come_and_go(string mode)
    {
        Prepare();
        string[] paths = ["/etc/hostname", "/etc/inner/file", "/etc/inner/deep/file", "/etc/twice/file"];
        int reads = 0;
        List<string> missed = [];
        using CancellationTokenSource end = new();
        Task reader = Task.Run(
            () =>
            {
                while (!end.IsCancellationRequested)
                {
                    foreach (string path in paths)
                    {
                        reads++;
                        if (!Root.Exists(path))
                            missed.Add($"{path} in read {reads}");
                    }
                }
            },
            TestContext.Current.CancellationToken);

        for (int i = 0; i < 20; i++)
        {
            Root.Bootmerge("merge", "--mutable=" + mode).Succeeds();
            Root.Bootmerge("unmerge").Succeeds();
        }

        await end.CancelAsync();
        await reader;

        Assert.Empty(missed);
        Assert.True(reads > 2_000, $"{reads} reads prove little");
    }

    [Theory]
    [InlineData("no", "merge")]
    [InlineData("auto", "merge")]
    [InlineData("ephemeral-import", "merge")]
    [InlineData("auto", "boot")]
    public void What_extensions_have_below_one_is_a_warning_for_each_mount(string mode, string verb)
    {
        Prepare();
        Root.MakeDirectory("/var/lib/confexts/alpha/etc/twice");
        Root.Extension("beta", ("inner/deep/other", "beta"));
        Root.Extension("gamma", ("elsewhere", "gamma"));
        string[] expected =
        [
            $"The mount on {Root.Etc}/machine-id hides what the extension 'alpha' has there.",
            $"The mount on {Root.Etc}/inner hides what the extensions 'beta', 'alpha' have there.",
        ];

        Assert.Equal(expected, Hiding(Root.Bootmerge(verb, "--mutable=" + mode).Succeeds()));
        Assert.Equal(expected,
            Hiding(Root.Bootmerge("refresh", "--mutable=" + mode, "--always-refresh=yes").Succeeds()));
        Root.Bootmerge("unmerge").Succeeds();
    }

    [Fact]
    public void A_mount_that_hides_nothing_is_no_warning()
    {
        Prepare();
        Root.Remove("/var/lib/confexts/alpha/etc/inner/hidden");
        Root.Remove("/var/lib/confexts/alpha/etc/machine-id");

        Assert.Empty(Hiding(Root.Bootmerge("merge", "--mutable=auto").Succeeds()));
    }

    [Fact]
    public void A_mount_point_with_a_blank_a_backslash_and_a_newline_is_carried_over()
    {
        string name = "/etc/a b\\c\nd";
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.MakeDirectory(name);
        Root.Mount("none", name, "tmpfs");
        Root.WriteMerged(name + "/file", "odd");

        Root.Bootmerge("merge").Succeeds();
        Assert.Equal("odd", Root.Read(name + "/file"));
        Root.Bootmerge("refresh", "--always-refresh=yes").Succeeds();
        Assert.Equal("odd", Root.Read(name + "/file"));
        Root.Bootmerge("unmerge").Succeeds();
        Assert.Equal("odd", Root.Read(name + "/file"));
    }

    /// <summary>/etc/machine-id (bind), /etc/inner (tmpfs), /etc/inner/deep (tmpfs), /etc/twice (two tmpfs).</summary>
    private void Prepare()
    {
        Root.Route("/etc");
        Root.Extension("alpha", ("alpha.conf", "alpha"), ("machine-id", "alpha's"), ("inner/hidden", "alpha"));
        Root.Write("/etc/machine-id", "");
        Root.Write("/run-machine-id", "1234\n");
        Root.MakeDirectory("/etc/inner");
        Root.MakeDirectory("/etc/twice");
        Root.Mount(Root.Path + "/run-machine-id", "/etc/machine-id", null, LibC.MS_BIND);
        Root.Mount("none", "/etc/inner", "tmpfs", LibC.MS_NOSUID, "mode=0755");
        Root.WriteMerged("/etc/inner/file", "inner");
        Directory.CreateDirectory(Root.Etc + "/inner/deep");
        Root.Mount("none", "/etc/inner/deep", "tmpfs", 0, "mode=0700");
        Root.WriteMerged("/etc/inner/deep/file", "deep");
        Root.Mount("lower", "/etc/twice", "tmpfs");
        Root.WriteMerged("/etc/twice/file", "lower");
        Root.Mount("upper", "/etc/twice", "tmpfs");
        Root.WriteMerged("/etc/twice/file", "upper");
    }

    private static IEnumerable<string> Hiding(Outcome outcome) =>
        outcome.ErrorLines.Where(line => line.Contains(" hides ", StringComparison.Ordinal))
            .Select(line => line[line.IndexOf("The mount", StringComparison.Ordinal)..]);

    /// <summary>The mounts that a path walk from the visible /etc can reach, without the marker's.</summary>
    private IEnumerable<MountEntry> Visible()
    {
        List<MountEntry> table = MountTable.Read();
        MountEntry top = MountTable.At(Root.Etc) is [.., MountEntry stack] ? stack : MountTable.At(Root.Path)[^1];
        HashSet<int> reachable = [top.Id];
        List<MountEntry> found = [];
        for (bool more = true; more;)
        {
            List<MountEntry> next =
                [.. table.Where(mount => reachable.Contains(mount.Parent) && !reachable.Contains(mount.Id)
                && mount.Point.StartsWith(Root.Etc + "/", StringComparison.Ordinal)
                && !mount.Point.EndsWith("/.systemd-confext", StringComparison.Ordinal))];
            more = next.Count > 0;
            reachable.UnionWith(next.Select(mount => mount.Id));
            found.AddRange(next);
        }

        return found;
    }

    /// <summary>
    /// The top mount at each place. A mount that is hidden below another one need not be carried over.
    /// </summary>
    private List<string> InnerMounts()
    {
        List<MountEntry> visible = [.. Visible()];
        return [.. visible.Where(mount =>
            !visible.Exists(other => other.Parent == mount.Id
            && string.Equals(other.Point, mount.Point, StringComparison.Ordinal)))
            .Select(mount => $"{mount.Point} {mount.Type} {mount.Source} {mount.Root} "
            + $"{string.Join(',', mount.Options)}")
            .Order(StringComparer.Ordinal)];
    }

    private void AssertVisible(List<string> before)
    {
        Assert.Equal(before, InnerMounts());
        Assert.Equal(["1234\n", "inner", "deep", "upper"],
            new[] { "machine-id", "inner/file", "inner/deep/file",
            "twice/file" }.Select(name => Root.Read("/etc/" + name)));
        Assert.Equal("0700", Files.Mode(Root.Etc + "/inner/deep"));
        Assert.False(Root.Exists("/etc/inner/hidden"));
    }
}
