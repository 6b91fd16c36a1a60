using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>Many layers, and layers whose paths the kernel's option strings would trip over.</summary>
public sealed class LayerTests : KernelTest
{
    /// <summary>
    /// All these characters are legal in a file name. The first four have a meaning in overlayfs's option strings.
    /// </summary>
    private const string OddName = "blank, comma : colon \\ backslash \\: \\, both = \"quotes' $HOME %s ümlaut";

    [Theory]
    [InlineData("no", 400, true)]
    [InlineData("auto", 400, true)]
    [InlineData("no", 498, true)]   // with the marker and the hierarchy: 500
    [InlineData("no", 499, false)]
    [InlineData("auto", 499, true)] // self-routed: the hierarchy is the upperdir
    [InlineData("auto", 500, false)]
    public void Five_hundred_layers_merge_and_one_more_is_an_error_in_overlayfs_own_words(string mode, int extensions,
        bool merges)
    {
        WithKernelLog();
        Root.Route("/etc");
        for (int i = 1; i <= extensions; i++)
            Root.Extension($"layer-{i}", ($"only-{i}.conf", $"{i}"), ("top.conf", $"{i}"));
        Root.Remember();
        List<string> before = Root.State();

        Outcome outcome = Root.Bootmerge("merge", "--mutable=" + mode);

        if (merges)
        {
            outcome.Succeeds();
            Assert.Equal($"{extensions}", Root.Read("/etc/top.conf"));
            Assert.All(Enumerable.Range(1, extensions), i => Assert.Equal($"{i}", Root.Read($"/etc/only-{i}.conf")));
            Root.Bootmerge("refresh", "--always-refresh=yes", "--mutable=" + mode).Succeeds();
            Assert.Equal($"{extensions}", Root.Read("/etc/top.conf"));
        }
        else
        {
            outcome.FailsInOneLineBesidesInformation("/etc", "too many lower directories, limit is 500");
            Assert.Equal(before, Root.State());
        }
    }

    [Theory]
    [InlineData("no")]
    [InlineData("auto")]
    [InlineData("import")]
    public void Odd_characters_in_the_name_of_an_extension_do_no_harm(string mode)
    {
        string longest = new('x', 255 - "extension-release.".Length);
        string[] names = [OddName, " ", "\\", ":", ",", "a:b", "\\134", longest];
        foreach (string name in names)
            Root.Extension(name, ($"only-{Array.IndexOf(names, name)}.conf", name));
        Root.Route("/etc");

        Root.Bootmerge("merge", "--mutable=" + mode).Succeeds();
        Root.Bootmerge("refresh", "--always-refresh=yes", "--mutable=" + mode).Succeeds();

        Assert.Equal(names, names.Select((_, index) => Root.Read($"/etc/only-{index}.conf")));
        Assert.Equal(names.Order(StringComparer.Ordinal),
            Root.Read("/etc/.systemd-confext/confexts").TrimEnd('\n').Split('\n').Order(StringComparer.Ordinal));
        Root.Bootmerge("refresh", "--mutable=" + mode).Succeeds();
    }

    [Fact]
    public void An_extension_whose_name_has_a_newline_is_skipped_with_a_reason()
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Extension("new\nline", ("newline.conf", "newline"));

        Root.Bootmerge("merge").Succeeds();

        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
        Assert.False(Root.Exists("/etc/newline.conf"));
        string explained = Assert.Single(Root.Bootmerge("status", "--verbose").Succeeds().Output.Split('\n'),
            line => line.Contains("line", StringComparison.Ordinal));
        Assert.Contains("name", explained, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no", "/etc")]
    [InlineData("auto", "/etc")]
    [InlineData("auto", "/srv/ch:an,ges \\\n")]
    [InlineData("yes", null)]
    [InlineData("import", "/etc")]
    [InlineData("import", "/srv/ch:an,ges \\\n")]
    [InlineData("ephemeral-import", "/etc")]
    public void A_root_and_a_routed_directory_with_odd_characters_and_a_newline_work(string mode, string? routing)
    {
        TestRoot root = RootOn("tmpfs", OddName + "\nnew line");
        root.Extension(OddName, ("alpha.conf", "alpha"));
        if (routing is not null)
        {
            root.MakeDirectory(routing);
            root.Route(routing);
        }
        else
        {
            root.Expect("/var/lib/extensions.mutable");
        }

        MergeRefreshWriteUnmerge(root, mode, routing);
    }

    [Theory]
    [InlineData("no", "/etc")]
    [InlineData("auto", "/etc")]
    [InlineData("auto", "/srv")]
    [InlineData("import", "/etc")]
    public void A_root_whose_path_is_longer_than_a_mount_option_works(string mode, string routing)
    {
        // Longer than fsconfig(2)'s longest string, which has 255 bytes, and only some 500 bytes shorter than PATH_MAX.
        TestRoot root = RootOn("tmpfs", string.Join('/', Enumerable.Repeat(new string('d', 200), 17)));
        Assert.InRange(root.Path.Length, 3400, 3600);
        if (routing is "/srv")
        {
            routing = "/srv/" + new string('u', 200);
            root.MakeDirectory(routing);
        }

        root.Extension("alpha", ("alpha.conf", "alpha"));
        root.Route(routing);

        MergeRefreshWriteUnmerge(root, mode, routing);
    }

    [Theory]
    [InlineData(300, 20)]    // longer than PATH_MAX, 4096
    [InlineData(256, 1)]     // a name longer than NAME_MAX, 255
    public void A_root_path_longer_than_the_kernel_takes_is_one_clear_line(int length, int parts)
    {
        string path = "/" + string.Join('/', Enumerable.Repeat(new string('p', length), parts));

        Outcome.Of(Workplace.Binary, ["--root=" + path, "merge"]).FailsInOneLine("ppp", "File name too long");
    }

    private static void MergeRefreshWriteUnmerge(TestRoot root, string mode, string? routing)
    {
        root.Bootmerge("merge", "--mutable=" + mode).Succeeds();
        Assert.Equal("alpha", root.Read("/etc/alpha.conf"));
        Assert.Equal("machine\n", root.Read("/etc/hostname"));
        root.Extension("beta", ("beta.conf", "beta"));
        root.Bootmerge("refresh", "--mutable=" + mode).Succeeds();
        Assert.Equal("beta", root.Read("/etc/beta.conf"));
        if (mode is "auto" or "yes")
        {
            string upper = routing ?? "/var/lib/extensions.mutable/etc";
            root.WriteMerged("/etc/written", "by the machine");
            Assert.Equal("by the machine", root.ReadRaw(upper + "/written"));
            root.Expect(upper + "/written");
        }

        root.Bootmerge("unmerge").Succeeds();
        Assert.Empty(root.Stacks);
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(root.Raw, "*workdir*", SearchOption.AllDirectories),
            _ => true);
    }
}
