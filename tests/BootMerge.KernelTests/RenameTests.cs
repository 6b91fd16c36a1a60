using System;
using System.Collections.Generic;
using System.IO;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>An upperdir and a workdir on one file system that refuses to rename between them.</summary>
public sealed class RenameTests : InitramfsTest
{
    [Theory]
    [InlineData("btrfs")]
    [InlineData("xfs")]
    public void A_merge_that_could_not_be_written_to_is_refused_and_changes_nothing(string fileSystem)
    {
        RootOn(fileSystem);
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Route("/etc");
        Separate(fileSystem);
        Root.Remember();
        List<string> before = Root.State();

        Root.Bootmerge("merge", "--mutable=auto").FailsInOneLineBesidesInformation(Root.Etc, "EXDEV", "subvolume");

        Assert.Equal(before, Root.State());
    }

    [Theory]
    [InlineData("btrfs")]
    [InlineData("xfs")]
    public void At_boot_the_fallback_decides(string fileSystem)
    {
        Prepare("confext", fileSystem: fileSystem);
        Separate(fileSystem);
        Root.Remember();

        Boot().Succeeds().Says("falling back to an immutable", "EXDEV");

        Assert.Equal("immutable", Report().GetProperty("fallback").GetString());
        Assert.Equal(("vendor", "machine's"), (Root.Read("/etc/vendor.conf"), Root.Read("/etc/both.conf")));
    }

    /// <summary>
    /// Everything below a directory with a quota of its own is in one project, for example for a container.
    /// </summary>
    [Fact]
    public void A_project_that_the_whole_root_has_is_no_obstacle()
    {
        RootOn("xfs");
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Route("/etc");
        Outcome.OfTool("find", Root.Raw, "-type", "d", "-exec", "chattr", "-p", "7", "{}", "+", "-exec", "chattr", "+P",
            "{}", "+");
        Root.Expect("/etc/alpha.conf");

        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        Root.WriteMerged("/etc/alpha.conf", "machine's");
        File.Delete(Root.Etc + "/alpha.conf");
    }

    [Fact]
    public void Vendor_files_below_a_subvolume_inside_the_upperdir_are_named_and_the_merge_is_made()
    {
        RootOn("btrfs");
        Root.Extension("alpha", ("alpha.conf", "alpha"), ("outer/sub/file", "alpha"), ("outer/plain/file", "alpha"));
        Root.Route("/etc");
        Root.MakeDirectory("/etc/outer/plain");
        Outcome.OfTool("btrfs", "-q", "subvolume", "create", Root.Raw + "/etc/outer/sub");
        Outcome.OfTool("btrfs", "-q", "subvolume", "create", Root.Raw + "/etc/own");
        Root.Expect("/etc/outer", "/etc/own", "/etc/alpha.conf");

        Outcome merged = Root.Bootmerge("merge", "--mutable=auto").Succeeds();

        string warning = Assert.Single(merged.ErrorLines, line => line.Contains("subvolume", StringComparison.Ordinal));
        Assert.Contains("'alpha' has files below " + Root.Etc + "/outer/sub,", warning, StringComparison.Ordinal);
        Root.WriteMerged("/etc/alpha.conf", "machine's");
        Root.WriteMerged("/etc/outer/plain/file", "machine's");
        Assert.Contains("ross-device",
            Assert.ThrowsAny<IOException>(() => Root.WriteMerged("/etc/outer/sub/file", "")).Message,
            StringComparison.Ordinal);
    }

    /// <summary>/etc becomes a subvolume, or gets a project of its own.</summary>
    private void Separate(string fileSystem)
    {
        if (fileSystem is "xfs")
        {
            Outcome.OfTool("chattr", "-p", "7", Root.Raw + "/etc");
            Outcome.OfTool("chattr", "+P", Root.Raw + "/etc");
            return;
        }

        string etc = Root.Raw + "/etc";
        Directory.Move(etc, etc + "-before");
        Outcome.OfTool("btrfs", "-q", "subvolume", "create", etc);
        Outcome.OfTool("cp", "-a", etc + "-before/.", etc);
        Directory.Delete(etc + "-before", recursive: true);
    }
}
