using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>
/// boot before Ignition and after it: the second run takes up what Ignition brought, and no program notices.
/// </summary>
public sealed class BootTwiceTests : InitramfsTest
{
    [Theory]
    [InlineData("flatcar")]
    [InlineData("symlinked")]
    [InlineData("bare")]
    public async Task The_second_run_takes_up_what_came_while_readers_and_writers_go_on(string layout)
    {
        Prepare(layout);
        File.AppendAllText(Initramfs + "/usr/lib/bootmerge.conf", "Class=all\n");
        Root.Write("/etc/equal.conf", "vendor");
        Root.Expect("/etc", "/run", "/srv", "/var/lib");
        Boot().Succeeds();
        ExpectShown(layout);

        // Ignition reads the defaults, writes files, and adds extensions and links.
        Assert.Equal("vendor", Root.Read("/etc/vendor.conf"));
        Root.WriteMerged("/etc/both.conf", "ignition's");
        Root.WriteMerged("/etc/vendor.conf", "vendor");
        File.Delete(Root.Etc + "/hostname");
        Directory.CreateDirectory(Root.Etc + "/extensions");
        Root.Write("/srv/tool/usr/lib/extension-release.d/extension-release.tool", "ID=_any\n");
        Root.Write("/srv/tool/usr/bin/tool", "tool");
        File.CreateSymbolicLink(Root.Etc + "/extensions/tool", "/srv/tool");
        Root.Extension("site", ("site.conf", "site"), ("both.conf", "site"));
        using StreamWriter held = new(Root.Etc + "/held") { AutoFlush = true };
        await held.WriteAsync("before ");
        List<string> missed = [];
        List<string> written = [];
        int reads = 0;
        using CancellationTokenSource end = new();
        Task reader = Task.Run(() =>
        {
            while (!end.IsCancellationRequested)
                foreach (string path in new[] { "/etc/vendor.conf", "/etc/both.conf", "/usr/lib/os-release" })
                    if (reads++ >= 0 && !Root.Exists(path))
                        missed.Add($"{path} in read {reads}");
        }, TestContext.Current.CancellationToken);
        Task writer = Task.Run(() =>
        {
            for (int i = 0; !end.IsCancellationRequested; i++)
            {
                string path = "/etc/written-" + i;
                File.WriteAllText(Root.Path + path, path);
                written.Add(path);
            }
        }, TestContext.Current.CancellationToken);

        Boot().Succeeds();

        await Task.Delay(100, TestContext.Current.CancellationToken);
        await end.CancelAsync();
        await reader;
        await writer;
        await held.WriteAsync("after");
        Assert.Empty(missed);
        Assert.True(reads > 100, $"{reads} reads prove little");
        Assert.True(written.Count > 10, $"{written.Count} writes prove little");
        Assert.All(written, path => Assert.Equal((path, path), (Root.Read(path), Root.ReadRaw(path))));
        Assert.Equal(("site", "ignition's", "tool"),
            (Root.Read("/etc/site.conf"), Root.Read("/etc/both.conf"), Root.Read("/usr/bin/tool")));
        Assert.False(Root.Exists("/etc/hostname"));
        Assert.Equal(("before after", "before after"), (Root.Read("/etc/held"), Root.ReadRaw("/etc/held")));
        // It equals the vendor's file but is in use: the next boot prunes it.
        Assert.True(Root.ExistsRaw("/etc/vendor.conf"));

        JsonElement report = Report();
        Assert.Equal(("merged", true), (report.GetProperty("result").GetString(),
            report.GetProperty("changed").GetBoolean()));
        Assert.Equal(JsonValueKind.Null, report.GetProperty("pruned").ValueKind);
        Assert.Equal(["/etc", "/usr"], Hierarchies(report));
        JsonElement first = Assert.Single(report.GetProperty("earlierRuns").EnumerateArray());
        Assert.Equal(JsonValueKind.Object, first.GetProperty("pruned").ValueKind);
        Assert.Equal(["/etc"], Hierarchies(first));
        Assert.False(first.TryGetProperty("earlierRuns", out _));

        // A third run has nothing to do, and says so.
        ulong stack = LibC.UniqueMountId(Root.Etc);
        Boot().Succeeds().Says("Nothing changed", "boot: merged before");
        Assert.Equal(stack, LibC.UniqueMountId(Root.Etc));
        report = Report();
        Assert.False(report.GetProperty("changed").GetBoolean());
        Assert.Equal([true, true], report.GetProperty("earlierRuns").EnumerateArray()
            .Select(run => run.GetProperty("changed").GetBoolean()));
        held.Close();
        Root.Bootmerge("--class=all", "unmerge").Succeeds();
    }

    [Fact]
    public void Of_many_runs_the_first_and_the_last_ones_are_reported()
    {
        Prepare("flatcar");

        for (int i = 0; i < 13; i++)
            Boot().Succeeds();

        Assert.Equal([true, .. Enumerable.Repeat(false, 8)], Report().GetProperty("earlierRuns").EnumerateArray()
            .Select(run => run.GetProperty("changed").GetBoolean()));
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("[1,2]")]
    [InlineData("symlink")]
    [InlineData("huge")]
    public void What_is_not_a_report_is_not_an_earlier_run(string what)
    {
        Prepare("flatcar");
        string path = Initramfs + "/run/bootmerge/boot.json";
        Directory.CreateDirectory(Initramfs + "/run/bootmerge");
        if (what is "symlink")
            File.CreateSymbolicLink(path, "/etc/initrd-release");
        else
            File.WriteAllText(path, what is "huge" ? "{\"a\":\"" + new string('a', 1 << 20) + "\"}" : what);

        Boot().Succeeds();

        Assert.Empty(Report().GetProperty("earlierRuns").EnumerateArray());
        Assert.Null(new FileInfo(path).LinkTarget);
        Assert.Equal("ID=initrd\n", File.ReadAllText(Initramfs + "/etc/initrd-release"));
    }

    /// <summary>Ignition may have broken something: the machine still comes up, as writable as before.</summary>
    [Theory]
    [InlineData("immutable")]
    [InlineData("fail")]
    public void A_second_run_that_cannot_write_keeps_the_writable_merge(string fallback)
    {
        Prepare("flatcar");
        File.AppendAllText(Initramfs + "/usr/lib/bootmerge.conf", "Fallback=" + fallback + "\n");
        Boot().Succeeds();
        Root.Extension("site", ("site.conf", "site"));
        Root.Expect("/var/lib", "/etc", "/run");
        Root.Remove("/var/lib/extensions.mutable/etc");
        Root.Write("/var/lib/extensions.mutable/etc", "no directory");
        ulong stack = LibC.UniqueMountId(Root.Etc);

        Boot().Succeeds().Says("The merge of an earlier run stays as it is, without what came since",
            "not a directory");

        Assert.Equal(stack, LibC.UniqueMountId(Root.Etc));
        Root.WriteMerged("/etc/written", "written");
        Assert.Equal("written", Root.ReadRaw("/etc/written"));
        JsonElement report = Report();
        Assert.Equal(("kept", false), (report.GetProperty("result").GetString(),
            report.GetProperty("changed").GetBoolean()));
        Assert.Contains("not a directory", report.GetProperty("failure").GetString()!, StringComparison.Ordinal);
        Assert.Equal("merged", report.GetProperty("earlierRuns")[0].GetProperty("result").GetString());

        // Once that is repaired, the next run merges the new extension.
        Root.Remove("/var/lib/extensions.mutable/etc");
        Boot().Succeeds();
        Assert.Equal("site", Root.Read("/etc/site.conf"));
    }

    /// <summary>A new merge would have an empty upper layer.</summary>
    [Theory]
    [InlineData("fallback", true)]
    [InlineData("fallback", false)]
    [InlineData("ephemeral", false)]
    [InlineData("ephemeral-import", false)]
    public void What_was_written_to_memory_survives_the_second_run(string how, bool becomesWritable)
    {
        Prepare("flatcar",
            commandLine: how is "fallback" ? "bootmerge.fallback=ephemeral" : "bootmerge.mutable=" + how);
        Root.MakeDirectory("/run/confexts");
        Root.Expect("/run/confexts", "/var/lib/extensions.mutable", "/var/lib/bootmerge");
        if (how is "fallback")
            Remount(LibC.MS_RDONLY);
        Boot().Succeeds();
        Root.WriteMerged("/etc/written", "by Ignition");
        Boot().Succeeds().Says("Nothing changed");
        Assert.Equal("merged", Report().GetProperty("result").GetString());
        Remount(0);
        Root.ExtensionIn("/run/confexts", "site", ("site.conf", "site"));
        if (!becomesWritable && how is "fallback")
            Remount(LibC.MS_RDONLY);

        Boot().Succeeds().Says("The merge of an earlier run stays as it is", "is in memory, and would be lost");

        Assert.Equal("by Ignition", Root.Read("/etc/written"));
        Assert.Equal("kept", Report().GetProperty("result").GetString());
        Assert.Single(Root.Stacks);
        Remount(0);
    }

    [Fact]
    public void A_disk_that_can_be_written_to_by_the_second_run_is_written_to()
    {
        Prepare("flatcar");
        Remount(LibC.MS_RDONLY);
        Boot().Succeeds().Says("falling back to an immutable");
        Remount(0);

        Boot().Succeeds();

        Root.Expect("/etc");
        Root.WriteMerged("/etc/written", "written");
        Assert.Equal("written", Root.ReadRaw("/etc/written"));
        Assert.Equal("immutable", Report().GetProperty("earlierRuns")[0].GetProperty("fallback").GetString());
        Assert.Equal(JsonValueKind.Null, Report().GetProperty("fallback").ValueKind);
    }

    /// <summary>An initramfs whose scripts call systemd's program, and that has bootmerge's module as well.</summary>
    [Theory]
    [InlineData("auto")]
    [InlineData("no")]
    public void A_merge_that_systemds_calls_have_made_is_brought_to_what_boot_would_have_made(string mode)
    {
        Prepare("flatcar");
        Root.Route("/etc");
        Root.Write("/usr/lib/systemd/confext.conf", $"[ConfExt]\nMutable={mode}\n");
        Outcome.Of(Root.DropIn("systemd-confext"), ["--root=" + Root.Path, "merge"]).Succeeds();
        Assert.Contains("noexec", Assert.Single(Root.Stacks).Options);
        Root.Remove("/usr/lib/systemd/confext.conf");

        Boot().Succeeds();

        Assert.DoesNotContain("noexec", Assert.Single(Root.Stacks).Options);
        Assert.Equal(("vendor", "machine's"), (Root.Read("/etc/vendor.conf"), Root.Read("/etc/both.conf")));
        Root.WriteMerged("/etc/written", "written");
        Assert.Equal("written", Root.ReadRaw("/etc/written"));
        Root.Expect("/etc/written");
    }

    /// <summary>A machine must not come up without its defaults, or without any merge of its /etc.</summary>
    [Theory]
    [InlineData("without the defaults")]
    [InlineData("of /usr alone")]
    public void A_writable_merge_that_lacks_what_must_be_there_is_not_kept(string merge)
    {
        Prepare("flatcar");
        Root.Write("/usr/lib/bootmerge.conf", "[BootMerge]\nClass=all\n");
        Root.Write("/var/lib/extensions/tool/usr/lib/extension-release.d/extension-release.tool", "ID=_any\n");
        Root.Write("/var/lib/extensions/tool/usr/tool", "tool");
        Root.Extension("site", ("site.conf", "site"));
        Root.MakeDirectory("/var/lib/extensions.mutable/usr");
        string defaults = Root.Raw + "/usr/lib/confexts/flatcar-default";
        Directory.Move(defaults, Root.Raw + "/usr/lib/aside");
        Root.Route("/etc");
        Root.Bootmerge(merge is "of /usr alone" ? "--class=sysext" : "--class=confext", "--mutable=auto", "merge")
            .Succeeds();
        Directory.Move(Root.Raw + "/usr/lib/aside", defaults);
        Root.Remove("/var/lib/extensions.mutable/etc");
        Root.Write("/var/lib/extensions.mutable/etc", "no directory");

        Boot().Succeeds().Says("falling back to an immutable", "not a directory");

        Assert.Equal(("immutable", "vendor"),
            (Report().GetProperty("fallback").GetString(), Root.Read("/etc/vendor.conf")));
        Root.Bootmerge("--class=all", "unmerge").Succeeds();
        Root.Expect("/usr", "/var/lib", "/etc");
    }

    /// <summary>Both modes are `no` for systemd.</summary>
    [Fact]
    public void Another_mode_is_taken_up_although_systemd_has_one_name_for_both()
    {
        Prepare("flatcar");
        Root.Write("/usr/lib/systemd/confext.conf", "[ConfExt]\nMutable=no\n");
        Boot().Succeeds();
        Assert.Equal("vendor", Root.Read("/etc/both.conf"));
        Root.Write("/usr/lib/systemd/confext.conf", "[ConfExt]\nMutable=import\n");
        Root.Expect("/usr/lib");

        Boot().Succeeds();

        Assert.Equal("machine's", Root.Read("/etc/both.conf"));
        Boot().Succeeds().Says("Nothing changed");
    }

    private static string?[] Hierarchies(JsonElement report) =>
        [.. report.GetProperty("hierarchies").EnumerateArray().Where(stack => stack.TryGetProperty("layers", out _))
            .Select(stack => stack.GetProperty("hierarchy").GetString())];

    private void Remount(ulong flag) => LibC.Mount("none", Root.Path, null, LibC.MS_REMOUNT | flag);

    private void ExpectShown(string layout)
    {
        if (layout is "bare")
            Root.ExpectMount("/usr/share/flatcar");
    }
}
