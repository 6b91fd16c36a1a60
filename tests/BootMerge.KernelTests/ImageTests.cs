using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>Extensions that are disk images with a bare file system.</summary>
public sealed class ImageTests : KernelTest
{
    private const string Alpha = "/var/lib/confexts/alpha.raw";

    public static TheoryData<string> FileSystems => [.. ImageFile.FileSystems];

    public static TheoryData<string, string> FileSystemsAndPlaces =>
        new MatrixTheoryData<string, string>(ImageFile.FileSystems, ["tmpfs", "ext4"]);

    /// <summary>
    /// Kernels 6.7 to 6.14 and before 6.7, as in OlderKernelTests. An image on a loop device takes some calls of
    /// fsconfig first.
    /// </summary>
    public static TheoryData<string, string> FileSystemsAndOlderKernels =>
        new MatrixTheoryData<string, string>(ImageFile.FileSystems, ["6.7", "6.1"]);

    [Theory]
    [MemberData(nameof(FileSystemsAndPlaces))]
    public void An_image_is_merged_out_of_sight_and_leaves_nothing(string fileSystem, string place)
    {
        RootOn(place);
        ImageFile.Confext(Root, fileSystem, Alpha, "alpha", ("alpha.conf", fileSystem), ("both.conf", "alpha"));
        Root.Extension("beta", ("both.conf", "beta"));
        string[] mounts = [.. MountTable.Read().Select(mount => mount.Point)];

        Root.Bootmerge("merge").Succeeds();

        Assert.Equal([fileSystem, "beta", "machine\n"],
            new[] { "alpha.conf", "both.conf", "hostname" }.Select(name => Root.Read("/etc/" + name)));
        Assert.Equal([Root.Etc], MountTable.Read().Select(mount => mount.Point).Except(mounts));
        AssertLoopDevice(fileSystem, place);
        Assert.Throws<IOException>(() => Root.WriteMerged("/etc/new", "refused"));

        ulong stack = LibC.UniqueMountId(Root.Etc);
        Root.Bootmerge("refresh").Succeeds().Says("no change");
        Assert.Equal(stack, LibC.UniqueMountId(Root.Etc));

        // The image is mounted a second time while the replaced merge still uses it.
        Root.Bootmerge("refresh", "--always-refresh=yes").Succeeds();
        Assert.NotEqual(stack, LibC.UniqueMountId(Root.Etc));
        Assert.Equal(fileSystem, Root.Read("/etc/alpha.conf"));
        AssertLoopDevice(fileSystem, place);

        Root.Bootmerge("unmerge").Succeeds();
        Assert.Empty(Root.LoopDevices(0));
        Assert.Equal(mounts, MountTable.Read().Select(mount => mount.Point));
    }

    [Theory]
    [InlineData("auto")]
    [InlineData("import")]
    [InlineData("ephemeral")]
    [InlineData("ephemeral-import")]
    public void An_image_takes_its_place_in_the_stacks_of_all_modes(string mode)
    {
        ImageFile.Confext(Root, "squashfs", Alpha, "alpha", ("alpha.conf", "alpha"), ("hostname", "alpha"));
        Root.Route("/etc");
        bool isMachineOnTop = mode is not "ephemeral";

        Root.Bootmerge("merge", "--mutable=" + mode).Succeeds();

        Assert.Equal(["alpha", isMachineOnTop ? "machine\n" : "alpha"],
            new[] { "alpha.conf", "hostname" }.Select(name => Root.Read("/etc/" + name)));
        if (mode is not "import")
            Root.WriteMerged("/etc/alpha.conf", "changed");
        Root.Bootmerge("unmerge").Succeeds();
        Assert.Equal(mode is "auto", Root.ExistsRaw("/etc/alpha.conf"));
        Root.Expect("/etc/alpha.conf");
    }

    [Theory]
    [MemberData(nameof(FileSystems))]
    public void An_image_that_was_exchanged_or_changed_is_merged_anew(string fileSystem)
    {
        ImageFile.Confext(Root, fileSystem, Alpha, "alpha", ("alpha.conf", "old"));
        Root.Bootmerge("merge").Succeeds();
        ImageFile.Confext(Root, fileSystem, "/srv/new.raw", "alpha", ("alpha.conf", "new"));

        File.Move(Root.Path + "/srv/new.raw", Root.Path + Alpha, overwrite: true);
        Root.Bootmerge("refresh").Succeeds();
        Assert.Equal("new", Root.Read("/etc/alpha.conf"));

        ulong stack = LibC.UniqueMountId(Root.Etc);
        File.SetLastWriteTimeUtc(Root.Path + Alpha, DateTime.UnixEpoch.AddYears(40));
        Root.Bootmerge("refresh").Succeeds();
        Assert.NotEqual(stack, LibC.UniqueMountId(Root.Etc));
    }

    [Theory]
    [MemberData(nameof(FileSystemsAndOlderKernels))]
    public void On_an_older_kernel_an_image_is_attached_where_nobody_sees_it(string fileSystem, string kernel)
    {
        ImageFile.Confext(Root, fileSystem, Alpha, "alpha", ("alpha.conf", "alpha"));
        ImageFile.Confext(Root, "squashfs", "/var/lib/confexts/beta.raw", "beta", ("beta.conf", "beta"));
        string[] mounts = [.. MountTable.Read().Select(mount => mount.Point)];

        On(kernel, "merge", "--mutable=ephemeral");
        Assert.Equal(["alpha", "beta"], new[] { "alpha.conf", "beta.conf" }.Select(name => Root.Read("/etc/" + name)));
        On(kernel, "refresh", "--mutable=ephemeral", "--always-refresh=yes");
        Assert.Equal(["alpha", "beta"], new[] { "alpha.conf", "beta.conf" }.Select(name => Root.Read("/etc/" + name)));
        Root.Bootmerge("unmerge").Succeeds();

        Assert.Equal(mounts, MountTable.Read().Select(mount => mount.Point));
        Assert.Empty(Root.LoopDevices(0));
    }

    [Theory]
    [MemberData(nameof(FileSystems))]
    public void A_sysext_image_extends_usr_and_opt(string fileSystem)
    {
        const string Image = "/var/lib/extensions/tools.raw";
        ImageFile.Sysext(Root, fileSystem, Image, "tools", ("usr/bin/tool", "tool"), ("opt/tools/data", "data"));
        Root.Write("/opt/mine", "mine");

        Root.Bootmerge("--class=sysext", "merge").Succeeds();

        Assert.Equal(["tool", "data", "mine"],
            new[] { "/usr/bin/tool", "/opt/tools/data", "/opt/mine" }.Select(Root.Read));
        Assert.Equal("ID=flatcar\nVERSION_ID=4000.1.0\n", Root.Read("/usr/lib/os-release"));
        // A sysext's image is not mounted straight from a file: something may be merged on it later, and the kernel
        // stacks only two deep.
        Assert.Single(Root.LoopDevices(1));
        Root.Bootmerge("--class=sysext", "refresh", "--always-refresh=yes").Succeeds();
        Root.Bootmerge("--class=sysext", "unmerge").Succeeds();
        Assert.False(Root.Exists("/usr/bin/tool"));
        Assert.Empty(Root.LoopDevices(0));
    }

    [Fact]
    public void A_confext_that_came_with_a_sysext_image_is_merged_upon_it()
    {
        ImageFile.Sysext(Root, "erofs", "/var/lib/extensions/tools.raw", "tools",
            ("usr/lib/confexts/alpha/etc/extension-release.d/extension-release.alpha", "ID=_any\n"),
                ("usr/lib/confexts/alpha/etc/alpha.conf", "alpha"));

        Root.Bootmerge("--class=sysext", "merge").Succeeds();
        Root.Bootmerge("merge").Succeeds();

        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
        Root.Bootmerge("unmerge").Succeeds();
        Root.Bootmerge("--class=sysext", "unmerge").Succeeds();
    }

    [Fact]
    public void An_image_on_an_overlay_is_not_stacked_too_deep()
    {
        ImageFile.Confext(Root, "erofs", "/srv/lower/alpha.raw", "alpha", ("alpha.conf", "alpha"));
        Root.MakeDirectory("/srv/empty");
        Root.MakeDirectory("/var/lib/confexts");
        Root.Mount("none", "/var/lib/confexts", "overlay", 0, $"lowerdir={Root.Path}/srv/lower:{Root.Path}/srv/empty");

        Root.Bootmerge("merge").Succeeds();

        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
        Root.Bootmerge("unmerge").Succeeds();
    }

    [Theory]
    [InlineData("alpha.confext.raw")]
    [InlineData("alpha.raw")]
    public void A_symlink_to_an_image_is_resolved_in_the_root_and_gives_it_its_name(string entry)
    {
        ImageFile.Confext(Root, "erofs", "/srv/images/build-4711.raw", "alpha", ("alpha.conf", "alpha"));
        Root.Symlink("/run/confexts/" + entry, "/srv/images/build-4711.raw");

        Root.Bootmerge("merge").Succeeds();

        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
        Assert.Equal("alpha\n", Root.Read("/etc/.systemd-confext/confexts"));
        using JsonDocument origin = JsonDocument.Parse(Root.Read("/etc/.systemd-confext/origin"));
        Assert.Equal("/srv/images/build-4711.raw", origin.RootElement.GetProperty("extensions").GetProperty("alpha")
            .GetProperty("path").GetString());
    }

    [Fact]
    public void A_block_device_is_an_extension()
    {
        ImageFile.Confext(Root, "squashfs", "/srv/alpha.img", "alpha", ("alpha.conf", "alpha"));
        using BlockDevice device = new(Root, "/srv/alpha.img", "/var/lib/confexts/alpha");

        Root.Bootmerge("merge").Succeeds();
        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
        ulong stack = LibC.UniqueMountId(Root.Etc);
        Root.Bootmerge("refresh").Succeeds();
        Assert.Equal(stack, LibC.UniqueMountId(Root.Etc));
        Root.Bootmerge("list").Prints("alpha", "block");
        Root.Bootmerge("unmerge").Succeeds();
    }

    [Fact]
    public void A_block_device_hides_the_name_below_and_is_left_out_if_it_has_no_driver()
    {
        Root.ExtensionIn("/usr/lib/confexts/alpha", "etc", ("alpha.conf", "hidden"));
        MakeBlockDevice("/run/confexts/alpha");

        Root.Bootmerge("list").Prints("alpha", "block", "/run/confexts/alpha");
        Root.Bootmerge("merge").Says("Not merging 'alpha'", "/run/confexts/alpha", "No such device");
        Assert.False(Root.Exists("/etc/alpha.conf"));
    }

    [Fact]
    public void A_block_device_may_be_the_newest_version()
    {
        ImageFile.Confext(Root, "squashfs", "/usr/lib/confexts/alpha.raw.v/alpha_1.raw", "alpha");
        MakeBlockDevice("/usr/lib/confexts/alpha.raw.v/alpha_2.raw");

        Root.Bootmerge("list").Prints("alpha", "block", "/usr/lib/confexts/alpha.raw.v/alpha_2.raw");
    }

    /// <summary>No driver has the major number 0.</summary>
    private void MakeBlockDevice(string path)
    {
        Root.MakeDirectory(Path.GetDirectoryName(path)!);
        Outcome.OfTool("mknod", Root.Raw + path, "b", "0", "0");
        Root.Expect(path);
    }

    [Theory]
    [InlineData("etc -> real", true)]        // stays within the image
    [InlineData("etc -> /real", true)]       // absolute: starts at the image's own root
    [InlineData("etc -> ../../real", true)]  // does not climb out
    [InlineData("etc -> /var/lib/confexts/elsewhere", false)]
    public void A_symlink_in_an_image_stays_inside_it(string link, bool isFound)
    {
        string tree = ImageFile.NewTree(Root);
        Directory.CreateDirectory(tree + "/real/extension-release.d");
        File.WriteAllText(tree + "/real/extension-release.d/extension-release.alpha", "ID=_any\n");
        File.WriteAllText(tree + "/real/alpha.conf", "alpha");
        File.CreateSymbolicLink(tree + "/etc", link["etc -> ".Length..]);
        Root.ExtensionIn("/var/lib/confexts/elsewhere", "etc", ("alpha.conf", "outside"));
        ImageFile.Pack(Root, "squashfs", tree, Alpha);
        Root.Extension("beta", ("beta.conf", "beta"));

        Root.Bootmerge("merge").Succeeds();

        Assert.Equal(isFound, Root.Exists("/etc/alpha.conf"));
        Assert.Equal(isFound ? "alpha" : "none", isFound ? Root.Read("/etc/alpha.conf") : "none");
        Assert.Equal("beta", Root.Read("/etc/beta.conf"));
    }

    [Fact]
    public void An_image_made_for_another_version_is_refused_and_let_go()
    {
        string tree = ImageFile.NewTree(Root);
        Directory.CreateDirectory(tree + "/etc/extension-release.d");
        File.WriteAllText(tree + "/etc/extension-release.d/extension-release.alpha", "ID=flatcar\nVERSION_ID=41\n");
        ImageFile.Pack(Root, "squashfs", tree, Alpha);

        Root.Bootmerge("merge").Succeeds().Says("'alpha'", "VERSION_ID=41, the system has 4000.1.0");
        Assert.Empty(Root.Stacks);
        Assert.Empty(Root.LoopDevices(0));
    }

    [Theory]
    [InlineData("GPT without an MBR", "no protective MBR")]
    [InlineData("LUKS", "LUKS")]
    [InlineData("zeros", "no file system")]
    [InlineData("text", "no file system")]
    [InlineData("empty", "no file system")]
    [InlineData("two file systems", "ambiguous")]
    [InlineData("squashfs cut off", "alpha.raw")]
    [InlineData("erofs cut off", "alpha.raw")]
    [InlineData("ext4 cut off", "alpha.raw")]
    [InlineData("btrfs cut off", "alpha.raw")]
    [InlineData("xfs cut off", "alpha.raw")]
    public void What_is_no_usable_image_is_refused_by_name_and_the_others_are_merged(string content, string reason)
    {
        MakeBadImage(content);
        Root.Extension("beta", ("beta.conf", "beta"));

        Outcome merge = Root.Bootmerge("merge").Succeeds().Says("Not merging 'alpha'", reason);

        Assert.Single(merge.ErrorLines, line => line.Contains("'alpha'", StringComparison.Ordinal));
        Assert.Equal("beta", Root.Read("/etc/beta.conf"));
        Root.Bootmerge("status", "--verbose").Prints("alpha", reason);
        Root.Bootmerge("unmerge").Succeeds();
        Assert.Empty(Root.LoopDevices(0));
    }

    [Fact]
    public void Fifty_images_are_merged_at_once()
    {
        const int Count = 50;
        for (int i = 1; i <= Count; i++)
            ImageFile.Confext(Root, i % 2 == 0 ? "squashfs" : "erofs", $"/var/lib/confexts/image-{i}.raw", $"image-{i}",
                ($"only-{i}.conf", $"{i}"), ("top.conf", $"{i}"));

        Root.Bootmerge("merge").Succeeds();

        Assert.Equal($"{Count}", Root.Read("/etc/top.conf"));
        Assert.All(Enumerable.Range(1, Count), i => Assert.Equal($"{i}", Root.Read($"/etc/only-{i}.conf")));
        Root.Bootmerge("refresh", "--always-refresh=yes").Succeeds();
        Root.Bootmerge("unmerge").Succeeds();
        Assert.Empty(Root.LoopDevices(0));
    }

    [Theory]
    [InlineData("ioctl", "LOOP_CONFIGURE")]
    [InlineData("fsmount", "fsmount")]
    [InlineData("fsopen", "fsopen")]
    public void An_image_that_the_kernel_refuses_is_left_out_and_nothing_stays(string call, string named)
    {
        ImageFile.Confext(Root, "squashfs", Alpha, "alpha", ("alpha.conf", "alpha"));
        Root.Extension("beta", ("beta.conf", "beta"));
        // The first ioctl asks for a free number.
        int when = call is "ioctl" ? Traced.Calls("ioctl", Root, "plan")
            .FindIndex(line => line.Contains("LOOP_CONFIGURE", StringComparison.Ordinal)) + 1 : 1;
        Assert.True(when > 0);

        Traced.Inject(call, "EPERM", when, Root, "merge").Succeeds()
            .Says("Not merging 'alpha'", named, "not permitted");

        Assert.False(Root.Exists("/etc/alpha.conf"));
        Assert.Equal("beta", Root.Read("/etc/beta.conf"));
        Root.Bootmerge("unmerge").Succeeds();
        Assert.Empty(Root.LoopDevices(0));
    }

    [Fact]
    public void Another_process_that_takes_the_loop_device_first_is_no_failure()
    {
        ImageFile.Confext(Root, "squashfs", Alpha, "alpha", ("alpha.conf", "alpha"));
        int configure = Traced.Calls("ioctl", Root, "plan")
            .FindIndex(line => line.Contains("LOOP_CONFIGURE", StringComparison.Ordinal)) + 1;

        Traced.Inject("ioctl", "EBUSY", configure, Root, "merge").Succeeds();

        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
    }

    [Theory]
    [InlineData("fsconfig")]
    [InlineData("fsmount")]
    [InlineData("move_mount")]
    [InlineData("ioctl")]
    public void Killed_at_any_of_these_calls_it_leaves_no_loop_device(string call)
    {
        ImageFile.Confext(Root, "ext4", Alpha, "alpha", ("alpha.conf", "alpha"));
        int calls = Traced.Calls(call, Root, "merge").Count;
        Root.Bootmerge("unmerge").Succeeds();
        Assert.True(calls > 0);

        for (int when = 1; when <= calls; when++)
        {
            Traced.Kill(call, when, Root, "merge");
            Assert.Empty(Root.Stacks);
            Assert.Empty(Root.LoopDevices(0));
        }
    }

    private void AssertLoopDevice(string fileSystem, string place)
    {
        // An erofs on tmpfs cannot be read in place: tmpfs has no pages for that.
        int expected = fileSystem is "erofs" && place is "ext4" ? 0 : 1;
        List<string> devices = Root.LoopDevices(expected);
        Assert.Equal(expected, devices.Count);
        foreach (string device in devices)
            Assert.Equal(["1", "1"], new[] { device + "/loop/autoclear",
                device + "/ro" }.Select(file => File.ReadAllText(file).Trim()));
    }

    /// <summary>After the calls that mount images, the program asks overlayfs what it can do.</summary>
    private void On(string kernel, params string[] arguments)
    {
        List<string> calls = Traced.Calls("fsconfig", Root, arguments.Contains("merge")
            ? ["plan", "--mutable=ephemeral"] : ["plan", "--mutable=ephemeral", "--verbose"]);
        int images = calls.Count(call => !call.Contains("tmpfs", StringComparison.Ordinal));
        (Outcome outcome, List<string> made) = Traced.Inject(kernel is "6.7"
            ? $"fsconfig:error=EINVAL:when={images + 2}" : $"fsconfig:retval=0:when={images + 1}", Root, arguments);
        outcome.Succeeds();
        string way = kernel is "6.7" ? "FSCONFIG_SET_STRING, \"lowerdir+\"" : "\"overlay\", ";
        Assert.Contains(made, call => call.Contains(way, StringComparison.Ordinal)
            && call.EndsWith("= 0", StringComparison.Ordinal));
    }

    private void MakeBadImage(string content)
    {
        byte[] bytes = new byte[256 << 10];
        switch (content)
        {
            case "GPT without an MBR": "EFI PART"u8.CopyTo(bytes.AsSpan(4096)); break;
            case "LUKS": "LUKS"u8.CopyTo(bytes); break;
            case "zeros": break;
            case "text": bytes = Encoding.UTF8.GetBytes("no image at all\n"); break;
            case "empty": bytes = []; break;
            case "two file systems":
                ImageFile.Confext(Root, "btrfs", Alpha, "alpha", ("alpha.conf", "alpha"));
                bytes = File.ReadAllBytes(Root.Raw + Alpha);
                "hsqs"u8.CopyTo(bytes);
                break;
            default:
                ImageFile.Confext(Root, content.Split(' ')[0], Alpha, "alpha", ("alpha.conf", new string('x', 1000)));
                bytes = File.ReadAllBytes(Root.Raw + Alpha);
                Array.Resize(ref bytes, content.StartsWith("btrfs", StringComparison.Ordinal)
                    ? 72 << 10 : content.StartsWith("squashfs", StringComparison.Ordinal) ? 200 : 2048);
                break;
        }

        Root.MakeDirectory("/var/lib/confexts");
        File.WriteAllBytes(Root.Raw + Alpha, bytes);
        Root.Expect(Alpha);
    }
}
