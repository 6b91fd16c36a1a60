using System.Collections.Generic;
using System.IO;
using System.Linq;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>
/// File systems that cannot hold what the program puts on them, and roots that lack what every system has.
/// </summary>
public sealed class HostileFileSystemTests : KernelTest
{
    [Theory]
    [InlineData("overlay", "/srv/changes not supported as upperdir")] // the kernel's words
    [InlineData("ramfs", "/srv/changes is on a file system without extended attributes")]
    [InlineData("sysfs", "mkdir")]
    [InlineData("mqueue", "mount point")]
    [InlineData("squashfs", "read-only file system")]
    public void An_upperdir_on_a_file_system_that_cannot_have_one_is_refused(string fileSystem, string reason)
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        string routed = MountOdd(fileSystem);
        Root.Route(routed);

        FailsAndChangesNothing(["merge", "--mutable=auto"], "/srv", reason);
    }

    /// <summary>procfs declares that nothing may be stacked on it.</summary>
    [Fact]
    public void A_layer_on_proc_is_refused_in_overlayfs_own_words()
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.MakeDirectory("/proc");
        Root.Mount("none", "/proc", "proc");
        Root.Route("/proc/sys");
        WithKernelLog();

        FailsAndChangesNothing(["merge", "--mutable=import"], "/etc", "maximum fs stacking depth exceeded");
    }

    [Fact]
    public void An_etc_that_is_already_an_overlay_on_an_overlay_is_too_deep()
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.MakeDirectory("/a");
        Root.MakeDirectory("/b");
        Root.Mount("none", "/a", "overlay", 0, $"lowerdir={Root.Path}/etc:{Root.Path}/usr");
        Root.Mount("none", "/etc", "overlay", 0, $"lowerdir={Root.Path}/a:{Root.Path}/b");
        WithKernelLog();

        FailsAndChangesNothing(["merge"], "/etc", "maximum fs stacking depth exceeded");
    }

    [Theory]
    [InlineData("no", "")]
    [InlineData("import", "")]
    [InlineData("ephemeral", "")]
    [InlineData("auto", "")]
    [InlineData("yes", "Read-only file system")]
    public void On_a_root_that_is_read_only_everything_works_that_does_not_write_to_it(string mode, string reason)
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Remember();
        LibC.Mount("none", Root.Path, null, LibC.MS_REMOUNT | LibC.MS_BIND | LibC.MS_RDONLY);
        MergesOr(reason, mode);
    }

    [Theory]
    [InlineData("no", "")]
    [InlineData("import", "")]
    [InlineData("ephemeral", "")]
    [InlineData("yes", "No space left on device")]
    public void On_a_root_that_is_full_everything_works_that_does_not_write_to_it(string mode, string reason)
    {
        TestRoot root = RootOn("tmpfs", options: "nr_inodes=40");
        root.Extension("alpha", ("alpha.conf", "alpha"));
        root.MakeDirectory("/fill");
        int full = 0;
        for (int i = 0; i < 50 && full == 0; i++)
            full = Fill($"{root.Raw}/fill/{i}");
        Assert.NotEqual(0, full);
        MergesOr(reason, mode);

        static int Fill(string path)
        {
            try
            {
                File.WriteAllText(path, "");
                return 0;
            }
            catch (IOException e)
            {
                return e.HResult;
            }
        }
    }

    /// <summary>This root is the program's own root: what is missing here is missing for the program.</summary>
    [Theory]
    [InlineData("nothing", "/run", "merges: Working without a lock")]
    [InlineData("file", "/run", "merges: Working without a lock")]
    [InlineData("loop", "/run", "fails: /run/bootmerge.conf; Too many levels of symbolic links")]
    [InlineData("file", "/dev", "merges")]
    [InlineData("loop", "/dev", "merges")]
    [InlineData("fifo", "/dev/kmsg", "merges")]
    [InlineData("file", "/dev/kmsg", "merges")]
    [InlineData("file", "/sys", "merges")]
    [InlineData("file", "/tmp", "merges")]
    [InlineData("directory", "/proc", "fails: /proc; not mounted")]
    [InlineData("file", "/proc", "fails: /proc; not mounted")]
    [InlineData("loop", "/proc", "fails: /proc")]
    public void As_root_of_a_chroot_in_which_something_is_missing(string kind, string place, string outcome)
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        File.Copy(Workplace.Binary, Root.Raw + "/bootmerge");
        Root.Expect("/run/bootmerge");
        if (Root.ExistsRaw(place))
            Root.Remove(place);
        if (kind is not "nothing")
            Root.MakeBad(place, kind, "");
        if (place is not "/proc")
        {
            Root.MakeDirectory("/proc");
            Root.Mount("none", "/proc", "proc");
        }

        Root.Remember();
        List<string> before = Root.State();
        string[] words = [.. outcome.Split(':').Skip(1).SelectMany(part => part.Split(';'))
            .Select(word => word.Trim())];
        Outcome merge = Outcome.Of("chroot", [Root.Path, "/bootmerge", "merge"]);

        if (outcome.StartsWith("fails", System.StringComparison.Ordinal))
        {
            merge.FailsInOneLineBesidesInformation(words);
            Assert.Equal(before.Where(NotOurs), Root.State().Where(NotOurs));
            return;
        }

        merge.Succeeds().Says(words);
        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
        Outcome.Of("chroot", [Root.Path, "/bootmerge", "unmerge"]).Succeeds().Says(words);
        Assert.Equal(before.Where(NotOurs), Root.State().Where(NotOurs));

        static bool NotOurs(string entry) => !entry.StartsWith("/run", System.StringComparison.Ordinal);
    }

    private void MergesOr(string reason, string mode)
    {
        if (reason.Length > 0)
        {
            FailsAndChangesNothing(["merge", "--mutable=" + mode], Root.Path, reason);
            return;
        }

        Root.Bootmerge("merge", "--mutable=" + mode).Succeeds();
        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
        Root.Bootmerge("unmerge").Succeeds();
        Assert.Empty(Root.Stacks);
    }

    /// <returns>A directory on a mount of this kind, inside the root.</returns>
    private string MountOdd(string fileSystem)
    {
        Root.MakeDirectory("/srv");
        if (fileSystem is not "overlay")
        {
            if (fileSystem is "squashfs")
                MountSquashFs();
            else
                Root.Mount("none", "/srv", fileSystem);
            if (fileSystem is "ramfs")
                Directory.CreateDirectory(Root.Path + "/srv/changes");
            if (fileSystem is "mqueue")
                Files.ChangeMode(Root.Path + "/srv", "0755");
            return fileSystem switch { "sysfs" => "/srv/kernel", "mqueue" => "/srv", _ => "/srv/changes" };
        }

        foreach (string directory in new[] { "lower", "upper", "work" })
            Root.MakeDirectory("/layers/" + directory);
        string layers = Root.Path + "/layers";
        Root.Mount("none", "/srv", "overlay", 0,
            $"lowerdir={layers}/lower,upperdir={layers}/upper,workdir={layers}/work");
        Root.Expect("/layers");
        Directory.CreateDirectory(Root.Path + "/srv/changes");
        return "/srv/changes";
    }

    private void MountSquashFs()
    {
        Directory.CreateDirectory(Root.Aside + "/tree/changes");
        Outcome.OfTool("mksquashfs", Root.Aside + "/tree", Root.Aside + "/image", "-quiet", "-no-progress");
        Outcome.OfTool("mount", "-n", "-o", "loop", Root.Aside + "/image", Root.Path + "/srv");
        Root.ExpectMount("/srv");
    }

    private void FailsAndChangesNothing(string[] arguments, params string[] words)
    {
        Root.Remember();
        List<string> before = Root.State();
        Root.Bootmerge(arguments).FailsInOneLineBesidesInformation(words);
        Assert.Equal(before, Root.State());
    }
}
