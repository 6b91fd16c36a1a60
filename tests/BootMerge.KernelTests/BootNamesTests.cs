using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>
/// Flatcar's defaults have had two names and a directory. However many of these exist, boot merges them as one.
/// </summary>
public sealed class BootNamesTests : InitramfsTest
{
    [Theory]
    [InlineData("flatcar", "flatcar-default")]
    [InlineData("flatcar, symlinked", "flatcar-default")]
    [InlineData("alias", "flatcar-default")]
    [InlineData("alias, reversed", "flatcar-defaults")]
    [InlineData("confext", "flatcar-defaults")]
    [InlineData("another vendor", "acme-base")]
    public void The_extension_in_which_the_defaults_lie_is_merged_alone(string layout, string merged)
    {
        Prepare(layout);

        Boot().Succeeds();

        Assert.Equal(merged + "\n", Root.Read("/etc/.systemd-confext/confexts"));
        Assert.Equal(("vendor", "machine's"), (Root.Read("/etc/vendor.conf"), Root.Read("/etc/both.conf")));
        Assert.Equal(merged, Assert.Single(Report().GetProperty("hierarchies")[0].GetProperty("layers")
            .EnumerateArray(), layer => layer.GetProperty("kind").GetString() is "extension")
            .GetProperty("name").GetString());
        // systemd sees the same extension. Boot makes an entry for it only if etc leads out of the extension.
        Assert.Equal(layout is "flatcar, symlinked", Files.Exists(Initramfs + "/run/confexts/" + merged));
        Boot().Succeeds().Says("Nothing changed");
        Root.Bootmerge("status").Succeeds().Prints(merged);
    }

    [Theory]
    [InlineData("flatcar-default")]
    [InlineData("flatcar-defaults")]
    public void A_mask_of_either_name_also_masks_the_bare_directory(string name)
    {
        Prepare("bare");
        Root.MakeDirectory("/var/lib/confexts/" + name);
        Root.Expect("/var/lib/confexts");

        Boot().Fails("The required extension 'flatcar-default' or 'flatcar-defaults' is not merged",
            name, "masks the name");

        Assert.Empty(Root.Stacks);
    }

    [Theory]
    [InlineData("acme-base", "", true)]
    [InlineData("acme-base other", "", true)]
    [InlineData("other  acme-base", "", true)]
    [InlineData("flatcar-default flatcar-defaults", "", true)] // this root has neither name, but the directory
    [InlineData("other", "other", false)]
    [InlineData("", "other another", false)]
    public void A_requirement_is_met_by_any_of_its_names(string initramfs, string root, bool isMet)
    {
        Prepare("another vendor");
        File.WriteAllText(Initramfs + "/usr/lib/bootmerge.conf",
            $"[BootMerge]\nRouteEtc=yes\nRequireExtension={initramfs}\n");
        if (root.Length > 0)
            Root.Write("/usr/lib/bootmerge.conf", "[BootMerge]\nRequireExtension=" + root + "\n");
        if (initramfs.StartsWith("flatcar", StringComparison.Ordinal))
            Root.Remove("/usr/share/flatcar/etc");

        Outcome outcome = Boot();

        Assert.True(isMet == (outcome.Status == 0), outcome.ToString());
        Assert.Equal(isMet ? 1 : 0, Root.Stacks.Count);
        Assert.Equal(isMet ? "merged" : "failed", Report().GetProperty("result").GetString());
    }

    /// <summary>One line in the initramfs is enough for a vendor of another name.</summary>
    [Theory]
    [InlineData("acme-base")]
    [InlineData(".host")]
    public void An_extension_that_only_the_initramfs_requires_must_fit_where_it_is_there(string name)
    {
        Prepare("none");
        File.AppendAllText(Initramfs + "/usr/lib/bootmerge.conf", "RequireExtension=" + name + "\n");
        Boot().Succeeds();
        Root.Bootmerge("unmerge").Succeeds();
        Root.Extension(name, ("base.conf", "base"));
        Root.Expect("/var/lib/confexts");

        Boot().Succeeds();
        Assert.Equal("base", Root.Read("/etc/base.conf"));
        Root.Bootmerge("unmerge").Succeeds();

        Root.Write("/var/lib/confexts/" + name + "/etc/extension-release.d/extension-release." + name, "ID=other\n");
        Boot().Fails("The required extension '" + name + "' is not merged: ID=other");
        Assert.Empty(Root.Stacks);
    }

    [Theory]
    [InlineData("import", "file")]
    [InlineData("ephemeral-import", "file")]
    [InlineData("import", "kernel command line")]
    [InlineData("ephemeral-import", "kernel command line")]
    [InlineData("import", "read-only disk")]
    [InlineData("ephemeral-import", "read-only disk")]
    public void One_line_makes_etc_read_only_or_forgetful_with_the_machines_files_on_top(string mode, string where)
    {
        Prepare("flatcar", commandLine: where is "kernel command line" ? "bootmerge.mutable=" + mode : "quiet");
        if (where is not "kernel command line")
            Root.Write("/etc/systemd/confext.conf", "[ConfExt]\nMutable=" + mode + "\n");
        if (where is "read-only disk")
            Remount(LibC.MS_RDONLY);

        Boot().Succeeds();

        Assert.Equal(("vendor", "machine's", "machine\n"),
            (Root.Read("/etc/vendor.conf"), Root.Read("/etc/both.conf"), Root.Read("/etc/hostname")));
        JsonElement report = Report();
        Assert.Equal(mode, report.GetProperty("hierarchies")[0].GetProperty("mode").GetString());
        Assert.Equal(JsonValueKind.Null, report.GetProperty("fallback").ValueKind);
        if (mode is "import")
            Assert.Contains("ro", Assert.Single(Root.Stacks).Options);
        else
            Root.WriteMerged("/etc/written", "thrown away");
        Assert.False(Root.ExistsRaw("/etc/written"));
        // systemd's refresh refuses the real mode: it would take the merge away and fail. This mode works.
        Assert.Contains(mode is "import" ? "\"mode\":\"no\"" : "\"mode\":\"ephemeral\"",
            Root.Read("/etc/.systemd-confext/origin"), StringComparison.Ordinal);
        Boot().Succeeds().Says("Nothing changed");
        string published = Initramfs + "/run/systemd/confext.conf.d/99-bootmerge.conf";
        if (where is not "kernel command line")
            Assert.Contains(mode is "import" ? "Mutable=no\n" : "Mutable=ephemeral\n", File.ReadAllText(published),
                StringComparison.Ordinal);
        else
            Root.Bootmerge("refresh", "--always-refresh=yes").Succeeds();
        Assert.Equal("machine's", Root.Read("/etc/both.conf"));
        if (where is "read-only disk")
            Remount(0);
    }

    private void Remount(ulong flag) => LibC.Mount("none", Root.Path, null, LibC.MS_REMOUNT | flag);
}
