using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>What boot does to the machine's layer before it merges: deletions undone, duplicates pruned.</summary>
public sealed class BootCleanUpTests : InitramfsTest
{
    private const string List = "/usr/share/flatcar/etc-no-whiteouts";

    [Theory]
    [InlineData("bare")]
    [InlineData("confext")]
    [InlineData("symlinked")]
    public void What_the_machine_has_as_the_vendor_has_it_is_pruned(string layout)
    {
        Prepare(layout);
        Root.Write("/etc/vendor.conf", "vendor");

        Boot().Succeeds().Says("prune: removed 1 file.");
        Assert.Equal(("vendor", "machine's"), (Root.Read("/etc/vendor.conf"), Root.Read("/etc/both.conf")));
        Assert.False(Root.ExistsRaw("/etc/vendor.conf"));
        Assert.True(Root.ExistsRaw("/etc/both.conf"));
        JsonElement report = Report();
        Assert.Equal(1, report.GetProperty("pruned").GetProperty("files").GetInt32());
        Assert.Equal(0, report.GetProperty("pruned").GetProperty("whiteouts").GetInt32());
        Assert.InRange(report.GetProperty("milliseconds").GetProperty("prune").GetDouble(), 0, 60_000);
        Root.Expect("/run", "/etc");
        ExpectShown(layout);

        // A boot that finds the merge does not prune again, whatever is there.
        Root.Write("/etc/vendor.conf", "vendor");
        Boot().Succeeds();
        Assert.True(Root.ExistsRaw("/etc/vendor.conf"));
        Assert.Equal(JsonValueKind.Null, Report().GetProperty("pruned").ValueKind);
    }

    [Theory]
    [InlineData("quiet", "", "[BootMerge]\nPrune=no\n", "")]
    [InlineData("bootmerge.prune=0", "", "", "bootmerge.prune=0 on the kernel command line")]
    [InlineData("bootmerge.prune=no", "", "", "bootmerge.prune=0 on the kernel command line")]
    [InlineData("quiet", ".no-dup-update", "", ".no-dup-update exists")]
    [InlineData("bootmerge.mutable=no", "", "", "")]
    [InlineData("bootmerge.mutable=import", "", "", "")]
    public void It_can_be_switched_off(string commandLine, string file, string configuration, string words)
    {
        Prepare("confext", commandLine: commandLine);
        Root.Write("/etc/vendor.conf", "vendor");
        if (file.Length > 0)
            Root.Write("/etc/" + file, "");
        if (configuration.Length > 0)
            Root.Write("/etc/bootmerge.conf", configuration);

        Boot().Succeeds().Says(words);
        Assert.True(Root.ExistsRaw("/etc/vendor.conf"));
    }

    [Fact]
    public void A_word_that_is_no_boolean_is_named_and_does_not_switch_it_off()
    {
        Prepare("confext", commandLine: "bootmerge.prune=perhaps");
        Root.Write("/etc/vendor.conf", "vendor");

        Boot().Succeeds().Says("'bootmerge.prune=perhaps' is not valid, ignored; it takes yes or no");
        Assert.False(Root.ExistsRaw("/etc/vendor.conf"));
    }

    [Fact]
    public void Deletions_on_the_vendors_list_and_of_user_databases_are_taken_back()
    {
        Prepare("confext", commandLine: "bootmerge.prune=0");
        string etc = Root.Raw + "/etc";
        Root.Write(List,
            "/etc/listed\n\n/etc/d/listed\nrelative\n/etc/a-file\n/etc/../usr/outside\n/usr/outside\n/etc/link/outside\n/etc\n/etc/\n.\n..\n/etc/not-there\n/etc/passwd");
        RawTree.Do(etc,
            "whiteout listed; mkdir d; whiteout d/listed; whiteout relative; echo a >a-file; whiteout kept; "
            + "ln -s ../usr link; whiteout passwd; whiteout shadow; whiteout gshadow; echo a >group");
        RawTree.Do(Root.Raw + "/usr", "whiteout outside");
        Root.Expect("/etc", "/usr/outside", "/usr/share");

        Boot().Succeeds().Says("Restored the deleted /etc/d/listed");
        Assert.Equal(["/etc/passwd", "/etc/shadow", "/etc/gshadow", "/etc/listed", "/etc/d/listed", "/etc/relative"],
            Report().GetProperty("removedWhiteouts").EnumerateArray().Select(path => path.GetString()));
        Assert.Equal(["a-file", "both.conf", "d", "group", "hostname", "kept", "link"],
            Files.List(etc).Order(StringComparer.Ordinal));
        Assert.Empty(Files.List(etc + "/d"));
        Assert.True(Files.IsWhiteout(etc + "/kept"));
        Assert.True(Files.IsWhiteout(Root.Raw + "/usr/outside"));
    }

    [Theory]
    [InlineData("fifo")]
    [InlineData("directory")]
    [InlineData("huge")]
    [InlineData("loop")]
    public void A_list_that_cannot_be_read_fails_no_boot(string kind)
    {
        Prepare("confext");
        Root.MakeBad(List, kind, "");
        RawTree.Do(Root.Raw + "/etc", "whiteout passwd");
        Root.Expect("/etc", "/usr/share");

        Boot().Succeeds().Says("etc-no-whiteouts");
        Assert.Equal("vendor", Root.Read("/etc/vendor.conf"));
        Assert.False(Root.ExistsRaw("/etc/passwd"));
    }

    [Fact]
    public void On_a_read_only_root_it_warns_and_the_boot_falls_back()
    {
        Prepare("confext");
        Root.Write("/etc/vendor.conf", "vendor");
        Root.Symlink("/var/lib/extensions.mutable/etc", "/etc");
        LibC.Mount("none", Root.Path, null, LibC.MS_REMOUNT | LibC.MS_BIND | LibC.MS_RDONLY);

        Boot().Succeeds().Says("Pruning is incomplete", "the upperdir /etc is on a read-only file system",
            "falling back to an immutable merge");
        Assert.True(Root.ExistsRaw("/etc/vendor.conf"));
        Root.Bootmerge("unmerge").Succeeds();
        LibC.Mount("none", Root.Path, null, LibC.MS_REMOUNT | LibC.MS_BIND);
    }

    /// <summary>What boot leaves in the root for systemd to see.</summary>
    private void ExpectShown(string layout)
    {
        if (layout is "bare")
            Root.ExpectMount("/usr/share/flatcar");
    }
}
