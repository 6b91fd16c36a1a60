using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>The marker as systemd 262 writes and reads it.</summary>
public sealed class MarkerTests : KernelTest
{
    private const string Marker = "/etc/.systemd-confext";

    public static TheoryData<string, string, string, string> Stacks => Cases.Of(
        """
        mode             | routing entry  | work_dir                                        | the hierarchy is a lowerdir
        no               | /etc           | -                                               | yes
        auto             | /etc           | .systemd-etc-workdir                            | no
        auto             | /srv/changes   | srv/.systemd-etc-workdir                        | yes
        auto             | /srv/a b\c     | srv/.systemd-etc-workdir                        | yes
        auto             | /srv/a b\c/sub | srv/a b\\c/.systemd-etc-workdir                 | yes
        yes              | -              | var/lib/extensions.mutable/.systemd-etc-workdir | yes
        import           | /etc           | -                                               | yes
        import           | /srv/changes   | -                                               | yes
        ephemeral        | /etc           | -                                               | yes
        ephemeral-import | /etc           | -                                               | yes
        """);

    [Theory]
    [MemberData(nameof(Stacks))]
    public void The_marker_says_what_systemd_262_would(string mode, string routing, string workDirectory,
        string isBacked)
    {
        RootOn("ext4"); // "backing" is written of a block device only
        Root.Extension("beta", ("beta.conf", "beta"));
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        if (routing is "-")
        {
            Root.Expect("/var/lib/extensions.mutable");
        }
        else
        {
            Root.MakeDirectory(routing);
            Root.Route(routing);
        }

        Root.Bootmerge("merge", "--mutable=" + mode).Succeeds();

        List<string> expected = ["confexts", "dev", "origin"];
        if (workDirectory is not "-")
            expected.Add("work_dir");
        if (isBacked is "yes")
            expected.Add("backing");
        Assert.Equal(expected.Order(StringComparer.Ordinal),
            Files.List(Root.Path + Marker).Order(StringComparer.Ordinal));
        Assert.Equal("alpha\nbeta\n", Root.Read(Marker + "/confexts"));
        Assert.Equal(Files.Device(Root.Etc) + "\n", Root.Read(Marker + "/dev"));
        if (workDirectory is not "-")
            Assert.Equal(workDirectory + "\n", Root.Read(Marker + "/work_dir"));
        if (isBacked is "yes")
            Assert.Equal(Files.Device(Root.Raw), Root.Read(Marker + "/backing").TrimEnd('\n'));
        AssertOrigin(mode, routing);
        AssertCannotBeWritten();
        Assert.Equal(("0755", "0:0"), (Files.Mode(Root.Path + Marker), Files.Owner(Root.Path + Marker)));
        Assert.False(Root.ExistsRaw(Marker));
    }

    [Theory]
    [InlineData("auto")]
    [InlineData("ephemeral")]
    public void The_marker_of_a_stack_that_can_be_written_to_is_covered_read_only(string mode)
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Route("/etc");

        Root.Bootmerge("merge", "--mutable=" + mode).Succeeds();

        MountEntry cover = Assert.Single(MountTable.At(Root.Path + Marker));
        Assert.Contains("ro", cover.Options);
        Assert.Equal(Files.Device(Root.Etc), Files.Device(Root.Path + Marker));
        AssertCannotBeWritten();
    }

    [Fact]
    public void A_copied_marker_is_no_merge()
    {
        // Copied as by a backup or an image build: the device number is from an earlier merge.
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Write(Marker + "/dev", "0:1\n");
        Root.Write(Marker + "/confexts", "ghost\n");
        Root.Write(Marker + "/work_dir", "victim\n");
        Root.Write("/victim/work/file", "kept");

        Root.Bootmerge("unmerge").Succeeds();
        Root.Bootmerge("status", "--json=short").Succeeds();
        Assert.DoesNotContain("ghost", Root.Bootmerge("status").Succeeds().Output, StringComparison.Ordinal);
        Root.Bootmerge("merge").Succeeds();

        Assert.Equal("alpha\n", Root.Read(Marker + "/confexts"));
        Root.Bootmerge("unmerge").Succeeds();
        Assert.Equal(("ghost\n", "kept"), (Root.Read(Marker + "/confexts"), Root.Read("/victim/work/file")));
    }

    [Fact]
    public void A_marker_copied_up_into_the_upper_layer_does_not_hide_the_next_merge()
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Route("/etc");
        Root.Write(Marker + "/dev", "0:1\n");
        Root.Write(Marker + "/confexts", "ghost\n");

        Root.Bootmerge("merge", "--mutable=auto").Succeeds();

        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
        Root.Bootmerge("status").Succeeds().Prints("alpha");
        Root.Bootmerge("merge", "--mutable=auto").Fails("already merged");
        Root.Bootmerge("unmerge").Succeeds();
        Assert.Empty(Root.Stacks);
    }

    [Theory]
    [InlineData("/victim")]
    [InlineData("../victim")]
    [InlineData("..")]
    [InlineData("var/../victim")]
    [InlineData("./victim")]
    [InlineData("victim/.")]
    [InlineData("victim//work")]
    [InlineData("\\x2e\\x2e/victim")]
    [InlineData("\\x2fvictim")]
    [InlineData("vic\\qtim")]
    [InlineData("victim\\")]
    public void A_work_dir_that_is_absolute_leaves_the_root_or_is_not_normalised_is_refused(string workDirectory)
    {
        Root.Write("/victim/work/file", "kept");
        string outside = Root.Path + "/../victim/work/file";
        Directory.CreateDirectory(Path.GetDirectoryName(outside)!);
        File.WriteAllText(outside, "kept");
        ForeignStack(workDirectory);
        List<string> before = Root.State();

        Root.Bootmerge("unmerge").FailsInOneLine("workdir", "/etc");

        Assert.Equal(before, Root.State());
        Assert.Equal(("kept", "kept"), (Root.ReadRaw("/victim/work/file"), File.ReadAllText(outside)));
        LibC.Unmount(Root.Etc);
        Root.Forget("/etc");
    }

    [Fact]
    public void A_work_dir_that_is_a_symlink_is_not_followed()
    {
        Root.Write("/victim/work/file", "kept");
        Root.Symlink("/.systemd-etc-workdir", "victim");
        ForeignStack(".systemd-etc-workdir");

        Root.Bootmerge("unmerge");

        Assert.Equal("kept", Root.ReadRaw("/victim/work/file"));
        if (Root.Stacks.Count > 0)
            LibC.Unmount(Root.Etc);
        Root.Forget("/etc");
    }

    [Fact]
    public void A_stack_that_another_program_merged_is_shown_and_unmerged()
    {
        Root.MakeDirectory("/.systemd-etc-workdir/work");
        ForeignStack(".systemd-etc-workdir");

        Assert.Contains("foreign", Root.Bootmerge("status").Succeeds().Output, StringComparison.Ordinal);
        Root.Bootmerge("merge").Fails("already merged");
        Root.Bootmerge("unmerge").Succeeds();

        Assert.Empty(Root.Stacks);
        Assert.False(Root.ExistsRaw("/.systemd-etc-workdir"));
        Root.Forget("/etc");
        Root.Expect("/.systemd-etc-workdir");
    }

    [Theory]
    [InlineData("dev", "")]
    [InlineData("dev", "nonsense\n")]
    [InlineData("dev", "0:\n")]
    [InlineData("dev", "99999999999999999999:1\n")]
    public void A_marker_whose_dev_cannot_be_read_is_no_merge(string file, string content)
    {
        ForeignStack(".systemd-etc-workdir", file, content);
        List<string> before = Root.State();

        Root.Bootmerge("unmerge").Succeeds();

        Assert.Equal(before, Root.State());
        LibC.Unmount(Root.Etc);
        Root.Forget("/etc");
    }

    /// <summary>A stack that another program merged, with a marker of its own.</summary>
    private void ForeignStack(string workDirectory, string file = "confexts", string content = "foreign\n")
    {
        string meta = Root.Path + "-meta";
        string marker = meta + "/.systemd-confext";
        Directory.CreateDirectory(marker);
        File.WriteAllText(marker + "/confexts", "foreign\n");
        File.WriteAllText(marker + "/work_dir", workDirectory + "\n");
        Root.Mount("none", "/etc", "overlay", 0, $"lowerdir={meta}:{Root.Raw}/etc");
        File.WriteAllText(marker + "/dev", Files.Device(Root.Etc) + "\n");
        File.WriteAllText(marker + "/" + file, content);
        Assert.Equal(content, Root.Read($"{Marker}/{file}"));
        Root.Remember();
    }

    private void AssertOrigin(string mode, string routing)
    {
        using JsonDocument document = JsonDocument.Parse(Root.Read(Marker + "/origin"));
        JsonElement origin = document.RootElement;
        Assert.Equal(["extensions", "mutable"], Names(origin));
        JsonElement mutable = origin.GetProperty("mutable");
        Assert.Equal(mode, mutable.GetProperty("mode").GetString());
        if (mode is "auto")
            Assert.Equal(routing, mutable.GetProperty("mutableDirs").GetProperty("/etc").GetString());
        Assert.Equal(["alpha", "beta"], Names(origin.GetProperty("extensions")));
        foreach (JsonProperty extension in origin.GetProperty("extensions").EnumerateObject())
        {
            Assert.Equal(["crtime", "fileHandle", "mtime", "onMountId", "path"], Names(extension.Value));
            Assert.Equal("/var/lib/confexts/" + extension.Name, extension.Value.GetProperty("path").GetString());
            Assert.Equal(["handle", "type"], Names(extension.Value.GetProperty("fileHandle")));
            Assert.NotEmpty(Convert.FromHexString(extension.Value.GetProperty("fileHandle").GetProperty("handle")
                .GetString()!));
            Assert.Equal(0, extension.Value.GetProperty("mtime").GetInt64());
            long age = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - (extension.Value.GetProperty("crtime")
                .GetInt64() / 1000);
            Assert.InRange(age, 0, 60_000);
            Assert.Equal(LibC.UniqueMountId(Root.Path), extension.Value.GetProperty("onMountId").GetUInt64());
        }
    }

    private void AssertCannotBeWritten()
    {
        Assert.Contains("Read-only file system",
            Assert.Throws<IOException>(() => Root.WriteMerged(Marker + "/confexts", "")).Message,
            StringComparison.Ordinal);
        Assert.Contains("Read-only file system",
            Assert.Throws<IOException>(() => Root.WriteMerged(Marker + "/new", "")).Message, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Names(JsonElement element) =>
        element.EnumerateObject().Select(property => property.Name).Order(StringComparer.Ordinal);
}
