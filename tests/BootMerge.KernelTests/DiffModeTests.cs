using System;
using System.IO;
using System.Linq;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>
/// diff and explain in every mutable mode: what counts as the machine's layer, merged and not merged.
/// </summary>
public sealed class DiffModeTests : InitramfsTest
{
    /// <summary>
    /// The vendor has f, g and h; /etc has g and own; a routed directory has h. If the merge is writable, the test
    /// writes new into it. The columns: the mode, the routing, the lines of diff before the merge and in it, and who
    /// provides h in it.
    /// </summary>
    [Theory]
    [InlineData("no", "self", "", "", "vendor")]
    [InlineData("no", "elsewhere", "", "", "vendor")]
    [InlineData("auto", "absent", "", "", "vendor")]
    [InlineData("auto", "self", "modified /etc/g|added /etc/own", "modified /etc/g|added /etc/new|added /etc/own",
        "vendor")]
    [InlineData("auto", "elsewhere", "modified /etc/h", "modified /etc/h|added /etc/new", "upper")]
    [InlineData("yes", "absent", "", "added /etc/new", "vendor")]
    [InlineData("yes", "self", "modified /etc/g|added /etc/own", "modified /etc/g|added /etc/new|added /etc/own",
        "vendor")]
    [InlineData("yes", "elsewhere", "modified /etc/h", "modified /etc/h|added /etc/new", "upper")]
    [InlineData("import", "absent", "", "", "vendor")]
    [InlineData("import", "self", "modified /etc/g|added /etc/own", "modified /etc/g|added /etc/own", "vendor")]
    [InlineData("import", "elsewhere", "modified /etc/h", "modified /etc/h", "upper")]
    [InlineData("ephemeral", "self", "", "added /etc/new", "merge")]
    [InlineData("ephemeral-import", "absent", "", "added /etc/new", "merge")]
    [InlineData("ephemeral-import", "self", "modified /etc/g|added /etc/own",
        "modified /etc/g|added /etc/new|added /etc/own", "merge")]
    [InlineData("ephemeral-import", "elsewhere", "modified /etc/h", "modified /etc/h|added /etc/new", "merge")]
    public void The_machines_layer_is_the_one_that_the_mode_writes_to_or_imports(string mode, string routing,
        string before, string merged, string provider)
    {
        Root.Remove("/etc/hostname");
        Root.Extension("vendor", ("f", "vendor"), ("g", "vendor"), ("h", "vendor"));
        Root.Write("/etc/g", "machine");
        Root.Write("/etc/own", "machine");
        if (routing is "self")
            Root.Route("/etc");
        if (routing is "elsewhere")
        {
            Root.Write("/srv/changes/h", "machine");
            Root.Route("/srv/changes");
        }

        Assert.Equal(before, Diff("--mutable=" + mode));
        Root.Bootmerge("merge", "--mutable=" + mode).Succeeds();
        Root.Expect("/etc/new", "/srv/changes", "/var/lib/extensions.mutable");
        string seen = Root.Read("/etc/h");
        try
        {
            Root.WriteMerged("/etc/new", "machine");
        }
        catch (IOException)
        {
            Assert.DoesNotContain("new", merged, StringComparison.Ordinal);
        }

        // The merge's mode counts, not the command's.
        Assert.Equal(merged, Diff("--mutable=no"));
        Root.Bootmerge("explain", "/etc/h").Succeeds().Prints("provides " + provider + ": file ", "/h\n");
        Assert.Equal(routing is "elsewhere" && mode is not "no" ? "machine" : "vendor", seen);
    }

    [Theory]
    [InlineData("immutable", "modified /etc/both.conf|added /etc/hostname",
        "provides upper: file /etc/both.conf\n  hidden   flatcar-defaults")]
    [InlineData("ephemeral", "modified /etc/both.conf|added /etc/hostname|added /etc/new",
        "provides merge: file /etc/both.conf\n  hidden   etc: file /etc/both.conf\n  hidden   flatcar-defaults")]
    public void After_a_fallback_of_boot_the_machines_files_are_known_to_be_on_top(string fallback, string expected,
        string explained)
    {
        Prepare("confext");
        File.WriteAllText(Initramfs + "/cmdline", $"bootmerge.fallback={fallback}\n");
        LibC.Mount("none", Root.Path, null, LibC.MS_REMOUNT | LibC.MS_BIND | LibC.MS_RDONLY);
        Boot().Succeeds().Says($"falling back to an {fallback} merge");
        if (fallback is "ephemeral")
            Root.WriteMerged("/etc/new", "machine");

        Assert.Equal(expected, Diff());
        Root.Bootmerge("explain", "/etc/both.conf").Succeeds().Prints(explained);
        Assert.Equal("machine's", Root.Read("/etc/both.conf"));
        Root.Bootmerge("unmerge").Succeeds();
        LibC.Mount("none", Root.Path, null, LibC.MS_REMOUNT | LibC.MS_BIND);
    }

    [Fact]
    public void A_root_that_is_read_only_can_be_looked_at()
    {
        Root.Route("/etc");
        Root.Extension("vendor", ("f", "vendor"));
        Root.Write("/etc/f", "machine");
        Root.Remember();
        LibC.Mount("none", Root.Path, null, LibC.MS_REMOUNT | LibC.MS_BIND | LibC.MS_RDONLY);

        Assert.Equal("modified /etc/f|added /etc/hostname", Diff());
        Root.Bootmerge("explain", "/etc/f").Succeeds().Prints("provides upper", "hidden   vendor");
        Root.Bootmerge("prune").Fails("read-only file system");
        LibC.Mount("none", Root.Path, null, LibC.MS_REMOUNT | LibC.MS_BIND);
    }

    /// <summary>The lines of diff as "modified /etc/g|added /etc/own", without the word for what differs.</summary>
    private string Diff(params string[] arguments) =>
        string.Join('|', Root.Bootmerge(["--no-legend", "diff", .. arguments])
            .Succeeds().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[..2])));
}
