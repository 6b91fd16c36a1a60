using System.Collections.Generic;
using System.IO;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>If the place for writes cannot be used, the error says why, and everything stays as it was.</summary>
public sealed class UpperDirectoryErrorTests : KernelTest
{
    [Theory]
    [InlineData("auto", "/var/lib/extensions.mutable/etc")]
    [InlineData("yes", "/var/lib/extensions.mutable/etc")]
    [InlineData("yes", "/srv/etc-changes")]
    public void An_upperdir_with_another_mode_than_the_hierarchy_is_refused_naming_both_modes(string mode, string upper)
    {
        PrepareUpper(upper);
        Files.ChangeMode(Root.Raw + upper, "0700");

        FailsAndChangesNothing(["merge", "--mutable=" + mode], upper, "0700", "0755");
    }

    [Fact]
    public void An_upperdir_whose_neighbour_lies_on_another_file_system_is_refused()
    {
        PrepareUpper("/srv/etc-changes");
        Root.Mount("none", "/srv/etc-changes", "tmpfs", 0, "mode=0755");

        FailsAndChangesNothing(["merge", "--mutable=yes"], "/srv", "file system");
    }

    [Fact]
    public void An_upperdir_on_a_read_only_file_system_is_refused()
    {
        PrepareUpper("/srv/etc-changes");
        MountOnSrv("mode=0755");
        LibC.Mount("none", Root.Path + "/srv", null, LibC.MS_REMOUNT | LibC.MS_RDONLY);

        FailsAndChangesNothing(["merge", "--mutable=yes"], "/srv", "Read-only file system");
    }

    [Fact]
    public void An_upperdir_on_a_mount_that_is_read_only_is_refused()
    {
        PrepareUpper("/srv/etc-changes");
        MountOnSrv("mode=0755");
        LibC.Mount("none", Root.Path + "/srv", null, LibC.MS_REMOUNT | LibC.MS_BIND | LibC.MS_RDONLY);

        FailsAndChangesNothing(["merge", "--mutable=yes"], "/srv", "Read-only file system");
    }

    [Fact]
    public void An_upperdir_on_a_full_file_system_is_refused()
    {
        PrepareUpper("/srv/etc-changes");
        MountOnSrv("mode=0755,nr_inodes=3"); // the root, etc-changes, and one more
        File.WriteAllText(Root.Path + "/srv/the last inode", "");

        FailsAndChangesNothing(["merge", "--mutable=yes"], "/srv", "No space left");
    }

    [Theory]
    [InlineData("file")]
    [InlineData("fifo")]
    [InlineData("loop")]
    [InlineData("link to a file")]
    public void A_routing_entry_that_is_no_directory_is_refused(string kind)
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        string entry = "/var/lib/extensions.mutable/etc";
        Root.MakeDirectory("/var/lib/extensions.mutable");
        if (kind is "file")
            Root.Write(entry, "");
        if (kind is "fifo")
            Files.MakeFifo(Root.Raw + entry);
        if (kind is "loop")
            Root.Symlink(entry, "etc");
        if (kind is "link to a file")
            Root.Symlink(entry, "/etc/hostname");

        FailsAndChangesNothing(["merge", "--mutable=auto"], "/var/lib/extensions.mutable/etc");
    }

    [Theory]
    [InlineData("file")]
    [InlineData("link to a directory")]
    public void A_workdir_name_taken_by_something_else_is_refused_and_left_alone(string kind)
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Route("/etc");
        Root.Write("/victim/file", "kept");
        if (kind is "file")
            Root.Write("/.systemd-etc-workdir", "kept");
        else
            Root.Symlink("/.systemd-etc-workdir", "victim");

        FailsAndChangesNothing(["merge", "--mutable=auto"], "/.systemd-etc-workdir");
    }

    [Fact]
    public void An_existing_workdir_left_by_a_crash_is_used_again()
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Route("/etc");
        Root.MakeDirectory("/.systemd-etc-workdir/work/work");

        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        Root.WriteMerged("/etc/alpha.conf", "machine");
        Root.Bootmerge("unmerge").Succeeds();

        Assert.False(Root.ExistsRaw("/.systemd-etc-workdir"));
        Assert.Equal("machine", Root.ReadRaw("/etc/alpha.conf"));
        Root.Expect("/etc/alpha.conf", "/.systemd-etc-workdir");
    }

    private void PrepareUpper(string upper)
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.MakeDirectory(upper);
        if (upper is "/srv/etc-changes")
            Root.Route(upper);
    }

    private void MountOnSrv(string options)
    {
        Root.Mount("none", "/srv", "tmpfs", 0, options);
        Directory.CreateDirectory(Root.Path + "/srv/etc-changes");
    }

    private void FailsAndChangesNothing(string[] arguments, params string[] words)
    {
        Root.Remember();
        List<string> before = Root.State();
        Root.Bootmerge(arguments).Fails(words);
        Assert.Equal(before, Root.State());
    }
}
