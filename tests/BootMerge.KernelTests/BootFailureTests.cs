using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>If the boot stage is killed or refused at any of its calls, the next boot works without help.</summary>
public sealed class BootFailureTests : InitramfsTest
{
    private const string Calls = "move_mount,fsmount,fsopen,fsconfig,open_tree,mount_setattr,mkdirat,symlinkat,"
        + "renameat,renameat2,unlinkat,setns,unshare,umount2,mount";

    private List<string>? _forSystemd;

    [Theory]
    [InlineData("bare", 0)]
    [InlineData("confext", 1)]
    [InlineData("symlinked", 2)]
    public void Killed_at_any_call_the_next_boot_makes_the_whole_merge(string layout, int turn)
    {
        Prepare(layout);
        ForEachCall(turn, (call, when) =>
        {
            Outcome killed = Traced.Kill(new SweepPoint(call, when), Root, "chroot", BootArguments);
            Assert.True(killed.Status != 0, killed.ToString());
            Assert.Equal("machine\n", Root.Read("/etc/hostname"));

            Boot().Succeeds();
            AssertMerged($"killed at {call} number {when}");
            Assert.Equal(_forSystemd, ForSystemd());
            Assert.Equal("merged", Report().GetProperty("result").GetString());
        });
    }

    [Theory]
    [InlineData("bare", 1)]
    [InlineData("symlinked", 0)]
    public void Refused_any_call_it_fails_with_nothing_merged_or_merges_completely(string layout, int turn)
    {
        Prepare(layout);
        File.WriteAllText(Initramfs + "/usr/lib/bootmerge.conf",
            ShippedDefaults.Replace("immutable", "fail", StringComparison.Ordinal));
        int failed = 0;
        ForEachCall(turn, (call, when) =>
        {
            Outcome outcome = Traced.Inject(call, "EPERM", when, Root, "chroot", BootArguments);
            if (outcome.Status == 0)
            {
                AssertMerged(outcome.ToString());
                // If the report, or a file that only systemd needs, cannot be written, the boot does not fail, but says
                // so.
                if (!File.Exists(Initramfs + "/run/bootmerge/boot.json"))
                    outcome.Says("Operation not permitted", "boot.json");
                if (!ForSystemd().SequenceEqual(_forSystemd!, StringComparer.Ordinal))
                    outcome.Says("Operation not permitted", "systemd");
                return;
            }

            failed++;
            outcome.Fails("Operation not permitted");
            string[] mounts = [.. MountTable.Under(Root.Path).Skip(1).Select(mount => mount.Description)];
            Assert.True(mounts.Length == 0, $"{call} number {when}: {outcome}\nleft {string.Join('\n', mounts)}");
            Assert.DoesNotContain(Files.List(Root.Raw), name => name.Contains("workdir", StringComparison.Ordinal));
            Assert.True(!Directory.Exists(Initramfs + "/run/confexts")
                || Files.List(Initramfs + "/run/confexts").Count == 0,
                $"{call} number {when} left something in /run/confexts");
        });
        Assert.True(failed > 5 / SweepPoints.Step, $"only {failed} calls mattered");
    }

    private string[] BootArguments => [Initramfs, "/bootmerge", "--root=/sysroot", "boot"];

    /// <summary>
    /// The calls of an undisturbed boot, numbered by name: every third, or with SOAK every one. Each test starts from
    /// the state before the first boot.
    /// </summary>
    /// <param name="turn">The case's number: each begins at another call.</param>
    private void ForEachCall(int turn, Action<string, int> test)
    {
        string log = Root.Path + ".strace";
        Outcome.Of("strace", ["-f", "-qq", "-o", log, "-e", "trace=" + Calls, "chroot", .. BootArguments]).Succeeds();
        AssertMerged("not disturbed");
        _forSystemd = [.. ForSystemd()];
        List<string> calls = [.. File.ReadLines(log)
            .Select(line => line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..].TrimStart())
            .Where(line => line.Contains('(', StringComparison.Ordinal)
            && !line.Contains(" = -1 ", StringComparison.Ordinal))
            .Select(line => line[..line.IndexOf('(', StringComparison.Ordinal)])];
        Assert.True(calls.Count > 20, string.Join('\n', calls));

        Dictionary<string, int> numbers = new(StringComparer.Ordinal);
        for (int i = 0; i < calls.Count; i++)
        {
            int number = numbers[calls[i]] = numbers.GetValueOrDefault(calls[i]) + 1;
            if (i % SweepPoints.Step != turn % SweepPoints.Step)
                continue;
            BeforeTheFirstBoot();
            test(calls[i], number);
        }

        BeforeTheFirstBoot();
    }

    private void AssertMerged(string when)
    {
        Assert.True(Root.Stacks.Count == 1, when);
        Assert.Equal((when, "vendor", "machine's", "machine\n"),
            (when, Root.Read("/etc/vendor.conf"), Root.Read("/etc/both.conf"), Root.Read("/etc/hostname")));
        Root.WriteMerged("/etc/written", when);
        Assert.Equal(when, Root.ReadRaw("/etc/written"));
        Assert.True(MountTable.At(Root.Path + "/usr/share/flatcar").Count <= 1, when);
    }

    /// <summary>What boot leaves in /run for the systemd of the booted system.</summary>
    private IEnumerable<string> ForSystemd() => Files.Snapshot(Initramfs + "/run")
        .Where(entry => !entry.Key.StartsWith("/bootmerge", StringComparison.Ordinal))
        .Select(entry => $"{entry.Key}: {entry.Value}");

    private void BeforeTheFirstBoot()
    {
        Root.Bootmerge("unmerge").Succeeds();
        foreach (MountEntry mount in MountTable.At(Root.Path + "/usr/share/flatcar"))
            LibC.Unmount(mount.Point);
        foreach (string path in new[] { "/var/lib/extensions.mutable", "/var/lib/bootmerge" })
            if (Root.ExistsRaw(path))
                Root.Remove(path);
        if (Root.ExistsRaw("/etc/written"))
            Root.Remove("/etc/written");
        LibC.Unmount(Initramfs + "/run");
        LibC.Mount("none", Initramfs + "/run", "tmpfs");
    }
}
