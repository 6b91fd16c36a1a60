using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>An upperdir is refused if another overlay writes to it, whoever mounted that, and only then.</summary>
public sealed class UpperInUseTests : KernelTest
{
    [Theory]
    [InlineData("another namespace", true)]
    [InlineData("another namespace", false)]
    [InlineData("mounted nowhere", true)]
    [InlineData("mounted nowhere", false)]
    public void An_upperdir_that_is_in_use_is_refused_and_nothing_changes(string where, bool hasKernelLog)
    {
        Prepare();
        if (hasKernelLog)
            WithKernelLog();
        List<string> before;
        using (OtherProcess other = new(where is "another namespace"
            ? $"mount -n -t overlay other -o {Options} '{Root.Aside}/merged' && echo ready && read line"
            : $"mount -n -t overlay other -o {Options} '{Root.Aside}/merged' && cd '{Root.Aside}/merged' && umount -n "
            + $"-l '{Root.Aside}/merged' && echo ready && read line"))
        {
            before = Root.State();
            Root.Bootmerge("merge", "--mutable=auto").FailsInOneLineBesidesInformation(Root.Etc, "in use", "EBUSY");
            Assert.Equal(before, Root.State());
        }

        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
    }

    [Fact]
    public void Overlays_that_others_mount_meanwhile_do_not_keep_a_merge_from_being_made()
    {
        WithKernelLog();
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Route("/etc");
        // Two other overlays share an upperdir: the kernel logs "upperdir is in-use" again and again.
        string aside = Root.Aside;
        foreach (string name in new[] { "one", "two", "lower", "upper", "work1", "work2" })
            Directory.CreateDirectory($"{aside}/{name}");
        using OtherProcess noise = new($"""
            cd '{aside}' && mount -n -t overlay one -o lowerdir=lower,upperdir=upper,workdir=work1 one && echo ready
            while read -t 0.001 line; [ $? -gt 128 ]; do mount -n -t overlay two -o lowerdir=lower,upperdir=upper,workdir=work2 two && umount -n two; done
            """);

        // Each call that makes the overlay takes long enough for such a line to appear meanwhile.
        Traced.Inject("fsconfig:delay_exit=100000", Root, "merge", "--mutable=auto").Outcome.Succeeds();
        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
        Root.Bootmerge("unmerge").Succeeds();
    }

    [Theory]
    [InlineData("tmpfs")]
    [InlineData("ext4")]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    public void To_be_asked_about_leaves_no_trace_in_an_upperdir(string fileSystem)
    {
        RootOn(fileSystem);
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Route("/etc");
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();

        string attributes = Outcome.OfTool("getfattr", "-d", "-m-", "--absolute-names", Root.Raw + "/etc");

        Assert.DoesNotContain("trusted.overlay.origin", attributes, StringComparison.Ordinal);
        Assert.DoesNotContain("index", string.Join(' ', Files.List(Root.Raw + "/.systemd-etc-workdir")),
            StringComparison.Ordinal);
    }

    private string Options => $"lowerdir={Root.Aside}/lower,upperdir={Root.Path}/etc,workdir={Root.Path}/other-work";

    private void Prepare()
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Route("/etc");
        Root.MakeDirectory("/other-work");
        Root.Expect("/etc");
        Directory.CreateDirectory(Root.Aside + "/lower");
        Directory.CreateDirectory(Root.Aside + "/merged");
        Root.Remember();
    }

    /// <summary>
    /// A shell in a mount namespace of its own. The constructor returns when it is ready; it ends when its standard
    /// input does.
    /// </summary>
    private sealed class OtherProcess : IDisposable
    {
        private readonly Process _process;

        public OtherProcess(string script)
        {
            ProcessStartInfo start = new("unshare", ["-m", "--propagation", "private", "bash", "-c", script])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                UseShellExecute = false,
            };
            _process = Process.Start(start)!;
            Assert.Equal("ready", _process.StandardOutput.ReadLine());
        }

        public void Dispose()
        {
            _process.StandardInput.Close();
            _process.WaitForExit();
            _process.Dispose();
        }
    }
}
