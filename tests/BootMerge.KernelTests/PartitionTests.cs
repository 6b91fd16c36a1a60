using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>Extensions that are disk images with a GPT. ImageTests has what applies to all images.</summary>
public sealed class PartitionTests : KernelTest
{
    private const string Alpha = "/var/lib/confexts/alpha.raw", Tools = "/var/lib/extensions/tools.raw";
    private const string Release = "ID=flatcar\nVERSION_ID=4000.1.0\n";

    public static TheoryData<string, int> FileSystemsAndSectors =>
        new MatrixTheoryData<string, int>(ImageFile.FileSystems, [512, 4096]);

    [Theory]
    [MemberData(nameof(FileSystemsAndSectors))]
    public void The_root_partition_is_merged_out_of_sight_and_leaves_nothing(string fileSystem, int sector)
    {
        PartitionedImage.Make(Root, Alpha, sector, new Part(PartitionedImage.Home, "no file system"u8.ToArray()),
            new Part(PartitionedImage.Root, Confext(fileSystem, ("alpha.conf", fileSystem)), "alpha_1", 59));
        Root.Extension("beta", ("beta.conf", "beta"));
        string[] mounts = [.. MountTable.Read().Select(mount => mount.Point)];

        Root.Bootmerge("merge").Succeeds();

        Assert.Equal([fileSystem, "beta", "machine\n"],
            new[] { "alpha.conf", "beta.conf", "hostname" }.Select(name => Root.Read("/etc/" + name)));
        Assert.Equal([Root.Etc], MountTable.Read().Select(mount => mount.Point).Except(mounts));
        string device = Assert.Single(Root.LoopDevices(1));
        Assert.Equal(["2097152", "1", "1"], new[] { "/loop/offset", "/loop/autoclear", "/ro" }
            .Select(file => File.ReadAllText(device + file).Trim()));
        Assert.NotEqual("0", File.ReadAllText(device + "/loop/sizelimit").Trim());

        ulong stack = LibC.UniqueMountId(Root.Etc);
        Root.Bootmerge("refresh").Succeeds().Says("no change");
        Root.Bootmerge("refresh", "--always-refresh=yes").Succeeds();
        Assert.NotEqual(stack, LibC.UniqueMountId(Root.Etc));
        Assert.Equal(fileSystem, Root.Read("/etc/alpha.conf"));
        Root.Bootmerge("unmerge").Succeeds();
        Assert.Empty(Root.LoopDevices(0));
    }

    [Theory]
    [InlineData("the newest label")]
    [InlineData("the only one that is not hidden")]
    [InlineData("the machine's own architecture")]
    [InlineData("a foreign architecture")]
    [InlineData("a generic one")]
    public void Of_several_partitions_one_is_chosen(string what)
    {
        byte[] right = Confext("squashfs", ("alpha.conf", "right"));
        byte[] wrong = Confext("squashfs", ("alpha.conf", "wrong"));
        string own = IsArm64 ? PartitionedImage.RootArm64 : PartitionedImage.Root;
        string foreign = IsArm64 ? PartitionedImage.Root : PartitionedImage.RootArm64;
        PartitionedImage.Make(Root, Alpha, 512, what switch
        {
            "the newest label" => [new Part(own, wrong, "sys_9"), new Part(own, right, "sys_10"),
                new Part(own, wrong, "sys_10~rc1")],
            "the only one that is not hidden" => [new Part(own, wrong, "sys_2", 63), new Part(own, right, "sys_1")],
            "the machine's own architecture" => [new Part(foreign, wrong, "sys_2"), new Part(own, right, "sys_1")],
            "a foreign architecture" => [new Part(foreign, right)],
            _ => [new Part(PartitionedImage.Generic, right), new Part(PartitionedImage.Generic, wrong, "", 63)],
        });

        Root.Bootmerge("merge").Succeeds();

        Assert.Equal("right", Root.Read("/etc/alpha.conf"));
    }

    [Fact]
    public void A_table_without_its_first_header_is_read_by_the_backup()
    {
        PartitionedImage.Make(Root, Alpha, 512, new Part(PartitionedImage.Root,
            Confext("squashfs", ("alpha.conf", "alpha"))));
        using (FileStream file = File.OpenWrite(Root.Raw + Alpha))
        {
            file.Position = 512;
            file.Write(new byte[512]);
        }

        Root.Bootmerge("merge").Succeeds();
        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
    }

    [Theory]
    [InlineData("usr alone")]
    [InlineData("usr upon root")]
    public void A_usr_partition_is_the_usr_of_a_sysext(string what)
    {
        byte[] usr = FileSystem("erofs", ("lib/extension-release.d/extension-release.tools", Release),
            ("bin/tool", "tool"));
        byte[] root = FileSystem("squashfs", ("usr/bin/hidden", "hidden"), ("opt/tools/data", "data"));
        PartitionedImage.Make(Root, Tools, 512, what is "usr alone" ? [new Part(PartitionedImage.Usr, usr)]
            : [new Part(PartitionedImage.Usr, usr), new Part(PartitionedImage.Root, root)]);
        Root.Write("/opt/mine", "mine");

        Root.Bootmerge("--class=sysext", "merge").Succeeds();

        Assert.Equal(["tool", "mine"], new[] { "/usr/bin/tool", "/opt/mine" }.Select(Root.Read));
        Assert.False(Root.Exists("/usr/bin/hidden"));
        Assert.Equal(what is "usr upon root", Root.Exists("/opt/tools/data"));
        Root.Bootmerge("--class=sysext", "refresh").Succeeds().Says("no change");
        Root.Bootmerge("--class=sysext", "refresh", "--always-refresh=yes").Succeeds();
        Assert.Equal("tool", Root.Read("/usr/bin/tool"));
        Root.Bootmerge("--class=sysext", "unmerge").Succeeds();
        Assert.Empty(Root.LoopDevices(0));
    }

    /// <summary>Linux 6.1 needs attached layers, and nothing can be attached to a detached mount.</summary>
    [Fact]
    public void On_an_older_kernel_usr_lies_upon_root_too()
    {
        MakeRootAndUsr();
        Root.MakeDirectory("/opt");
        int images = Traced.Calls("fsconfig", Root, "--class=sysext", "plan")
            .Count(call => !call.Contains("overlay", StringComparison.Ordinal));
        Assert.True(images > 0);

        (Outcome outcome, List<string> made) = Traced.Inject($"fsconfig:retval=0:when={images + 1}", Root,
            "--class=sysext", "merge");

        outcome.Succeeds();
        Assert.Contains(made, call => call.Contains("\"overlay\", ", StringComparison.Ordinal)
            && call.EndsWith("= 0", StringComparison.Ordinal));
        Assert.Equal(["tool", "data"], new[] { "/usr/bin/tool", "/opt/tools/data" }.Select(Root.Read));
        Root.Bootmerge("--class=sysext", "unmerge").Succeeds();
        Assert.Empty(Root.LoopDevices(0));
    }

    [Theory]
    [InlineData("move_mount")]
    [InlineData("open_tree")]
    [InlineData("unshare")]
    [InlineData("setns")]
    [InlineData("ioctl")]
    [InlineData("fsmount")]
    public void Killed_or_refused_while_usr_is_put_upon_root_it_leaves_nothing(string call)
    {
        MakeRootAndUsr();
        int calls = Traced.Calls(call, Root, "--class=sysext", "plan").Count;
        Assert.True(calls > 0);

        for (int when = 1; when <= calls; when++)
        {
            Traced.Kill(call, when, Root, "--class=sysext", "plan");
            Assert.Empty(Root.LoopDevices(0));
            Traced.Inject(call, "EPERM", when, Root, "--class=sysext", "plan");
            Assert.Empty(Root.LoopDevices(0));
        }
    }

    [Fact]
    public void A_root_without_a_directory_for_its_usr_is_refused()
    {
        PartitionedImage.Make(Root, Tools, 512, new Part(PartitionedImage.Usr, FileSystem("squashfs", ("a", "a"))),
            new Part(PartitionedImage.Root, FileSystem("squashfs", ("opt/data", "data"))));
        Root.Bootmerge("--class=sysext", "merge").Succeeds().Says("its root partition has no directory usr");
        Assert.Empty(Root.LoopDevices(0));
    }

    [Theory]
    [InlineData("verity", "", "its hash partition has a verity superblock that is not known")]
    [InlineData("verity", "--image-policy=root=verity", "its hash partition has")]
    [InlineData("verity", "--image-policy=*", "its hash partition has")]
    [InlineData("signed", "", "its signature partition cannot be read")]
    [InlineData("signed", "--image-policy=root=signed", "its signature partition cannot be read")]
    [InlineData("verity", "--image-policy=root=signed", "allows no root partition without a signature")]
    [InlineData("plain", "--image-policy=root=verity", "allows no root partition without verity or encryption")]
    [InlineData("plain", "--image-policy=root=verity+unprotected", "no image without a root-verity partition")]
    [InlineData("plain", "--image-policy=root=ignore", "allows no use of its root partition")]
    [InlineData("plain", "--image-policy=root=unprotected+read-only-on", "is not marked read-only")]
    [InlineData("plain", "--image-policy=root=unprotected+erofs", "allows no squashfs")]
    [InlineData("hash alone", "", "it has a hash partition for root but no data partition")]
    [InlineData("encrypted", "", "its root partition is encrypted (LUKS)")]
    [InlineData("no file system", "", "no file system is found in its root partition")]
    [InlineData("no root", "", "it has no root partition")]
    [InlineData("damaged", "", "header and backup are damaged")]
    [InlineData("two things at once", "", "a GPT partition table and the signature of squashfs")]
    [InlineData("three things at once", "", "a GPT partition table, and it is ambiguous: it has the signatures of more")]
    [InlineData("a table and LUKS", "", "a GPT partition table, and it is encrypted (LUKS), which is not supported")]
    [InlineData("MBR", "", "it has an MBR partition table: only GPT is supported")]
    public void What_is_not_merged_is_named_with_the_reason_and_the_others_are(string what, string option,
        string reason)
    {
        MakeRefused(what);
        Root.Extension("beta", ("beta.conf", "beta"));
        string[] options = option.Length == 0 ? [] : [option];

        Outcome merge = Root.Bootmerge(["merge", .. options]).Succeeds().Says("Not merging 'alpha'", reason);

        Assert.Single(merge.ErrorLines, line => line.Contains("'alpha'", StringComparison.Ordinal));
        Assert.Equal("beta", Root.Read("/etc/beta.conf"));
        Assert.False(Root.Exists("/etc/alpha.conf"));
        Root.Bootmerge(["status", "--verbose", .. options]).Prints("alpha", reason);
        Outcome check = Root.Bootmerge(["check", .. options]);
        Assert.Equal(1, check.Status);
        check.Prints("alpha", reason);
        Root.Bootmerge("unmerge").Succeeds();
        Assert.Empty(Root.LoopDevices(0));
    }

    [Theory]
    [InlineData("verity")]
    [InlineData("signed")]
    public void Without_its_verity_an_image_is_merged_only_where_the_policy_says_so_and_with_a_warning(string what)
    {
        MakeRefused(what);
        Root.Bootmerge("merge", "--image-policy=root=unprotected").Succeeds()
            .Says("Merging 'alpha' unverified", "hash partition (dm-verity)");
        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
    }

    [Fact]
    public void Under_the_name_of_systemd_a_refusal_of_the_policy_is_a_failure()
    {
        MakeRefused("plain");
        Outcome.Of(Root.DropIn("systemd-confext"), [$"--root={Root.Path}", "--image-policy=root=verity", "merge"])
            .Fails("alpha", "allows no root partition without verity");
        Assert.Empty(Root.Stacks);
    }

    [Fact]
    public void A_block_device_may_have_a_table()
    {
        PartitionedImage.Make(Root, "/srv/alpha.img", 512, new Part(PartitionedImage.Root,
            Confext("squashfs", ("alpha.conf", "alpha"))));
        // Only the backup header, at the end of the device, is left to read.
        using (FileStream file = File.OpenWrite(Root.Raw + "/srv/alpha.img"))
        {
            file.Position = 512;
            file.Write(new byte[512]);
        }

        using BlockDevice device = new(Root, "/srv/alpha.img", "/var/lib/confexts/alpha");

        Root.Bootmerge("merge").Succeeds();
        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
        Root.Bootmerge("unmerge").Succeeds();
    }

    private static bool IsArm64 => System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture
        == System.Runtime.InteropServices.Architecture.Arm64;

    private byte[] Confext(string type, params (string Path, string Content)[] files) =>
        PartitionedImage.Confext(Root, type, files);

    private byte[] FileSystem(string type, params (string Path, string Content)[] files) =>
        PartitionedImage.FileSystem(Root, type, files);

    private void MakeRootAndUsr() => PartitionedImage.Make(Root, Tools, 512,
        new Part(PartitionedImage.Usr, FileSystem("squashfs",
            ("lib/extension-release.d/extension-release.tools", Release), ("bin/tool", "tool"))),
        new Part(PartitionedImage.Root, FileSystem("squashfs", ("usr/bin/hidden", "hidden"),
            ("opt/tools/data", "data"))));

    private void MakeRefused(string what)
    {
        Part root = new(PartitionedImage.Root, Confext("squashfs", ("alpha.conf", "alpha")));
        Part hash = new(PartitionedImage.RootVerity, "verity\0\0"u8.ToArray());
        PartitionedImage.Make(Root, Alpha, 512, what switch
        {
            "verity" => [root, hash],
            "signed" => [root, hash, new Part(PartitionedImage.RootSignature, "{}"u8.ToArray())],
            "hash alone" => [hash],
            "encrypted" => [root with { Content = "LUKS\xba\xbe"u8.ToArray() }],
            "no file system" => [root with { Content = "nothing"u8.ToArray() }],
            "no root" => [root with { Type = PartitionedImage.Home }],
            _ => [root],
        });
        using FileStream file = File.OpenWrite(Root.Raw + Alpha);
        switch (what)
        {
            case "damaged":
                file.Position = 512 + 60;
                file.Write("x"u8);
                file.Position = file.Length - 512 + 60;
                file.Write("x"u8);
                break;
            case "two things at once":
                file.Write("hsqs"u8);
                break;
            case "three things at once":
                file.Write("hsqs"u8);
                file.Position = 0x10040;
                file.Write("_BHRfS_M"u8);
                break;
            case "a table and LUKS":
                file.Write("LUKS\xba\xbe"u8);
                break;
            case "MBR":
                file.Position = 450;
                file.Write([0x83]);
                file.Position = 512;
                file.Write(new byte[512]);
                break;
        }
    }
}
