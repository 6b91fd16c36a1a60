using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>
/// While the program runs, somebody swaps a directory of the root with a symlink that leads out of it, to and fro, as
/// fast as he can. The program may fail, or merge; nothing outside the root is ever shown, made or changed.
/// </summary>
public sealed class SwappedDirectoryTests : KernelTest
{
    private const string Secret = "outside of the root";
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(0.5);

    [Theory]
    [InlineData("/usr/lib/confexts", "/etc", "merge --mutable=no")]
    [InlineData("/usr/lib/confexts/alpha", "/etc", "merge --mutable=no")]
    [InlineData("/usr/lib/confexts/alpha/etc", "/etc", "merge --mutable=auto")]
    [InlineData("/etc", "/etc", "merge --mutable=auto")]
    [InlineData("/etc", "/srv/changes", "merge --mutable=auto")]
    [InlineData("/srv", "/srv/changes", "merge --mutable=auto")]
    [InlineData("/srv/changes", "/srv/changes", "merge --mutable=auto")]
    [InlineData("/srv/changes", "/srv/changes", "merge --mutable=import")]
    [InlineData("/var/lib/extensions.mutable", null, "merge --mutable=yes")]
    [InlineData("/var/lib/extensions.mutable/etc", null, "merge --mutable=yes")]
    [InlineData("/var/lib", null, "merge --mutable=yes")]
    [InlineData("/srv/changes", "/srv/changes", "refresh --mutable=auto --always-refresh=yes")]
    [InlineData("/srv", "/srv/changes", "unmerge")]
    public void Swapping_a_directory_for_a_symlink_out_of_the_root_leads_nowhere(string place, string? routing,
        string command)
    {
        Prepare(place, routing);
        SortedDictionary<string, string> outside = Files.Snapshot(Root.Aside);
        Root.Remember();
        int runs = 0;
        int merged = 0;
        Stopwatch time = Stopwatch.StartNew();
        while (runs < 2 || time.Elapsed < Duration) // on a busy machine one run may take longer
        {
            if (!command.StartsWith("merge", StringComparison.Ordinal))
                Root.Bootmerge("merge", "--mutable=auto").Succeeds();
            Swapper swapper = new(Root.Raw + place, Root.Raw + place + ".link");
            Outcome outcome = Root.Bootmerge(command.Split(' '));
            swapper.Stop();

            runs++;
            Assert.True(outcome.Status is 0 or 1, outcome.ToString());
            Assert.DoesNotContain("Internal error", outcome.Error, StringComparison.Ordinal);
            Assert.Empty(Files.Differences(outside, Files.Snapshot(Root.Aside)));
            merged += ProveThatNothingOutsideIsShown();
            TakeAwayWhereNobodyLooks();
            swapper.PutBack();
            Root.Bootmerge("unmerge").Succeeds();
            Assert.Empty(MountTable.Under(Root.Path)[1..]);
            Assert.Empty(Files.Differences(outside, Files.Snapshot(Root.Aside)));
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{place}: {runs} runs, {merged} merged");
        // What the program made at a place that was gone when it wanted to undo that. All of it is inside the root.
        Root.Expect("/etc", "/srv", "/var/lib", "/usr/lib/confexts", "/.systemd-etc-workdir", "/.systemd-etc-workdir.1",
            "/.systemd-etc-workdir.2", "/tmp");
    }

    private int ProveThatNothingOutsideIsShown()
    {
        string[] merges = [.. MountTable.Under(Root.Path).Where(mount => mount.Type is "overlay")
            .Select(mount => mount.Point)];
        foreach (string merge in merges)
            Assert.DoesNotContain(Files.Snapshot(merge).Values,
                entry => entry.Contains(Secret, StringComparison.Ordinal));
        return merges.Length;
    }

    /// <summary>
    /// Removes merges that unmerge does not find: on a directory that has another name now, or where the link led
    /// nowhere and the program, like systemd, made the directory inside the root.
    /// </summary>
    private void TakeAwayWhereNobodyLooks()
    {
        foreach (MountEntry mount in Enumerable.Reverse(MountTable.Under(Root.Path)[1..]))
            if (mount.Point != Root.Etc && !mount.Point.StartsWith(Root.Etc + "/", StringComparison.Ordinal))
                LibC.Unmount(mount.Point, LibC.MNT_DETACH);
    }

    /// <summary>Makes the same tree inside and outside; the files outside have another content.</summary>
    private void Prepare(string place, string? routing)
    {
        foreach (string tree in new[] { Root.Raw, Root.Aside + "/root" })
        {
            string content = tree == Root.Raw ? "inside" : Secret;
            foreach (string file in new[] { "/etc/own.conf", "/usr/lib/confexts/alpha/etc/alpha.conf",
                "/srv/changes/changed.conf", "/var/lib/extensions.mutable/file" })
            {
                Directory.CreateDirectory(Path.GetDirectoryName(tree + file)!);
                File.WriteAllText(tree + file, content);
            }

            string release = tree + "/usr/lib/confexts/alpha/etc/extension-release.d";
            Directory.CreateDirectory(release);
            File.WriteAllText(release + "/extension-release.alpha", "ID=flatcar\nVERSION_ID=4000.1.0\n");
            if (routing is null)
                Directory.CreateDirectory(tree + "/var/lib/extensions.mutable/etc");
            else
                File.CreateSymbolicLink(tree + "/var/lib/extensions.mutable/etc", routing);
        }

        string target = Root.Aside + "/root" + place;
        File.CreateSymbolicLink(Root.Raw + place + ".link", target);
        Root.Expect(place, place + ".link");
    }

    /// <summary>Swaps two names until told to stop.</summary>
    private sealed class Swapper
    {
        private readonly string _one;
        private readonly string _other;
        private readonly Thread _thread;
        private volatile bool _stop;
        private bool _isSwapped;

        public Swapper(string one, string other)
        {
            _one = one;
            _other = other;
            _thread = new Thread(Run);
            _thread.Start();
        }

        public void Stop()
        {
            _stop = true;
            _thread.Join();
        }

        public void PutBack()
        {
            if (_isSwapped)
                Assert.Equal(0, LibC.Exchange(_one, _other));
        }

        private void Run()
        {
            while (!_stop)
                if (LibC.Exchange(_one, _other) == 0) // EBUSY while something is mounted there
                    _isSwapped = !_isSwapped;
        }
    }
}
