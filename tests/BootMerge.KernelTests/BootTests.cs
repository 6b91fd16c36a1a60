using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>bootmerge --root=/sysroot boot, where the writable layer can be used.</summary>
public sealed class BootTests : InitramfsTest
{
    private const string Link = "/var/lib/extensions.mutable/etc";

    [Theory]
    [InlineData("bare")]
    [InlineData("confext")]
    [InlineData("symlinked")]
    public void The_vendors_defaults_are_merged_below_the_machines_files_in_each_layout(string layout)
    {
        Prepare(layout);

        Boot().Succeeds().Says("flatcar-defaults", "/sysroot/etc");
        ExpectShownDefaults(layout);

        Assert.Equal("/etc", new FileInfo(Root.Raw + Link).LinkTarget);
        Assert.Equal(("vendor", "machine's", "machine\n"),
            (Root.Read("/etc/vendor.conf"), Root.Read("/etc/both.conf"), Root.Read("/etc/hostname")));
        Assert.Equal("flatcar-defaults\n", Root.Read("/etc/.systemd-confext/confexts"));
        Assert.DoesNotContain("noexec", Assert.Single(Root.Stacks).Options);
        Root.WriteMerged("/etc/written", "by the machine");
        Assert.Equal("by the machine", Root.ReadRaw("/etc/written"));
        Root.Expect("/etc/written");

        JsonElement report = Report();
        Assert.Equal("merged", report.GetProperty("result").GetString());
        Assert.Equal(JsonValueKind.Null, report.GetProperty("fallback").ValueKind);
        Assert.Equal("auto", report.GetProperty("hierarchies")[0].GetProperty("mode").GetString());
        Assert.Equal("flatcar-defaults", report.GetProperty("hierarchies")[0].GetProperty("layers")[0]
            .GetProperty("name").GetString());
        Assert.NotEmpty(report.GetProperty("versions").GetProperty("bootmerge").GetString()!);
        Assert.All(report.GetProperty("milliseconds").EnumerateObject(),
            time => Assert.InRange(time.Value.GetDouble(), 0, 60_000));
        Assert.Equal(0, report.GetProperty("notMerged").GetArrayLength());
    }

    [Theory]
    [InlineData("bare", true)]
    [InlineData("symlinked", true)]
    [InlineData("confext", false)]
    public void What_systemd_would_drop_is_made_visible_to_it_in_run(string layout, bool isShown)
    {
        Prepare(layout);

        Boot().Succeeds();
        ExpectShownDefaults(layout);

        // This moves to the new root at switch-root. systemd-confext reads it below NAME/etc, in real directories.
        string shown = Initramfs + "/run/confexts/flatcar-defaults";
        Assert.Equal(isShown, Files.Exists(shown));
        if (!isShown)
            return;
        string etc = new FileInfo(shown).LinkTarget is string target ? Root.Path + target + "/etc" : shown + "/etc";
        Assert.Equal("vendor", File.ReadAllText(etc + "/vendor.conf"));
        Assert.Contains("ID=", File.ReadAllText(etc + "/extension-release.d/extension-release.flatcar-defaults"),
            StringComparison.Ordinal);
        Assert.Null(new FileInfo(etc).LinkTarget);
        string path = JsonDocument.Parse(Root.Read("/etc/.systemd-confext/origin")).RootElement.GetProperty(
            "extensions").GetProperty("flatcar-defaults").GetProperty("path").GetString()!;
        Assert.Equal(new FileInfo(shown).LinkTarget ?? "/run/confexts/flatcar-defaults", path);
    }

    [Theory]
    [InlineData("bare")]
    [InlineData("confext")]
    [InlineData("symlinked")]
    public void Booting_again_is_safe_and_changes_nothing(string layout)
    {
        Prepare(layout);
        Boot().Succeeds();
        ExpectShownDefaults(layout);
        ulong stack = LibC.UniqueMountId(Root.Etc);
        List<string> state = Root.State();
        List<string> run = [.. MountTable.Under(Initramfs + "/run").Select(mount => mount.Description)];

        Boot().Succeeds();

        Assert.Equal(stack, LibC.UniqueMountId(Root.Etc));
        Assert.Equal(state, Root.State());
        Assert.Equal(run, MountTable.Under(Initramfs + "/run").Select(mount => mount.Description));
        Assert.Equal("merged", Report().GetProperty("result").GetString());
    }

    [Fact]
    public void Outside_of_an_initramfs_nothing_is_touched_but_the_root_and_run_bootmerge()
    {
        Prepare("bare");
        Root.Write("/usr/lib/bootmerge.conf", ShippedDefaults);

        Root.Bootmerge("boot").Succeeds();

        Assert.Equal(["bootmerge"], Files.List("/run"));
        Assert.Equal("vendor", Root.Read("/etc/vendor.conf"));
        using JsonDocument report = JsonDocument.Parse(File.ReadAllText("/run/bootmerge/boot.json"));
        Assert.Equal(Root.Path, report.RootElement.GetProperty("root").GetString());
    }

    [Theory]
    [InlineData("refused")]
    [InlineData("named elsewhere")]
    public void A_required_extension_that_is_not_merged_means_failed_and_nothing_is_merged(string why)
    {
        Prepare("confext");
        if (why is "refused")
            Root.Write("/usr/lib/confexts/flatcar-defaults/etc/extension-release.d/extension-release.flatcar-defaults",
                "ID=another\n");
        else
            Root.Write("/etc/bootmerge.conf", "[BootMerge]\nRequireExtension=site\n");
        Remember();
        List<string> before = Root.State();

        Boot().Fails(why is "refused" ? "flatcar-defaults" : "site", "required");

        Assert.Equal(before, Root.State());
        Assert.Equal("failed", Report().GetProperty("result").GetString());
        Assert.Contains("required", Report().GetProperty("failure").GetString()!, StringComparison.Ordinal);
        if (why is "refused")
            Assert.Contains("another", Assert.Single(Report().GetProperty("notMerged").EnumerateArray())
                .GetProperty("reason").GetString()!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/etc/bootmerge.conf", "zero byte")]
    [InlineData("/etc/systemd/confext.conf", "fifo")]
    [InlineData("/usr/lib/bootmerge.conf.d/50-bad.conf", "loop")]
    [InlineData("/etc/bootmerge.conf", "huge")]
    [InlineData("/usr/lib/bootmerge.conf.d", "loop")]
    [InlineData("/etc/systemd/confext.conf.d", "loop")]
    public void A_machine_comes_up_although_a_configuration_file_is_rubbish(string path, string kind)
    {
        Prepare("confext");
        Root.MakeBad(path, kind, "");

        Outcome outcome = Boot().Succeeds();

        Assert.Single(outcome.ErrorLines, line => line.Contains(path, StringComparison.Ordinal));
        Assert.Equal(("vendor", "machine's"), (Root.Read("/etc/vendor.conf"), Root.Read("/etc/both.conf")));
        File.Delete(Root.Path + path); // only boot ignores it
    }

    [Fact]
    public void The_shipped_requirement_does_not_hold_for_a_root_without_the_vendors_defaults()
    {
        Prepare("none");

        Boot().Succeeds();

        Assert.Equal("machine\n", Root.Read("/etc/hostname"));
        Root.WriteMerged("/etc/written", "by the machine");
        Assert.Equal("by the machine", Root.ReadRaw("/etc/written"));
        Root.Expect("/etc/written");
    }

    [Theory]
    [InlineData("root=LABEL=ROOT bootmerge=0 quiet")]
    [InlineData("bootmerge=1 bootmerge=no")]
    [InlineData("systemd.confext=0")]
    public void Switched_off_on_the_kernel_command_line_it_leaves_everything_alone(string commandLine)
    {
        Prepare("bare", commandLine: commandLine);
        List<string> before = Root.State();

        Boot().Succeeds().Says(commandLine.Contains("systemd", StringComparison.Ordinal)
            ? "systemd.confext" : "bootmerge=0");

        Assert.Equal(before, Root.State());
        Assert.Equal(["bootmerge"], Files.List(Initramfs + "/run"));
        Assert.Equal("switched off", Report().GetProperty("result").GetString());
    }

    [Theory]
    [InlineData("bootmerge.mutable=import", "ro", "machine's")]
    [InlineData("bootmerge.mutable=\"no\"", "ro", "vendor")]
    [InlineData("bootmerge.mutable=no bootmerge.mutable=auto", "rw", "machine's")]
    [InlineData("bootmerge.mutable=nonsense", "rw", "machine's")]
    public void The_kernel_command_line_chooses_the_mode(string commandLine, string flag, string both)
    {
        Prepare("confext", commandLine: commandLine);
        Root.Route("/etc");

        Boot().Succeeds();

        Assert.Contains(flag, Assert.Single(Root.Stacks).Options);
        Assert.Equal(both, Root.Read("/etc/both.conf"));
    }

    [Fact]
    public void A_routing_entry_that_is_there_already_is_left_alone()
    {
        Prepare("confext");
        Root.Expect("/srv");
        Root.MakeDirectory("/srv/changes");
        Root.Route("/srv/changes");

        Boot().Succeeds();

        Assert.Equal("/srv/changes", new FileInfo(Root.Raw + Link).LinkTarget);
        Root.WriteMerged("/etc/written", "by the machine");
        Assert.Equal("by the machine", Root.ReadRaw("/srv/changes/written"));
        Root.Expect("/srv/changes/written");
    }

    [Theory]
    [InlineData("fail", "auto")]
    [InlineData("immutable", "no")]
    [InlineData("ephemeral", "ephemeral")]
    public void A_refresh_after_the_boot_keeps_what_the_boot_chose(string fallback, string mode)
    {
        Prepare("confext");
        Root.Expect("/var/lib/extensions.mutable", "/var/lib/confexts");
        if (fallback is not "fail")
            Root.Write("/var/lib/extensions.mutable/etc", "no directory");
        File.WriteAllText(Initramfs + "/usr/lib/bootmerge.conf", ShippedDefaults + "Fallback=" + fallback + "\n");
        Boot().Succeeds();
        Root.Extension("more", ("more.conf", "more"));

        Root.Bootmerge("refresh").Succeeds();

        Assert.Equal(("machine's", "vendor", "more"),
            (Root.Read("/etc/both.conf"), Root.Read("/etc/vendor.conf"), Root.Read("/etc/more.conf")));
        Assert.DoesNotContain("noexec", Assert.Single(Root.Stacks).Options);
        Assert.Contains($"\"mode\":\"{mode}\"", Root.Read("/etc/.systemd-confext/origin"), StringComparison.Ordinal);
        Root.Bootmerge("refresh").Succeeds().Says("no change");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Where_nothing_is_routed_a_boot_merges_only_what_a_sysext_fills_and_tells_systemd_no(bool hasSysext)
    {
        Prepare("confext");
        File.WriteAllText(Initramfs + "/usr/lib/bootmerge.conf", ShippedDefaults + "Class=all\n");
        Root.MakeDirectory("/opt");
        // This setting does not count: systemd's refresh with auto would fail at an empty /opt.
        Root.Write("/usr/lib/systemd/sysext.conf", "[SysExt]\nMutable=auto\n");
        if (hasSysext)
        {
            Root.Write("/var/lib/extensions/tools/usr/lib/extension-release.d/extension-release.tools", "ID=_any\n");
            Root.Write("/var/lib/extensions/tools/usr/bin/tool", "tool");
        }

        Boot().Succeeds();

        Assert.Empty(MountTable.At(Root.Path + "/opt"));
        Assert.Equal(hasSysext ? 1 : 0, MountTable.At(Root.Path + "/usr").Count(mount => mount.Type is "overlay"));
        string published = Initramfs + "/run/systemd/sysext.conf.d/99-bootmerge.conf";
        Assert.Equal(hasSysext, File.Exists(published) && File.ReadAllText(published)
            .Contains("Mutable=no", StringComparison.Ordinal));
        if (hasSysext)
        {
            Assert.Contains("\"mode\":\"no\"", Root.Read("/usr/.systemd-sysext/origin"), StringComparison.Ordinal);
            Boot().Succeeds().Says("Nothing changed");
        }

        Root.Bootmerge("--class=all", "unmerge").Succeeds();
    }

    [Fact]
    public void An_extension_that_does_not_fit_is_in_the_report_with_its_reason_and_the_others_are_merged()
    {
        Prepare("confext");
        Root.Extension("old", ("old.conf", "old"));
        Root.Write("/var/lib/confexts/old/etc/extension-release.d/extension-release.old",
            "ID=flatcar\nVERSION_ID=41\n");

        Boot().Succeeds();

        JsonElement rejected = Assert.Single(Report().GetProperty("notMerged").EnumerateArray());
        Assert.Equal(("old", "VERSION_ID=41, the system has 4000.1.0"),
            (rejected.GetProperty("name").GetString(), rejected.GetProperty("reason").GetString()));
        Assert.Equal("vendor", Root.Read("/etc/vendor.conf"));
    }

    /// <summary>
    /// Defaults that are not an extension are covered by a read-only overlay, which adds a release file for systemd.
    /// </summary>
    private void ExpectShownDefaults(string layout)
    {
        if (layout is not "bare")
            return;
        Root.ExpectMount("/usr/share/flatcar");
        Assert.Contains("ro", Assert.Single(MountTable.At(Root.Path + "/usr/share/flatcar")).Options);
        Assert.Equal("vendor", Root.Read("/usr/share/flatcar/etc/vendor.conf"));
    }
}
