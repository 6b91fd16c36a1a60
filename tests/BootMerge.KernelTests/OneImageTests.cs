using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>
/// An image that is the only layer. To look at it, a copy of its mount is enough, without an overlay. Kernels before
/// 6.15 copy a mount only if it is attached; later ones refuse to copy partitions put together in another namespace.
/// </summary>
public sealed class OneImageTests : InitramfsTest
{
    [Theory]
    [InlineData(false, "diff")]
    [InlineData(true, "diff")]
    [InlineData(false, "explain", "/etc/both.conf")]
    [InlineData(true, "explain", "/etc/both.conf")]
    [InlineData(false, "prune")]
    public void It_is_compared_with_the_machines_files(bool isMerged, params string[] verb)
    {
        ImageFile.Confext(Root, "squashfs", "/var/lib/confexts/alpha.raw", "alpha", ("same.conf", "same"),
            ("both.conf", "alpha"));
        Root.Write("/etc/same.conf", "same");
        Root.Write("/etc/both.conf", "machine's");
        Root.Route("/etc");
        if (isMerged)
            Root.Bootmerge("merge", "--mutable=auto").Succeeds();

        (Outcome outcome, List<string> copies) = Traced.Copies(Root, Workplace.Binary,
            ["--root=" + Root.Path, .. verb, "--mutable=auto"]);

        outcome.Succeeds();
        AssertOnlyAttached("/etc", copies);
        if (verb[0] is "prune")
            Root.Expect("/etc/same.conf");
        else
            outcome.Prints("both.conf");
        Assert.Equal((verb[0] is not "prune", true),
            (Root.ExistsRaw("/etc/same.conf"), Root.ExistsRaw("/etc/both.conf")));
        if (isMerged)
            Root.Bootmerge("unmerge").Succeeds();
        Assert.Empty(Root.LoopDevices(0));
    }

    [Fact]
    public void Partitions_that_lie_upon_each_other_are_copied_where_they_are_attached_too()
    {
        PartitionedImage.Make(Root, "/var/lib/extensions/tools.raw", 512,
            new Part(PartitionedImage.Usr, PartitionedImage.FileSystem(Root, "squashfs",
                ("lib/extension-release.d/extension-release.tools", "ID=_any\n"), ("bin/tool", "tool"))),
            new Part(PartitionedImage.Root, PartitionedImage.FileSystem(Root, "squashfs", ("usr/bin/hidden", "hidden"),
                ("opt/data", "data"))));
        Root.Write("/opt/data", "machine's");
        Root.Symlink("/var/lib/extensions.mutable/opt", "/opt");

        (Outcome outcome, List<string> copies) = Traced.Copies(Root, Workplace.Binary, "--root=" + Root.Path,
            "--class=sysext", "--mutable=auto", "diff");

        outcome.Succeeds().Prints("/opt/data");
        AssertOnlyAttached("/opt", copies);
        Assert.Empty(Root.LoopDevices(0));
    }

    [Fact]
    public void A_first_boot_without_an_etc_shows_it_to_the_other_class()
    {
        Prepare("none");
        File.AppendAllText(Initramfs + "/usr/lib/bootmerge.conf", "Class=all\n");
        ImageFile.Confext(Root, "squashfs", "/var/lib/confexts/flatcar-defaults.raw", "flatcar-defaults",
            ("vendor.conf", "vendor"));
        LibC.Mount("/dev", Initramfs + "/dev", null, LibC.MS_BIND);
        Directory.Delete(Root.Raw + "/etc", recursive: true);
        Root.Remember();
        Root.Expect("/etc", "/run");

        (Outcome outcome, List<string> copies) = Traced.Copies(Root, "chroot", Initramfs, "/bootmerge",
            "--root=/sysroot", "boot");

        outcome.Succeeds();
        AssertOnlyAttached("/etc", copies);
        Assert.Equal("vendor", Root.Read("/etc/vendor.conf"));
        Root.Bootmerge("--class=all", "unmerge").Succeeds();
    }

    private static void AssertOnlyAttached(string hierarchy, List<string> copies)
    {
        Assert.Contains(copies, copy => copy.EndsWith("/image.0" + hierarchy, StringComparison.Ordinal));
        Assert.DoesNotContain(hierarchy, copies);
    }
}
