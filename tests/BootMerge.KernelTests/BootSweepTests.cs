using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>
/// The boot stage is killed at one system call after the other. The next boot ends like an undisturbed one.
/// </summary>
public sealed class BootSweepTests : InitramfsTest
{
    [Theory]
    [InlineData("bare", 0)]
    [InlineData("symlinked", 1)]
    [InlineData("confext", 2)]
    public void Killed_anywhere_the_next_boot_stage_ends_as_if_nothing_had_happened(string layout, int turn)
    {
        Prepare(layout);
        SortedDictionary<string, string> unmerged = Files.Snapshot(Root.Raw);
        List<string> mounts = Mounts();
        List<TracedCall> calls = Traced.MainThread(Root, "chroot",
            [Initramfs, "/bootmerge", "--root=/sysroot", "boot"]);
        List<string> booted = State();
        Clean(mounts);
        List<SweepPoint> points = SweepPoints.Of(calls, turn);
        List<string> findings = [];
        int killed = 0;

        foreach (SweepPoint point in points)
        {
            string where = point.ToString();
            killed += Traced.Kill(point, Root, "chroot",
                [Initramfs, "/bootmerge", "--root=/sysroot", "boot"]).Status == 0 ? 0 : 1;
            string seen = Root.Read("/etc/both.conf");
            if (seen is not "machine's")
                findings.Add(where + "both.conf is " + seen);

            Outcome again = Boot();
            if (again.Status != 0)
                findings.Add(where + again);
            findings.AddRange(State().Except(booted, StringComparer.Ordinal).Select(line => where + "new " + line));
            findings.AddRange(booted.Except(State(), StringComparer.Ordinal).Select(line => where + "missing " + line));
            Outcome.Of("chroot", [Initramfs, "/bootmerge", "--root=/sysroot", "unmerge"]).Succeeds();
            Clean(mounts);
            findings.AddRange(Files.Differences(unmerged, Files.Snapshot(Root.Raw)).Select(line => where + line));
            Assert.True(findings.Count < 20, string.Join('\n', findings));
        }

        Assert.True(findings.Count == 0, string.Join('\n', findings));
        Assert.True(killed > points.Count * 9 / 10, $"only {killed} of {points.Count} kills");
    }

    private List<string> Mounts() => [.. MountTable.Under(Root.Path).Select(mount => mount.Description)];

    /// <summary>The merged tree, the record, the links for systemd, and how often each mount is there.</summary>
    private List<string> State()
    {
        List<string> state = [.. Files.Snapshot(Root.Etc)
            .Where(entry => !entry.Key.StartsWith("/.systemd-", StringComparison.Ordinal))
            .Select(entry => entry.Key + " " + entry.Value)];
        state.AddRange(Files.Snapshot(Initramfs + "/run")
            .Where(entry => !entry.Key.StartsWith("/bootmerge", StringComparison.Ordinal))
            .Select(entry => "run" + entry.Key + " " + entry.Value));
        state.AddRange(Mounts().GroupBy(mount => mount, StringComparer.Ordinal)
            .Select(group => $"{group.Count()} times {group.Key}"));
        // A boot stage that finds a merge gives its workdir the other of two names.
        state.AddRange(Files.List(Root.Raw)
            .Select(name => "top directory has " + name.Replace("workdir.1", "workdir", StringComparison.Ordinal)));
        state.Add("record " + (Root.ExistsRaw("/var/lib/bootmerge")
            ? string.Join(' ', Files.List(Root.Raw + "/var/lib/bootmerge")) + ": "
            + Root.ReadRaw("/var/lib/bootmerge/shadowed") : "none"));
        state.Add("routing " + new FileInfo(Root.Raw + "/var/lib/extensions.mutable/etc").LinkTarget);
        return state;
    }

    /// <summary>What boot leaves on purpose: the routing entry, the record, and the files for systemd.</summary>
    private void Clean(List<string> mounts)
    {
        foreach (MountEntry mount in Enumerable.Reverse(MountTable.Under(Root.Path))
            .Where(mount => !mounts.Contains(mount.Description, StringComparer.Ordinal)))
            LibC.Unmount(mount.Point, LibC.MNT_DETACH);
        foreach (string name in Files.List(Initramfs + "/run"))
            Directory.Delete($"{Initramfs}/run/{name}", recursive: true);
        foreach (string path in new[] { "/var/lib/extensions.mutable", "/var/lib/bootmerge" })
            if (Root.ExistsRaw(path))
                Root.Remove(path);
        foreach (string name in Files.List(Root.Raw).Where(name => name.Contains("workdir", StringComparison.Ordinal)))
            Root.Remove("/" + name);
    }
}
