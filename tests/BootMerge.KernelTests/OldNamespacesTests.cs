using System;
using System.Diagnostics;
using System.IO;
using System.Threading;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>
/// After a refresh of the running system: which processes still see the old merge? In a chroot, so without --root.
/// </summary>
public sealed class OldNamespacesTests : KernelTest
{
    [Fact]
    public void A_refresh_counts_processes_that_still_see_the_old_merge_and_names_them_if_asked()
    {
        Prepare();
        Run("merge").Succeeds();
        using Process stranger = StartInNamespaceOfItsOwn();
        try
        {
            // the refresh is skipped: nothing is replaced
            Assert.DoesNotContain("namespace", Run("refresh").Succeeds().Error, StringComparison.Ordinal);

            Outcome counted = Run("refresh", "--always-refresh=yes").Succeeds()
                .Says("1 process in another mount namespace");
            Assert.DoesNotContain("sleep", counted.Error, StringComparison.Ordinal);

            // What that process sees is two merges old now. A refresh reports only what it replaced itself.
            Assert.DoesNotContain("namespace still", Run("refresh", "--always-refresh=yes").Succeeds().Error,
                StringComparison.Ordinal);
        }
        finally
        {
            End(stranger);
        }

        using Process second = StartInNamespaceOfItsOwn();
        try
        {
            Run("refresh", "--always-refresh=yes", "--verbose").Succeeds().Says("1 process", $"{second.Id} (sleep");
        }
        finally
        {
            End(second);
        }

        Run("unmerge").Succeeds();
    }

    [Fact]
    public void With_a_root_given_nobody_is_looked_for()
    {
        Prepare();
        Root.Bootmerge("merge").Succeeds();
        using Process stranger = StartInNamespaceOfItsOwn();
        try
        {
            Outcome refresh = Root.Bootmerge("refresh", "--always-refresh=yes", "--verbose").Succeeds();
            Assert.DoesNotContain("still sees", refresh.Error, StringComparison.Ordinal);
        }
        finally
        {
            End(stranger);
        }
    }

    private void Prepare()
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        File.Copy(Workplace.Binary, Root.Raw + "/bootmerge");
        Root.Expect("/bootmerge", "/run");
        Root.MakeDirectory("/proc");
        Root.Mount("none", "/proc", "proc");
    }

    private Outcome Run(params string[] arguments)
    {
        Root.Remember();
        return Outcome.Of("chroot", [Root.Path, "/bootmerge", .. arguments]);
    }

    private static Process StartInNamespaceOfItsOwn()
    {
        Process process = Process.Start(new ProcessStartInfo("unshare",
            ["-m", "--propagation", "private", "--", "sleep", "600"]))!;
        string ours = new FileInfo("/proc/self/ns/mnt").LinkTarget!;
        // unshare(1) has become sleep(1) when both its name and its namespace have changed.
        Assert.True(SpinWait.SpinUntil(() => File.ReadAllText($"/proc/{process.Id}/comm").Trim() is "sleep"
            && new FileInfo($"/proc/{process.Id}/ns/mnt").LinkTarget != ours, TimeSpan.FromSeconds(20)));
        return process;
    }

    private static void End(Process process)
    {
        process.Kill();
        process.WaitForExit();
    }
}
