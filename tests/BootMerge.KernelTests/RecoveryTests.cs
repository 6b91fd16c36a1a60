using System;
using System.IO;
using System.Linq;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>
/// The next command cleans up what a killed one left, and says so. The sweeps kill at every point; here the states have
/// names.
/// </summary>
public sealed class RecoveryTests : KernelTest
{
    [Theory]
    [InlineData("merge", "")]
    [InlineData("refresh", "")]
    [InlineData("unmerge", "")]
    [InlineData("merge", "--class=sysext")]
    [InlineData("refresh", "--class=sysext")]
    public void Of_two_merges_that_a_refresh_has_left_the_older_one_goes(string verb, string otherClass)
    {
        Root.Route("/etc");
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        Root.Extension("beta", ("beta.conf", "beta"));
        KillAtLast("umount2", "refresh", "--mutable=auto");
        Assert.Equal(2, Root.Stacks.Count);
        Assert.False(Root.Exists("/etc/beta.conf"));

        string[] arguments = otherClass.Length > 0 ? [otherClass, verb] : verb is "unmerge"
            ? [verb] : [verb, "--mutable=auto"];
        Outcome next = Root.Bootmerge(arguments).Says("interrupted", "removing the older one");

        Assert.Equal(verb is "merge" && otherClass.Length == 0 ? 1 : 0, next.Status); // still merged
        Assert.Equal(verb is "unmerge" ? 0 : 1, Root.Stacks.Count);
        Assert.Equal(verb is not "unmerge", Root.Exists("/etc/beta.conf"));
        Assert.Equal(Root.Stacks.Count, WorkDirectories());
        Assert.DoesNotContain("interrupted", Root.Bootmerge("refresh", "--mutable=auto").Succeeds().Error,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_merge_of_two_hierarchies_of_which_one_is_shown_is_begun_anew()
    {
        foreach (string name in new[] { "usr", "opt" })
            Root.Write($"/var/lib/extensions/tools/{name}/tools", "tools");
        Root.Write("/var/lib/extensions/tools/usr/lib/extension-release.d/extension-release.tools", "ID=_any\n");
        Root.MakeDirectory("/opt");
        KillAtLast("move_mount", "--class=sysext", "merge");
        Assert.Equal((true, false), (Root.Exists("/usr/tools"), Root.Exists("/opt/tools")));

        Root.Bootmerge("--class=sysext", "merge").Succeeds().Says("interrupted", "undoing it");

        Assert.Equal((true, true), (Root.Exists("/usr/tools"), Root.Exists("/opt/tools")));
        Root.Bootmerge("--class=sysext", "merge").Fails("already merged");
        Root.Bootmerge("--class=sysext", "unmerge").Succeeds();
    }

    [Theory]
    [InlineData("unmerge")]
    [InlineData("merge")]
    [InlineData("refresh")]
    public void Directories_made_for_a_merge_that_never_was_are_removed(string next)
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        KillAtLast("move_mount", "merge", "--mutable=yes");
        Assert.True(Root.ExistsRaw("/var/lib/extensions.mutable/.systemd-etc-workdir"));

        Root.Bootmerge(next).Succeeds().Says("interrupted");

        Assert.False(Root.ExistsRaw("/var/lib/extensions.mutable"));
    }

    [Fact]
    public void A_journal_cannot_make_it_remove_anything_else()
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Write("/victim/file", "kept");
        Root.Symlink("/out", "/../../../..");
        Root.Write("/srv/.systemd-etc-workdir", "a file");
        Root.Bootmerge("merge").Succeeds();
        string[] lines =
        [
            "workdir\tconfext\t/etc\t/victim", "workdir\tconfext\t/etc\t/out/victim", "workdir\tconfext\t/etc\t/etc",
                "workdir\tconfext\t/etc\t/../victim/..",
            "directory\tconfext\t/etc\t/victim", "directory\tconfext\t/etc\t/victim/file",
                "directory\tconfext\t/etc\t/", "directory\tsysext\t/usr\t/usr",
            "workdir\tconfext\t/etc\t/srv/.systemd-etc-workdir", "mount\tconfext\t/etc\t1",
                "mount\tconfext\t/nowhere\t1", "unknown\tconfext\t/etc\tx", "\0\x7f\t\t\t", "half",
        ];
        File.WriteAllText(Directory.GetFiles("/run/bootmerge", "lock.*").Single(), string.Join('\n', lines));

        Root.Bootmerge("merge").Fails("already merged", "interrupted");

        Assert.Equal(("alpha", "kept", "a file"),
            (Root.Read("/etc/alpha.conf"), Root.ReadRaw("/victim/file"), Root.ReadRaw("/srv/.systemd-etc-workdir")));
    }

    [Fact]
    public void A_full_run_directory_is_no_reason_not_to_merge()
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Route("/etc");
        LibC.Mount("none", "/run", "tmpfs", 0, "size=4k,mode=0755");
        Directory.CreateDirectory("/run/bootmerge");
        try
        {
            File.WriteAllBytes("/run/bootmerge/full", new byte[4096]);
        }
        catch (IOException)
        {
            // /run is full.
        }

        Root.Bootmerge("merge", "--mutable=auto").Succeeds().Says("No journal is kept", "ENOSPC");

        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
        LibC.Unmount("/run");
    }

    [Fact]
    public void A_copy_of_an_older_marker_in_the_upperdir_is_told()
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Route("/etc");
        Root.Write("/etc/.systemd-confext/dev", "0:1\n");

        Root.Bootmerge("merge", "--mutable=auto").Succeeds().Says("copy of an older merge", ".systemd-confext");

        Root.Bootmerge("status").Succeeds().Prints("alpha");
    }

    private void KillAtLast(string call, params string[] arguments)
    {
        int count = Traced.MainThread(Root, arguments).Count(made => made.Name == call);
        // That run only counted. The one that is killed starts from the same state.
        string[] sysext = arguments.Contains("--class=sysext", StringComparer.Ordinal) ? ["--class=sysext"] : [];
        if (arguments.Contains("refresh", StringComparer.Ordinal))
        {
            Root.Remove("/var/lib/confexts/beta");
            Root.Bootmerge("refresh", "--mutable=auto").Succeeds();
            Root.Extension("beta", ("beta.conf", "beta"));
        }
        else
        {
            Root.Bootmerge(["unmerge", .. sysext]).Succeeds();
            if (arguments.Contains("--mutable=yes", StringComparer.Ordinal))
                Root.Remove("/var/lib/extensions.mutable");
        }

        Assert.True(Traced.Kill(call, count, Root, arguments).Status != 0);
    }

    private int WorkDirectories() => Files.List(Root.Raw)
        .Count(name => name.Contains("workdir", StringComparison.Ordinal));
}
