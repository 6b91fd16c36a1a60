using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using BootMerge.KernelTests.Support;
using Mono.Unix.Native;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>The boot stage where nothing can be written to the machine's /etc.</summary>
public sealed class BootFallbackTests : InitramfsTest
{
    public static TheoryData<string, string> CausesAndFallbacks => new MatrixTheoryData<string, string>(
        ["read-only", "read-only with link", "full", "wrong mode", "no /var"], ["fail", "immutable", "ephemeral"]);

    [Theory]
    [MemberData(nameof(CausesAndFallbacks))]
    public void Where_the_writable_layer_cannot_be_used_the_fallback_decides(string cause, string fallback)
    {
        Prepare("confext", cause is "full" ? "nr_inodes=60" : "");
        File.WriteAllText(Initramfs + "/usr/lib/bootmerge.conf",
            ShippedDefaults.Replace("immutable", fallback, StringComparison.Ordinal));
        string reason = MakeUnwritable(cause);
        List<string> before = Root.State();

        Outcome outcome = Boot();

        Assert.Equal(fallback is "fail" ? 1 : 0, outcome.Status);
        outcome.Says(reason);
        JsonElement report = Report();
        if (fallback is "fail")
        {
            Assert.Equal("failed", report.GetProperty("result").GetString());
            Assert.Contains(reason, report.GetProperty("failure").GetString()!, StringComparison.OrdinalIgnoreCase);
            Assert.Equal(before, Root.State());
            return;
        }

        Assert.Single(outcome.ErrorLines, line =>
            line.Contains("falling back to an " + fallback, StringComparison.Ordinal));
        Assert.Equal(fallback, report.GetProperty("fallback").GetString());
        Assert.Contains(reason, report.GetProperty("fallbackReason").GetString()!, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(("vendor", "machine's", "machine\n"),
            (Root.Read("/etc/vendor.conf"), Root.Read("/etc/both.conf"), Root.Read("/etc/hostname")));
        if (fallback is "immutable")
        {
            Assert.Contains("Read-only file system",
                Assert.Throws<IOException>(() => Root.WriteMerged("/etc/written", "")).Message,
                StringComparison.Ordinal);
        }
        else
        {
            Root.WriteMerged("/etc/written", "thrown away");
            Assert.False(Root.ExistsRaw("/etc/written"));
        }
    }

    [Fact]
    public void The_kernel_command_line_chooses_the_fallback_over_the_file_and_debug_shows_each_step()
    {
        Prepare("confext", commandLine: "bootmerge.fallback=ephemeral bootmerge.log=debug");
        MakeUnwritable("read-only");

        Boot().Succeeds().Says("falling back to an ephemeral");

        Assert.Equal("ephemeral", Report().GetProperty("fallback").GetString());
    }

    [Fact]
    public void In_an_initramfs_messages_go_to_the_kernel_log_with_a_level()
    {
        Prepare("confext");
        MakeUnwritable("read-only");

        // Unlike the real log, a plain file keeps only the last record: so the writes are read from a trace.
        string kernelLog = Initramfs + "/dev/kmsg";
        File.WriteAllText(kernelLog, "");
        string trace = Root.Path + ".strace";
        Outcome.Of("strace", ["-f", "-qq", "-y", "-s", "4096", "-o", trace, "-e", "trace=write", "chroot", Initramfs,
            "/bootmerge", "--root=/sysroot", "boot"]).Succeeds();

        string start = $"<{kernelLog}>, \"";
        string[] lines = [.. File.ReadLines(trace).Where(line => line.Contains(start, StringComparison.Ordinal))
            .Select(line => line[(line.IndexOf(start, StringComparison.Ordinal) + start.Length)..])];
        Assert.All(lines, line => Assert.Matches("^<(27|28|30|31)>bootmerge: ", line));
        Assert.Contains(lines, line => line.StartsWith("<28>", StringComparison.Ordinal)
            && line.Contains("falling back", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("<30>", StringComparison.Ordinal)
            && line.Contains("boot: merged /sysroot/etc", StringComparison.Ordinal)
            && line.Contains(" ms", StringComparison.Ordinal));
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
}
