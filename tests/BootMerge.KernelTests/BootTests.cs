using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using BootMerge.KernelTests.Support;
using Mono.Unix.Native;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>
/// The boot stage as in an initramfs: a chroot with the binary, an initrd-release, the defaults that the dracut module
/// ships, /proc, /run, and the root at /sysroot.
/// </summary>
public sealed class BootTests : KernelTest
{
    private const string ShippedDefaults = "[BootMerge]\nNoExec=no\nFallback=immutable\nRouteEtc=yes\nRequireExtension=flatcar-defaults\n";
    private const string Link = "/var/lib/extensions.mutable/etc";

    private string Initramfs => Path.GetDirectoryName(Root.Path)!;

    [Theory]
    [InlineData("bare")]
    [InlineData("confext")]
    [InlineData("symlinked")]
    public void The_vendors_defaults_are_merged_below_the_machines_files_in_each_layout(string layout)
    {
        Prepare(layout);

        Boot().Succeeds().Says("flatcar-defaults", "/sysroot/etc");

        Assert.Equal("/etc", new FileInfo(Root.Raw + Link).LinkTarget);
        Assert.Equal(("vendor", "machine's", "machine\n"), (Root.Read("/etc/vendor.conf"), Root.Read("/etc/both.conf"), Root.Read("/etc/hostname")));
        Assert.Equal("flatcar-defaults\n", Root.Read("/etc/.systemd-confext/confexts"));
        Assert.DoesNotContain("noexec", Assert.Single(Root.Stacks).Options);
        Root.WriteMerged("/etc/written", "by the machine");
        Assert.Equal("by the machine", Root.ReadRaw("/etc/written"));
        Root.Expect("/etc/written");

        JsonElement report = Report();
        Assert.Equal("merged", report.GetProperty("result").GetString());
        Assert.Equal(JsonValueKind.Null, report.GetProperty("fallback").ValueKind);
        Assert.Equal("auto", report.GetProperty("hierarchies")[0].GetProperty("mode").GetString());
        Assert.Equal("flatcar-defaults", report.GetProperty("hierarchies")[0].GetProperty("layers")[0].GetProperty("name").GetString());
        Assert.NotEmpty(report.GetProperty("versions").GetProperty("bootmerge").GetString()!);
        Assert.All(report.GetProperty("milliseconds").EnumerateObject(), time => Assert.InRange(time.Value.GetDouble(), 0, 60_000));
        Assert.Equal(0, report.GetProperty("rejected").GetArrayLength());
    }

    [Theory]
    [InlineData("bare", true)]
    [InlineData("symlinked", true)]
    [InlineData("confext", false)]
    public void What_systemd_would_drop_is_made_visible_to_it_in_run(string layout, bool isShown)
    {
        Prepare(layout);

        Boot().Succeeds();

        // What moves to the new root at switch-root, as systemd-confext reads it: below NAME/etc, in real directories.
        string shown = Initramfs + "/run/confexts/flatcar-defaults";
        Assert.Equal(isShown, Files.Exists(shown));
        if (!isShown)
            return;
        string etc = new FileInfo(shown).LinkTarget is string target ? Root.Path + target + "/etc" : shown + "/etc";
        Assert.Equal("vendor", File.ReadAllText(etc + "/vendor.conf"));
        Assert.Contains("ID=", File.ReadAllText(etc + "/extension-release.d/extension-release.flatcar-defaults"), StringComparison.Ordinal);
        Assert.Null(new FileInfo(etc).LinkTarget);
        string path = JsonDocument.Parse(Root.Read("/etc/.systemd-confext/origin")).RootElement.GetProperty("extensions").GetProperty("flatcar-defaults").GetProperty("path").GetString()!;
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
    //          cause           fallback     exit
    [InlineData("read-only",    "fail",      1)]
    [InlineData("read-only",    "immutable", 0)]
    [InlineData("read-only",    "ephemeral", 0)]
    [InlineData("read-only with link", "fail",      1)]
    [InlineData("read-only with link", "immutable", 0)]
    [InlineData("read-only with link", "ephemeral", 0)]
    [InlineData("full",         "fail",      1)]
    [InlineData("full",         "immutable", 0)]
    [InlineData("full",         "ephemeral", 0)]
    [InlineData("wrong mode",   "fail",      1)]
    [InlineData("wrong mode",   "immutable", 0)]
    [InlineData("wrong mode",   "ephemeral", 0)]
    [InlineData("no /var",      "fail",      1)]
    [InlineData("no /var",      "immutable", 0)]
    [InlineData("no /var",      "ephemeral", 0)]
    public void Where_the_writable_layer_cannot_be_used_the_fallback_decides(string cause, string fallback, int status)
    {
        Prepare("confext", cause is "full" ? "nr_inodes=60" : "");
        File.WriteAllText(Initramfs + "/usr/lib/bootmerge.conf", ShippedDefaults.Replace("immutable", fallback, StringComparison.Ordinal));
        string reason = MakeUnwritable(cause);
        List<string> before = Root.State();

        Outcome outcome = Boot();

        Assert.Equal(status, outcome.Status);
        outcome.Says(reason);
        JsonElement report = Report();
        if (status == 1)
        {
            Assert.Equal("failed", report.GetProperty("result").GetString());
            Assert.Equal(before, Root.State());
            return;
        }

        Assert.Single(outcome.ErrorLines, line => line.Contains("falling back to an " + fallback, StringComparison.Ordinal));
        Assert.Equal(fallback, report.GetProperty("fallback").GetString());
        Assert.Contains(reason, report.GetProperty("fallbackReason").GetString()!, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(("vendor", "machine's", "machine\n"), (Root.Read("/etc/vendor.conf"), Root.Read("/etc/both.conf"), Root.Read("/etc/hostname")));
        if (fallback is "immutable")
        {
            Assert.Contains("Read-only file system", Assert.Throws<IOException>(() => Root.WriteMerged("/etc/written", "")).Message, StringComparison.Ordinal);
        }
        else
        {
            Root.WriteMerged("/etc/written", "thrown away");
            Assert.False(Root.ExistsRaw("/etc/written"));
        }
    }

    [Theory]
    [InlineData("refused")]
    [InlineData("named elsewhere")]
    public void A_required_extension_that_is_not_merged_means_failed_and_nothing_is_merged(string why)
    {
        Prepare("confext");
        if (why is "refused")
            Root.Write("/usr/lib/confexts/flatcar-defaults/etc/extension-release.d/extension-release.flatcar-defaults", "ID=another\n");
        else
            Root.Write("/etc/bootmerge.conf", "[BootMerge]\nRequireExtension=site\n");
        Remember();
        List<string> before = Root.State();

        Boot().Fails(why is "refused" ? "flatcar-defaults" : "site", "required");

        Assert.Equal(before, Root.State());
        Assert.Equal("failed", Report().GetProperty("result").GetString());
        if (why is "refused")
            Assert.Contains("another", Assert.Single(Report().GetProperty("rejected").EnumerateArray()).GetProperty("reason").GetString()!, StringComparison.Ordinal);
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

        Boot().Succeeds().Says(commandLine.Contains("systemd", StringComparison.Ordinal) ? "systemd.confext" : "bootmerge=0");

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
    public void The_kernel_command_line_chooses_the_fallback_over_the_file_and_debug_shows_each_step()
    {
        Prepare("confext", commandLine: "bootmerge.fallback=ephemeral bootmerge.log=debug");
        MakeUnwritable("read-only");

        Boot().Succeeds().Says("falling back to an ephemeral", "merge took");

        Assert.Equal("ephemeral", Report().GetProperty("fallback").GetString());
    }

    [Fact]
    public void In_an_initramfs_messages_go_to_the_kernel_log_with_a_level()
    {
        Prepare("confext");
        MakeUnwritable("read-only");

        // A fifo: as with the real one each write is a message, and none overwrites another.
        string kernelLog = Initramfs + "/dev/kmsg";
        Files.MakeFifo(kernelLog);
        byte[] messages = new byte[65536];
        int length;
        using (FileStream reader = new(kernelLog, FileMode.Open, FileAccess.ReadWrite))
        {
            Boot().Succeeds();
            length = reader.Read(messages);
        }

        string[] lines = Encoding.UTF8.GetString(messages, 0, length).Replace(">bootmerge: ", ">\n", StringComparison.Ordinal).Split('<')[1..];
        Assert.All(lines, line => Assert.Matches(@"^(27|28|30|31)>\n", line));
        Assert.Contains(lines, line => line.StartsWith("28>", StringComparison.Ordinal) && line.Contains("falling back", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("30>", StringComparison.Ordinal) && line.Contains("boot: merged /sysroot/etc", StringComparison.Ordinal) && line.Contains(" ms", StringComparison.Ordinal));
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

    [Fact]
    public void An_extension_that_does_not_fit_is_in_the_report_with_its_reason_and_the_others_are_merged()
    {
        Prepare("confext");
        Root.Extension("old", ("old.conf", "old"));
        Root.Write("/var/lib/confexts/old/etc/extension-release.d/extension-release.old", "ID=flatcar\nVERSION_ID=41\n");

        Boot().Succeeds();

        JsonElement rejected = Assert.Single(Report().GetProperty("rejected").EnumerateArray());
        Assert.Equal(("old", "VERSION_ID=41, the system has 4000.1.0"), (rejected.GetProperty("name").GetString(), rejected.GetProperty("reason").GetString()));
        Assert.Equal("vendor", Root.Read("/etc/vendor.conf"));
    }

    /// <summary>The root and around it the initramfs; /etc has both.conf that the vendor ships, too.</summary>
    private void Prepare(string layout, string rootOptions = "", string commandLine = "quiet")
    {
        RootOn("tmpfs", "initramfs/sysroot", rootOptions);
        Root.Write("/etc/both.conf", "machine's");
        (string directory, string? link) = layout switch
        {
            "bare" => ("/usr/share/flatcar/etc", null),
            "symlinked" => ("/usr/share/flatcar/etc", "/usr/lib/confexts/flatcar-defaults/etc"),
            "confext" => ("/usr/lib/confexts/flatcar-defaults/etc", (string?)null),
            _ => ("/usr/share/nothing", null),
        };
        Root.Write(directory + "/vendor.conf", "vendor");
        Root.Write(directory + "/both.conf", "vendor");
        if (layout is "confext" or "symlinked")
            Root.Write(directory + "/extension-release.d/extension-release.flatcar-defaults", "ID=_any\n");
        if (link is not null)
            Root.Symlink(link, "../../../share/flatcar/etc");

        foreach (string name in new[] { "etc", "usr/lib", "proc", "run", "dev" })
            Directory.CreateDirectory($"{Initramfs}/{name}");
        File.Copy(Workplace.Binary, Initramfs + "/bootmerge");
        File.WriteAllText(Initramfs + "/etc/initrd-release", "ID=initrd\n");
        File.WriteAllText(Initramfs + "/usr/lib/bootmerge.conf", ShippedDefaults);
        File.WriteAllText(Initramfs + "/cmdline", commandLine + "\n");
        LibC.Mount("none", Initramfs + "/proc", "proc");
        LibC.Mount(Initramfs + "/cmdline", Initramfs + "/proc/cmdline", null, LibC.MS_BIND);
        LibC.Mount("none", Initramfs + "/run", "tmpfs");
        Remember();
    }

    private void Remember()
    {
        Root.Remember();
        Root.Expect("/var/lib/extensions.mutable");
    }

    /// <returns>A piece of the reason that must be given.</returns>
    private string MakeUnwritable(string cause)
    {
        switch (cause)
        {
            case "read-only":
                LibC.Mount("none", Root.Path, null, LibC.MS_REMOUNT | LibC.MS_RDONLY);
                return "Read-only file system";
            case "read-only with link":
                Root.Route("/etc");
                LibC.Mount("none", Root.Path, null, LibC.MS_REMOUNT | LibC.MS_RDONLY);
                return "Read-only file system";
            case "full":
                Root.Route("/etc");
                for (int i = 0; Syscall.mkdir($"{Root.Raw}/filler-{i}", FilePermissions.S_IRWXU) == 0; i++)
                    Root.Expect($"/filler-{i}");
                return "No space left";
            case "wrong mode":
                Root.Expect("/srv");
                Root.MakeDirectory("/srv/changes");
                Files.ChangeMode(Root.Raw + "/srv/changes", "0700");
                Root.Route("/srv/changes");
                return "0700";
            default:
                Root.Remove("/var");
                return "/var";
        }
    }

    private Outcome Boot() => Outcome.Of("chroot", [Initramfs, "/bootmerge", "--root=/sysroot", "boot"]);

    private JsonElement Report()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Initramfs + "/run/bootmerge/boot.json"));
        return document.RootElement.Clone();
    }
}
