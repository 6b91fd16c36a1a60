using System.Collections.Generic;
using System.IO;
using System.Linq;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>The root on each file system, /etc as a mount of its own, and all kinds of propagation.</summary>
public sealed class FileSystemTests : KernelTest
{
    public static TheoryData<string, string> FileSystemsAndModes =>
        new MatrixTheoryData<string, string>(["tmpfs", "ext4", "btrfs", "xfs"],
        ["no", "auto", "import", "ephemeral-import"]);

    [Theory]
    [MemberData(nameof(FileSystemsAndModes))]
    public void Merge_refresh_write_and_unmerge_work_on(string fileSystem, string mode)
    {
        TestRoot root = RootOn(fileSystem);
        root.Extension("alpha", ("alpha.conf", "alpha"), ("deleted.conf", "alpha"), ("ssh/sshd_config", "alpha"));
        root.Route("/etc");

        root.Bootmerge("merge", "--mutable=" + mode).Succeeds();
        Assert.Equal(("alpha", "machine\n"), (root.Read("/etc/alpha.conf"), root.Read("/etc/hostname")));
        root.Bootmerge("refresh", "--mutable=" + mode).Succeeds();
        if (mode is "auto")
        {
            root.WriteMerged("/etc/alpha.conf", "machine");
            File.Delete(root.Etc + "/deleted.conf");
            Assert.Equal(0, LibC.Rename(root.Etc + "/ssh", root.Etc + "/ssh.bak"));
            Assert.Equal("machine", root.ReadRaw("/etc/alpha.conf"));
            Assert.True(Files.IsWhiteout(root.Raw + "/etc/deleted.conf"));
            root.Expect("/etc/alpha.conf", "/etc/deleted.conf", "/etc/ssh", "/etc/ssh.bak");
        }

        root.Extension("beta", ("beta.conf", "beta"));
        root.Bootmerge("refresh", "--mutable=" + mode).Succeeds();
        Assert.Equal(("beta", mode is "auto" ? "machine" : "alpha"),
            (root.Read("/etc/beta.conf"), root.Read("/etc/alpha.conf")));
        Assert.Equal("alpha", root.Read(mode is "auto" ? "/etc/ssh.bak/sshd_config" : "/etc/ssh/sshd_config"));

        root.Bootmerge("unmerge").Succeeds();
        Assert.Empty(root.Stacks);
        Assert.False(root.Exists("/etc/beta.conf"));
        Assert.DoesNotContain(Files.List(root.Raw), name => name.Contains("workdir", System.StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("tmpfs", "no", "/etc", "alpha machine")]
    [InlineData("tmpfs", "import", "/etc", "machine alpha")]
    [InlineData("tmpfs", "ephemeral", "/etc", "alpha machine")]
    [InlineData("tmpfs", "ephemeral-import", "/etc", "machine alpha")]
    [InlineData("tmpfs", "auto", "/srv/changes", "alpha machine")]
    [InlineData("ext4", "no", "/etc", "alpha machine")]
    [InlineData("ext4", "import", "/etc", "machine alpha")]
    [InlineData("ext4", "yes", "/srv/changes", "alpha machine")]
    public void A_hierarchy_that_is_a_mount_of_its_own_is_merged_and_comes_back(string fileSystem, string mode,
        string routing, string order)
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"), ("both.conf", "alpha"));
        Root.MakeDirectory("/srv/changes");
        Root.Route(routing);
        Root.MountFileSystem(fileSystem, Root.Etc);
        Root.WriteMerged("/etc/own.conf", "machine");
        Root.WriteMerged("/etc/both.conf", "machine");
        SortedDictionary<string, string> before = Files.Snapshot(Root.Etc);

        Root.Bootmerge("merge", "--mutable=" + mode).Succeeds();
        AssertMerged();
        Root.Bootmerge("refresh", "--mutable=" + mode, "--always-refresh=yes").Succeeds();
        AssertMerged();
        Root.Bootmerge("unmerge").Succeeds();

        Assert.Empty(Files.Differences(before, Files.Snapshot(Root.Etc)));
        Assert.Single(MountTable.At(Root.Etc));

        void AssertMerged()
        {
            Assert.Equal(("alpha", "machine", order.Split(' ')[0]),
                (Root.Read("/etc/alpha.conf"), Root.Read("/etc/own.conf"), Root.Read("/etc/both.conf")));
            Assert.Single(Root.Stacks);
            Assert.Equal(2, MountTable.At(Root.Etc).Count);
        }
    }

    [Fact]
    public void A_self_routed_hierarchy_that_is_a_mount_of_its_own_has_no_place_for_the_workdir()
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Route("/etc");
        Root.MountFileSystem("tmpfs", Root.Etc);
        Root.Remember();
        List<string> before = Root.State();

        Root.Bootmerge("merge", "--mutable=auto").FailsInOneLineBesidesInformation("/etc", "file system");

        Assert.Equal(before, Root.State());
    }

    [Theory]
    [InlineData("private", "no")]
    [InlineData("private", "auto")]
    [InlineData("shared", "no")]
    [InlineData("shared", "auto")]
    [InlineData("slave", "no")]
    [InlineData("slave", "auto")]
    [InlineData("shared slave", "no")]
    [InlineData("shared slave", "auto")]
    public void Whatever_the_propagation_of_the_parent_there_is_one_stack_and_then_none(string propagation, string mode)
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Route("/etc");
        string peer = Root.Path + "-peer";
        Directory.CreateDirectory(peer);
        if (propagation is not "private")
            LibC.Mount("none", Root.Path, null, LibC.MS_SHARED);
        LibC.Mount(Root.Path, peer, null, LibC.MS_BIND);
        if (propagation is "slave" or "shared slave")
            LibC.Mount("none", Root.Path, null, LibC.MS_SLAVE);
        if (propagation is "shared slave")
            LibC.Mount("none", Root.Path, null, LibC.MS_SHARED);

        Root.Bootmerge("merge", "--mutable=" + mode).Succeeds();
        AssertOneStack();
        Root.Bootmerge("refresh", "--mutable=" + mode, "--always-refresh=yes").Succeeds();
        AssertOneStack();
        Root.Bootmerge("unmerge").Succeeds();

        Assert.Empty(MountTable.Under(Root.Etc));
        Assert.Empty(MountTable.Under(peer + "/etc"));
        LibC.Unmount(peer);

        void AssertOneStack()
        {
            Assert.Single(Root.Stacks);
            Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
            Assert.Equal(propagation is "shared" ? 1 : 0, MountTable.At(peer + "/etc").Count);
            Assert.Equal(propagation is "shared", File.Exists(peer + "/etc/alpha.conf"));
        }
    }

    [Theory]
    [InlineData("no")]
    [InlineData("auto")]
    [InlineData("import")]
    public void As_root_of_a_chroot_with_nothing_but_the_binary_and_proc_it_merges_and_unmerges(string mode)
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Route("/etc");
        File.Copy(Workplace.Binary, Root.Raw + "/bootmerge");
        Root.MakeDirectory("/proc");
        Root.Mount("none", "/proc", "proc");
        Root.Expect("/run/bootmerge");
        Root.Remember();

        InChroot("merge", "--mutable=" + mode);
        Assert.Equal(("alpha", "machine\n"), (Root.Read("/etc/alpha.conf"), Root.Read("/etc/hostname")));
        Root.Extension("beta", ("beta.conf", "beta"));
        InChroot("refresh", "--mutable=" + mode);
        Assert.Equal("beta", Root.Read("/etc/beta.conf"));
        Assert.Single(Root.Stacks);
        Assert.Contains("beta", InChroot("status").Output, System.StringComparison.Ordinal);
        InChroot("unmerge");

        Assert.Empty(Root.Stacks);

        Outcome InChroot(params string[] arguments) => Outcome.Of("chroot", [Root.Path, "/bootmerge", .. arguments])
            .Succeeds();
    }

    [Fact]
    public void In_a_chroot_without_proc_it_starts_and_says_what_it_lacks()
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        File.Copy(Workplace.Binary, Root.Raw + "/bootmerge");
        Root.Expect("/run/bootmerge");
        Root.Remember();

        Outcome.Of("chroot", [Root.Path, "/bootmerge", "--version"]).Succeeds().Prints("bootmerge");
        Outcome.Of("chroot", [Root.Path, "/bootmerge", "--help"]).Succeeds().Prints("merge");
        Outcome.Of("chroot", [Root.Path, "/bootmerge", "merge"])
            .FailsInOneLineBesidesInformation("/proc", "not mounted");
        Assert.Empty(Root.Stacks);
    }

    [Fact]
    public void A_stack_in_a_hierarchy_of_which_a_reader_holds_the_directory_is_unmerged_for_everyone_else()
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Bootmerge("merge").Succeeds();
        using (File.OpenRead(Root.Etc + "/alpha.conf"))
        {
            Root.Bootmerge("unmerge").Succeeds();
            Assert.False(Root.Exists("/etc/alpha.conf"));
            Assert.Empty(MountTable.Under(Root.Etc).Select(mount => mount.Point));
        }
    }
}
