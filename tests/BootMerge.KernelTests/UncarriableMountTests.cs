using System.Collections.Generic;
using System.IO;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>
/// A mount below /etc that cannot be carried over ends the command before anything changes. No mount is lost silently.
/// </summary>
public sealed class UncarriableMountTests : KernelTest
{
    private const ulong MS_UNBINDABLE = 1 << 17;

    public static TheoryData<string, string> KindsAndModes => new MatrixTheoryData<string, string>(
        ["unbindable", "unbindable inside", "unbindable beneath", "deleted file", "deleted directory"], ["no", "auto"]);

    [Theory]
    [MemberData(nameof(KindsAndModes))]
    public void A_merge_over_one_fails_with_its_name_and_changes_nothing(string kind, string mode)
    {
        Prepare();
        string place = MakeUncarriable(kind);
        Root.Remember();
        List<string> before = Root.State();

        Root.Bootmerge("merge", "--mutable=" + mode).FailsInOneLineBesidesInformation(place, kind.Split(' ')[0],
            "first");

        Assert.Equal(before, Root.State());
        UnmountIt();
    }

    [Theory]
    [MemberData(nameof(KindsAndModes))]
    public void A_refresh_and_an_unmerge_from_under_one_fail_with_its_name_and_change_nothing(string kind, string mode)
    {
        Prepare();
        Root.Bootmerge("merge", "--mutable=" + mode).Succeeds();
        string place = MakeUncarriable(kind);
        List<string> before = Root.State();

        Root.Bootmerge("refresh", "--always-refresh=yes", "--mutable=" + mode)
            .FailsInOneLineBesidesInformation(place, kind.Split(' ')[0], "first");
        Assert.Equal(before, Root.State());
        Root.Bootmerge("unmerge").FailsInOneLine(place, kind.Split(' ')[0], "first");
        Assert.Equal(before, Root.State());

        UnmountIt();
        Root.Bootmerge("refresh", "--always-refresh=yes", "--mutable=" + mode).Succeeds();
        Root.Bootmerge("unmerge").Succeeds();
        Assert.Empty(Root.Stacks);
    }

    [Fact]
    public void A_mount_on_a_file_that_only_an_extension_has_keeps_the_merge_from_going()
    {
        Prepare();
        Root.Bootmerge("merge", "--mutable=no").Succeeds();
        LibC.Mount(Root.Path + "/usr/lib/os-release", Root.Etc + "/alpha.conf", null, LibC.MS_BIND);
        List<string> before = Root.State();

        Root.Bootmerge("unmerge").FailsInOneLine("/etc/alpha.conf", "its path will not exist", "Unmount it first");
        Assert.Equal(before, Root.State());

        Root.Remove("/var/lib/confexts/alpha");
        Root.Bootmerge("refresh", "--mutable=no").Fails("/etc/alpha.conf", "its path will not exist",
            "Unmount it first");
        Assert.Equal("ID=flatcar\nVERSION_ID=4000.1.0\n", Root.Read("/etc/alpha.conf"));

        LibC.Unmount(Root.Etc + "/alpha.conf");
        Root.Bootmerge("unmerge").Succeeds();
    }

    [Fact]
    public void A_hierarchy_that_is_not_merged_may_have_any_mounts()
    {
        Root.Write("/var/lib/extensions/one/usr/lib/extension-release.d/extension-release.one", "ID=_any\n");
        Root.Write("/var/lib/extensions/one/usr/one", "one");
        Root.MakeDirectory("/opt/place");
        Root.Mount("none", "/opt/place", "tmpfs");
        LibC.Mount("none", Root.Path + "/opt/place", null, MS_UNBINDABLE);

        Root.Bootmerge("--class=sysext", "merge").Succeeds();
        Assert.Equal("one", Root.Read("/usr/one"));
        Root.Bootmerge("--class=sysext", "unmerge").Succeeds();
    }

    [Fact]
    public void Mounts_on_one_place_of_a_merge_all_survive_refresh_and_unmerge()
    {
        Prepare();
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        foreach (string name in new[] { "first", "second", "third" })
        {
            LibC.Mount(name, Root.Etc + "/place", "tmpfs");
            Root.WriteMerged("/etc/place/" + name, name);
        }

        Root.Bootmerge("refresh", "--always-refresh=yes", "--mutable=auto").Succeeds();
        Assert.Equal(["third"], Files.List(Root.Etc + "/place"));
        LibC.Unmount(Root.Etc + "/place");
        Assert.Equal(["second"], Files.List(Root.Etc + "/place"));

        Root.Bootmerge("unmerge").Succeeds();
        Assert.Equal(["second"], Files.List(Root.Etc + "/place"));
        LibC.Unmount(Root.Etc + "/place");
        Assert.Equal(["first"], Files.List(Root.Etc + "/place"));
        LibC.Unmount(Root.Etc + "/place");
        Assert.Empty(MountTable.Under(Root.Etc));
    }

    [Fact]
    public void None_of_the_mounts_on_one_place_comes_back_that_were_unmounted_from_the_merge()
    {
        Prepare();
        Root.Remember();
        LibC.Mount("first", Root.Etc + "/place", "tmpfs");
        LibC.Mount("second", Root.Etc + "/place", "tmpfs");
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        LibC.Unmount(Root.Etc + "/place");
        LibC.Unmount(Root.Etc + "/place");

        Root.Bootmerge("unmerge").Succeeds();

        Assert.Empty(MountTable.Under(Root.Etc));
    }

    [Fact]
    public void A_mount_that_a_later_one_hides_is_still_there_when_that_is_gone()
    {
        Prepare();
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        Directory.CreateDirectory(Root.Etc + "/place/inner");
        Root.Expect("/etc/place/inner");
        LibC.Mount("inner", Root.Etc + "/place/inner", "tmpfs");
        Root.WriteMerged("/etc/place/inner/file", "inner");
        LibC.Mount("over", Root.Etc + "/place", "tmpfs");

        Root.Bootmerge("refresh", "--always-refresh=yes", "--mutable=auto").Succeeds();
        Root.Bootmerge("unmerge").Succeeds();

        LibC.Unmount(Root.Etc + "/place");
        Assert.Equal("inner", Root.Read("/etc/place/inner/file"));
        LibC.Unmount(Root.Etc + "/place/inner");
    }

    [Fact]
    public void The_root_itself_may_be_unbindable()
    {
        Prepare();
        Root.Mount("none", "/etc/place", "tmpfs");
        Root.WriteMerged("/etc/place/file", "kept");
        LibC.Mount("none", Root.Path, null, MS_UNBINDABLE);

        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        Root.Bootmerge("refresh", "--always-refresh=yes", "--mutable=auto").Succeeds();
        Assert.Equal(("alpha", "kept"), (Root.Read("/etc/alpha.conf"), Root.Read("/etc/place/file")));
        Root.Bootmerge("unmerge").Succeeds();

        Assert.Equal("kept", Root.Read("/etc/place/file"));
    }

    private void Prepare()
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Route("/etc");
        Root.MakeDirectory("/etc/place");
    }

    /// <returns>The path that must be named, with a blank behind it.</returns>
    private string MakeUncarriable(string kind)
    {
        string place = Root.Etc + "/place";
        if (kind is "deleted file")
        {
            Root.Write("/srv/source", "kept");
            LibC.Mount(Root.Path + "/srv/source", Root.Etc + "/hostname", null, LibC.MS_BIND);
            File.Delete(Root.Path + "/srv/source");
            return Root.Etc + "/hostname ";
        }

        if (kind is "deleted directory")
        {
            Root.MakeDirectory("/srv");
            Root.MakeDirectory("/srv/source");
            LibC.Mount(Root.Path + "/srv/source", place, null, LibC.MS_BIND);
            Directory.Delete(Root.Path + "/srv/source");
            return place + " ";
        }

        LibC.Mount("none", place, "tmpfs");
        if (kind is "unbindable inside")
        {
            place += "/inner";
            Directory.CreateDirectory(place);
            LibC.Mount("none", place, "tmpfs");
        }

        LibC.Mount("none", place, null, MS_UNBINDABLE);
        if (kind is "unbindable beneath")
            LibC.Mount("over", place, "tmpfs");
        return place + " ";
    }

    private void UnmountIt()
    {
        foreach (string path in new[] { "/etc/place", "/etc/hostname" })
            while (MountTable.At(Root.Path + path).Count > 0)
                LibC.Unmount(Root.Path + path, LibC.MNT_DETACH);
    }
}
