using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>
/// merge and unmerge apart from the table of modes: twice, with nothing to do, at the same time, and what a stack
/// permits.
/// </summary>
public sealed class MergeUnmergeTests : KernelTest
{
    [Theory]
    [InlineData("no")]
    [InlineData("auto")]
    public void A_second_merge_fails_and_leaves_the_first(string mode)
    {
        Root.Route("/etc");
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Bootmerge("merge", "--mutable=" + mode).Succeeds();
        Root.Extension("beta", ("beta.conf", "beta"));
        List<string> before = Root.State();

        Root.Bootmerge("merge", "--mutable=" + mode).Fails("/etc", "already merged");

        Assert.Equal(before, Root.State());
        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
    }

    [Fact]
    public void Unmerge_with_nothing_merged_is_success_and_does_nothing()
    {
        Root.Remember();
        List<string> before = Root.State();

        Root.Bootmerge("unmerge").Succeeds();

        Assert.Equal(before, Root.State());
    }

    [Fact]
    public void Unmerge_leaves_an_overlay_that_is_not_ours()
    {
        Root.MakeDirectory("/other");
        Root.Mount("none", "/etc", "overlay", 0, $"lowerdir={Root.Raw}/other:{Root.Raw}/etc");
        Root.Remember();
        List<string> before = Root.State();

        Root.Bootmerge("unmerge").Succeeds();

        Assert.Equal(before, Root.State());
        LibC.Unmount(Root.Etc);
        Root.Forget("/etc");
    }

    [Theory]
    [InlineData("no", "", false)]
    [InlineData("no", "/etc", false)]
    [InlineData("auto", "", false)]
    [InlineData("auto", "/nowhere", false)]
    [InlineData("auto", "/etc", true)]
    [InlineData("yes", "", true)]
    [InlineData("import", "", true)]
    [InlineData("ephemeral", "", true)]
    [InlineData("ephemeral-import", "", true)]
    public void Without_extensions_a_hierarchy_is_left_alone_in_mode_no_and_in_auto_where_nothing_is_routed(string mode,
        string routed, bool merges)
    {
        Root.Expect("/var/lib/extensions.mutable");
        if (routed.Length > 0)
            Root.Route(routed);

        Root.Bootmerge("merge", "--mutable=" + mode).Succeeds();

        Assert.Equal(merges ? 1 : 0, Root.Stacks.Count);
        Assert.Equal("machine\n", Root.Read("/etc/hostname"));
    }

    [Theory]
    [InlineData("no")]
    [InlineData("auto")]
    public void An_absent_or_empty_hierarchy_is_no_layer_but_is_merged(string mode)
    {
        Root.Remove("/etc/hostname");
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Extension("beta", ("beta.conf", "beta"));

        Root.Bootmerge("merge", "--mutable=" + mode).Succeeds();

        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
        Assert.Equal(3, Assert.Single(Root.Stacks).LowerDirectories.Length);
    }

    [Theory]
    [InlineData("../../../etc")]
    [InlineData("/alias")]
    [InlineData("/../../../etc")]
    [InlineData("/etc/")]
    public void A_routing_link_that_leads_back_to_the_hierarchy_by_any_way_is_self_routed(string target)
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Symlink("/alias", "etc");
        Root.Route(target);

        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        Root.WriteMerged("/etc/written", "by the machine");

        Assert.Equal("by the machine", Root.ReadRaw("/etc/written"));
        Root.Expect("/etc/written");
    }

    [Fact]
    public void A_routing_link_does_not_leave_the_root()
    {
        string outside = Root.Path + "-outside";
        Directory.CreateDirectory(outside);
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Route(outside); // inside the root there is no such directory: the link dangles

        Root.Bootmerge("merge", "--mutable=auto").Succeeds();

        Assert.Contains("ro", Assert.Single(Root.Stacks).Options);
        Assert.Empty(Files.List(outside));
    }

    [Fact]
    public void An_extension_hierarchy_that_is_a_link_is_resolved_in_the_root()
    {
        Root.Write("/usr/share/flatcar/etc/vendor.conf", "vendor");
        Root.Write("/usr/share/flatcar/etc/extension-release.d/extension-release.flatcar-defaults", "ID=_any\n");
        Root.Symlink("/usr/lib/confexts/flatcar-defaults/etc", "../../../share/flatcar/etc");

        Root.Bootmerge("merge").Succeeds();

        Assert.Equal("vendor", Root.Read("/etc/vendor.conf"));
    }

    [Fact]
    public void In_a_mutable_stack_a_directory_of_an_extension_can_be_renamed()
    {
        Root.Extension("alpha", ("ssh/sshd_config", "alpha"));
        Root.Route("/etc");
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();

        Assert.Equal(0, LibC.Rename(Root.Etc + "/ssh", Root.Etc + "/ssh.bak"));

        Assert.Equal("alpha", Root.Read("/etc/ssh.bak/sshd_config"));
        Root.Bootmerge("unmerge").Succeeds();
        Assert.Equal("/ssh", "/" + Files.GetXattr(Root.Raw + "/etc/ssh.bak",
            "trusted.overlay.redirect")?.TrimStart('/'));
        Root.Expect("/etc/ssh", "/etc/ssh.bak");
    }

    [Fact]
    public void A_mode_change_copies_the_whole_file_into_the_upper_layer()
    {
        Root.Extension("alpha", ("alpha.conf", "all of it"));
        Root.Route("/etc");
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();

        Files.ChangeMode(Root.Etc + "/alpha.conf", "0600");
        Root.Bootmerge("unmerge").Succeeds();

        Assert.Equal(("all of it", "0600"),
            (Root.ReadRaw("/etc/alpha.conf"), Files.Mode(Root.Raw + "/etc/alpha.conf")));
        Root.Expect("/etc/alpha.conf");
    }

    [Fact]
    public void The_same_upper_layer_can_be_merged_with_other_extensions_later()
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Route("/etc");
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        Root.WriteMerged("/etc/alpha.conf", "machine");
        Root.Bootmerge("unmerge").Succeeds();
        Root.Remove("/var/lib/confexts/alpha");
        Root.Extension("beta", ("alpha.conf", "beta"), ("beta.conf", "beta"));

        Root.Bootmerge("merge", "--mutable=auto").Succeeds();

        Assert.Equal(("machine", "beta"), (Root.Read("/etc/alpha.conf"), Root.Read("/etc/beta.conf")));
        Root.Expect("/etc/alpha.conf");
    }

    [Fact]
    public async Task Of_several_merges_at_once_one_wins_and_the_others_say_so()
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Route("/etc");
        Root.Remember();

        Outcome[] outcomes = await Task.WhenAll(Enumerable.Range(0, 6)
            .Select(_ => Task.Run(() => Root.Bootmerge("merge", "--mutable=auto"),
            TestContext.Current.CancellationToken)));

        Assert.Single(outcomes, outcome => outcome.Status == 0);
        Assert.All(outcomes.Where(outcome => outcome.Status != 0), outcome => outcome.Fails("already merged"));
        Assert.Single(Root.Stacks);
    }

    [Fact]
    public async Task Refreshes_at_once_take_turns()
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Route("/etc");
        Root.Remember();

        Outcome[] outcomes = await Task.WhenAll(Enumerable.Range(0, 6)
            .Select(_ => Task.Run(() => Root.Bootmerge("refresh", "--mutable=auto", "--always-refresh=yes"),
            TestContext.Current.CancellationToken)));

        Assert.All(outcomes, outcome => outcome.Succeeds());
        Assert.Single(Root.Stacks);
        Root.WriteMerged("/etc/written", "by the machine");
        Assert.Equal("by the machine", Root.ReadRaw("/etc/written"));
        Root.Expect("/etc/written");
    }
}
