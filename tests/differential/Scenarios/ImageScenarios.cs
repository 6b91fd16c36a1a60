using System;
using System.Collections.Generic;
using System.Linq;
using static BootMerge.DifferentialTests.Steps;

namespace BootMerge.DifferentialTests;

/// <summary>Extensions that are disk images: specification, section 12.</summary>
internal static class ImageScenarios
{
    private const string Confexts = "usr/lib/confexts/", Sysexts = "var/lib/extensions/";

    private static readonly ImageType[] FileSystems = [ImageType.Squashfs, ImageType.Erofs, ImageType.Ext4,
        ImageType.Btrfs, ImageType.Xfs];

    private static readonly ImageType[] Tables = [ImageType.Gpt, ImageType.GptReadOnly, ImageType.GptGrowing,
        ImageType.GptVersions, ImageType.GptGeneric, ImageType.GptForeign, ImageType.GptHidden, ImageType.GptBackup];

    public static readonly IReadOnlyList<Scenario> All = [.. Types(), .. Partitions(), .. Names, .. Refreshes,
        .. Broken];

    private static IEnumerable<Scenario> Types()
    {
        foreach (ImageType type in FileSystems)
        {
            yield return new Scenario($"A confext as an image with {type}",
                root => root.Extension("foo").Extension("bar").Image(Confexts + "foo", type),
                List, Merge(), Refresh(), Refresh("--always-refresh=yes"), Unmerge, Merge("--mutable=yes"), Unmerge);
            yield return new Scenario($"A sysext as an image with {type}",
                root => root.Extension("foo").Extension("bar").Image(Sysexts + "foo", type),
                List, Merge(), Refresh(), Refresh("--always-refresh=yes"), Unmerge, Merge("--mutable=ephemeral"),
                    Unmerge)
            { Class = TestedClass.Sysext };
            yield return new Scenario($"systemd-sysext skips its refresh of an image with {type}",
                root => root.Extension("foo").Image(Sysexts + "foo", type),
                Merge(), Systemd("refresh"), Systemd("--always-refresh=yes", "refresh"), Refresh(), Systemd("unmerge"),
                    Systemd("merge"), Refresh(),
                Refresh("--always-refresh=yes"), Unmerge)
            { Class = TestedClass.Sysext, Root = RootKind.Ext4 };
        }
        yield return new Scenario("Images with every file system in one merge",
            root =>
            {
                foreach (ImageType type in FileSystems)
                    root.Extension(type.ToString());
                foreach (ImageType type in FileSystems)
                    root.Image(Sysexts + type, type);
            },
            List, Merge("--mutable=yes"), Refresh("--mutable=yes"), Unmerge)
        { Class = TestedClass.Sysext };
        yield return new Scenario("A sysext as an image without --root",
            root => root.Extension("foo").Extension("bar").Image(Sysexts + "foo", ImageType.Squashfs),
            Merge("--no-reload"), Refresh("--no-reload"), Run("--no-reload", "unmerge"))
        { Class = TestedClass.Sysext, Root = RootKind.Slash };
        yield return new Scenario("A confext as an image without --root",
            root => root.Extension("foo", directory: "var/lib/confexts")
                .Image("var/lib/confexts/foo", ImageType.Squashfs),
            Merge("--no-reload", "--mutable=ephemeral"), Refresh("--no-reload", "--mutable=ephemeral"),
                Run("--no-reload", "unmerge"))
        { Root = RootKind.Slash };
    }

    private static IEnumerable<Scenario> Partitions()
    {
        foreach (ImageType type in Tables)
            yield return new Scenario($"An image with a partition table, {type}",
                root => root.Extension("foo").Extension("bar").Image(Sysexts + "foo", type),
                List, Merge(), Refresh(), Refresh("--always-refresh=yes"), Unmerge, Merge("--mutable=ephemeral"),
                    Unmerge)
            { Class = TestedClass.Sysext };
        yield return new Scenario("A confext with a partition table",
            root => root.Extension("foo").Extension("bar").File(Confexts + "foo/usr/file", "")
                .Image(Confexts + "foo", ImageType.Gpt),
            List, Merge(), Refresh(), Unmerge);
        yield return new Scenario("A sysext with partitions for root and usr",
            root => root.Extension("foo", hierarchies: ["opt", "usr"]).Extension("bar")
                .Image(Sysexts + "foo", ImageType.GptRootAndUsr),
            List, Merge(), Refresh(), Refresh("--always-refresh=yes"), Unmerge)
        { Class = TestedClass.Sysext };
        yield return new Scenario("systemd-sysext skips its refresh of an image with a partition table",
            root => root.Extension("foo").Image(Sysexts + "foo", ImageType.Gpt),
            Merge(), Systemd("refresh"), Systemd("--always-refresh=yes", "refresh"), Refresh(), Systemd("unmerge"),
                Systemd("merge"), Refresh(), Refresh("--always-refresh=yes"), Unmerge)
        { Class = TestedClass.Sysext, Root = RootKind.Ext4 };
    }

    private static IReadOnlyList<Scenario> Names =>
    [
        new("Images with the class in their names",
            root => root.Extension("foo").Extension("bar").Extension("baz")
                .Image(Confexts + "foo", ImageType.Squashfs, Confexts + "foo.confext.raw")
                .Image(Confexts + "bar", ImageType.Squashfs, "run/confexts/bar.sysext.raw")
                .Image(Confexts + "baz", ImageType.Squashfs),
            List, Merge(), Refresh()),
        new("Images of sysexts with the class in their names",
            root => root.Extension("foo").Extension("bar")
                .Image(Sysexts + "foo", ImageType.Squashfs, Sysexts + "foo.sysext.raw")
                .Image(Sysexts + "bar", ImageType.Squashfs, "run/extensions/bar.confext.raw"),
            List, Merge(), Refresh()) { Class = TestedClass.Sysext },
        new("A block device is an extension",
            root => root.Extension("foo").Extension("bar").Image(Sysexts + "foo", ImageType.Squashfs, "data/foo.img")
                .BlockDevice(Sysexts + "foo", "data/foo.img"),
            List, Merge(), Refresh(), Refresh("--always-refresh=yes")) { Class = TestedClass.Sysext },
        new("A block device with the name of an image",
            root => root.Extension("foo").Image(Sysexts + "foo", ImageType.Ext4, "data/foo.img")
                .BlockDevice(Sysexts + "foo.raw", "data/foo.img"),
            List, Merge(), Refresh()) { Class = TestedClass.Sysext },
        new("A symlink to a block device",
            root => root.Extension("foo").Image(Sysexts + "foo", ImageType.Squashfs, "data/foo.img")
                .BlockDevice("data/device", "data/foo.img").Link(Sysexts + "foo.raw", "/data/device"),
            List, Merge(), Refresh()) { Class = TestedClass.Sysext },
        new("Symlinks to images",
            root => root.Extension("foo").Extension("bar").Image(Confexts + "foo", ImageType.Squashfs, "data/a.raw")
                .Image(Confexts + "bar", ImageType.Erofs, "data/b.raw")
                .Link(Confexts + "foo.raw", "/data/a.raw").Link("run/confexts/bar.raw", "../../../data/b.raw")
                .Link(Confexts + "baz.raw", "/nowhere"),
            List, Merge(), Refresh()),
        new("An image in a stronger directory hides the directory, and the other way round",
            root => root.Extension("foo").Extension("bar", directory: "run/confexts")
                .Extension("foo", directory: "run/confexts").Extension("bar")
                .Image("run/confexts/foo", ImageType.Squashfs).Image(Confexts + "bar", ImageType.Squashfs),
            List, Merge(), Refresh()),
        new("A directory and an image of one name in one directory",
            root => root.Extension("foo").Extension("foo", directory: "data")
                .Image("data/foo", ImageType.Squashfs, Confexts + "foo.raw"),
            List, Merge(), Refresh()),
        new("An empty directory masks an image",
            root => root.Extension("foo").Extension("bar").Image(Sysexts + "foo", ImageType.Squashfs)
                .Directory("etc/extensions/foo"),
            List, Merge(), Change("take the mask away", root => root.Remove("etc/extensions/foo")),
                Refresh()) { Class = TestedClass.Sysext },
        new("Images and directories are stacked in the order of their versions",
            root => root.Extension("foo-1.9").Extension("foo-1.10").Extension("foo-1.11").Extension("foo-1.8")
                .Image(Confexts + "foo-1.10", ImageType.Squashfs)
                .Image(Confexts + "foo-1.8", ImageType.Ext4),
            List, Merge(), Refresh()),
        new("Versions of an image",
            root => root.Extension("foo", at: "one").Extension("foo", at: "two")
                .Image(Confexts + "one", ImageType.Squashfs, Confexts + "foo.raw.v/foo_1.9.raw")
                .Image(Confexts + "two", ImageType.Squashfs, Confexts + "foo.raw.v/foo_1.10.raw"),
            List, Merge(), Refresh(), Change("take the newer away",
                root => root.Remove(Confexts + "foo.raw.v/foo_1.10.raw")), Refresh()),
    ];

    private static IReadOnlyList<Scenario> Refreshes =>
    [
        new("An exchanged image is noticed",
            root => root.Extension("foo").Extension("foo", directory: "data").File("data/foo/etc/version", "2\n")
                .Image(Confexts + "foo", ImageType.Squashfs)
                .Image("data/foo", ImageType.Squashfs),
            Merge(), Change("exchange it", root => root.Remove(Confexts + "foo.raw")
                .Move("data/foo.raw", Confexts + "foo.raw")), Refresh(), Refresh()),
        new("systemd notices an exchanged image",
            root => root.Extension("foo").Extension("foo", directory: "data").File("data/foo/etc/version", "2\n")
                .Image(Confexts + "foo", ImageType.Squashfs)
                .Image("data/foo", ImageType.Squashfs),
            Merge(), Change("exchange it", root => root.Remove(Confexts + "foo.raw")
                .Move("data/foo.raw", Confexts + "foo.raw")), Systemd("refresh"), Systemd("refresh"), Refresh()),
        new("An image that was exchanged after systemd merged it is noticed",
            root => root.Extension("foo").Extension("foo", directory: "data").File("data/foo/etc/version", "2\n")
                .Image(Confexts + "foo", ImageType.Squashfs)
                .Image("data/foo", ImageType.Squashfs),
            Systemd("merge"), Change("exchange it", root =>
                root.Remove(Confexts + "foo.raw").Move("data/foo.raw", Confexts + "foo.raw")), Refresh(), Refresh(),
                Systemd("refresh")),
        new("An image that takes the place of a directory",
            root => root.Extension("foo").Extension("foo", directory: "data").Image("data/foo", ImageType.Squashfs),
            Merge(), Change("exchange it", root => root.Remove(Confexts + "foo")
                .Move("data/foo.raw", Confexts + "foo.raw")), Refresh(), Refresh()),
        new("Writes through a merge with an image survive",
            root => root.Extension("foo").Extension("bar").RoutingLink("/etc")
                .Image(Confexts + "foo", ImageType.Squashfs),
            [Merge("--mutable=auto"), .. Writes, Refresh("--mutable=auto"),
                Refresh("--mutable=auto", "--always-refresh=yes"), Unmerge]),
        .. ((string[])["auto", "import", "ephemeral-import"])
            .Select(mode => new Scenario($"An image in mode {mode} with a routing directory",
            root => root.Extension("foo").RoutingDirectory().Image(Confexts + "foo", ImageType.Squashfs),
            Merge("--mutable=" + mode), Refresh("--mutable=" + mode), Unmerge)),
    ];

    private static IReadOnlyList<Scenario> Broken =>
    [
        new("An image without a release file",
            root => root.Extension("foo").Extension("bar").Remove(Confexts + "foo/etc/extension-release.d")
                .Image(Confexts + "foo", ImageType.Squashfs),
            List, Merge(), Merge("--force")),
        new("An image with another name's release file",
            root => root.Extension("foo").Extension("bar")
                .Image(Confexts + "foo", ImageType.Squashfs, Confexts + "other.raw"),
            List, Merge(), Unmerge, Merge("--force")),
        new("An image with another name's release file that is not strict",
            root => root.Extension("foo").Extension("bar")
                .Xattr(Confexts + "foo/etc/extension-release.d/extension-release.foo", "user.extension-release.strict",
                "0")
                .Image(Confexts + "foo", ImageType.Squashfs, Confexts + "other.raw"),
            List, Merge(), Refresh()),
        new("An image for another system",
            root => root.Extension("foo", "ID=other\n").Extension("bar").Image(Confexts + "foo", ImageType.Squashfs),
            Merge(), Unmerge, Merge("--force")),
        new("An image that ships usr/lib/os-release",
            root => root.Extension("foo").Extension("bar").File(Sysexts + "foo/usr/lib/os-release", "ID=x\n")
                .Image(Sysexts + "foo", ImageType.Squashfs),
            Merge(), Unmerge, Merge("--force")) { Class = TestedClass.Sysext },
        new("An image that the policy refuses",
            root => root.Extension("foo").Extension("bar").Image(Confexts + "foo", ImageType.Squashfs),
            Merge("--image-policy=root=verity"), Unmerge, Merge("--image-policy=root=ignore"), Unmerge,
                Merge("--force", "--image-policy=~"), Unmerge, Merge(),
            Refresh("--image-policy=root=verity"), Refresh("--image-policy=root=verity", "--always-refresh=yes"),
                Run("--image-policy=root=verity", "list"), Unmerge),
        new("An image that the policy refuses in a file",
            root => root.Extension("foo").Extension("bar").Image(Sysexts + "foo", ImageType.Erofs)
                .File("etc/systemd/sysext.conf", "[SysExt]\nImagePolicy=usr=verity:root=ignore\n"),
            Merge(), Refresh(), StatusJson, Unmerge, Merge("--image-policy=*"),
                Refresh()) { Class = TestedClass.Sysext },
        new("An image without the hierarchies",
            root => root.Extension("bar").File("data/foo/srv/file", "x\n")
                .Image("data/foo", ImageType.Squashfs, Sysexts + "foo.raw"),
            Merge()) { Class = TestedClass.Sysext },
        new("An image of /opt with a release file alone in /usr",
            root => root.Extension("foo", hierarchies: ["opt"]).Image(Sysexts + "foo", ImageType.Erofs),
            Merge(), Refresh(), Unmerge) { Class = TestedClass.Sysext },
        new("A hierarchy directory that is a symlink inside the image",
            root => root.Extension("foo").Move(Confexts + "foo/etc", Confexts + "foo/real")
                .Link(Confexts + "foo/etc", "/real").Image(Confexts + "foo", ImageType.Squashfs),
            Merge(), Refresh()),
        new("An empty file is not an image",
            root => root.Extension("bar").File(Confexts + "foo.raw", ""),
            List, Merge()),
        new("A file of text is not an image",
            root => root.Extension("bar").File(Confexts + "foo.raw",
                string.Concat(Enumerable.Repeat("no image\n", 10000))),
            List, Merge()),
        new("An image that is cut off",
            root => root.Extension("foo").Extension("bar").Image(Confexts + "foo", ImageType.Ext4)
                .Cut(Confexts + "foo.raw", 1 << 20),
            List, Merge()),
    ];
}
