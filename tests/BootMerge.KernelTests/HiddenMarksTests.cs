using System;
using System.Collections.Generic;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>
/// An upper layer's trusted.overlay.* attributes say what it hides. Where they cannot be seen, nothing may judge or
/// change that layer.
/// </summary>
public sealed class HiddenMarksTests : KernelTest
{
    [Theory]
    [InlineData("merge --mutable=auto")]
    [InlineData("merge --mutable=yes")]
    [InlineData("merge --mutable=import")]
    [InlineData("merge --mutable=ephemeral")]
    [InlineData("refresh --mutable=auto")]
    [InlineData("plan --mutable=auto")]
    [InlineData("boot")]
    [InlineData("boot --fallback=immutable")]
    [InlineData("diff")]
    [InlineData("explain /etc/d/f")]
    [InlineData("prune")]
    [InlineData("prune --dry-run")]
    [InlineData("reset /etc/d")]
    [InlineData("reset --all")]
    public void In_a_user_namespace_verbs_that_change_or_judge_an_upper_layer_refuse(string verb)
    {
        Arrange();
        List<string> state = Root.State();

        Outcome outcome = InUserNamespace(verb);
        Assert.Equal(1, outcome.Status);
        outcome.Says("this is a user namespace, where overlayfs's marks in an upper layer (trusted.overlay.*) can "
            + "neither be read nor written");
        Assert.Equal(state, Root.State());
    }

    [Theory]
    [InlineData("merge --mutable=no; cat $root/etc/d/f; unmerge", "vendor\n")]
    [InlineData("merge; refresh --always-refresh=yes; cat $root/etc/own; unmerge; ls $root/etc", "own\nd\nown\n")]
    [InlineData("merge; status --no-legend", "/etc ")]
    [InlineData("list", "vendor")]
    [InlineData("check", "")]
    public void A_merge_that_is_only_read_works_there(string commands, string expected)
    {
        Arrange();
        Assert.Contains(expected, InUserNamespace(commands).Succeeds().Output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_option_for_other_marks_is_refused_so_that_prune_sees_what_a_merge_hides()
    {
        Root.Route("/etc");
        Root.Extension("vendor", ("d/f", "vendor"), ("d/g", "vendor"));
        Root.Write("/etc/bootmerge.conf", "[BootMerge]\nOverlayOptions=redirect_dir=on,metacopy=off,userxattr\n");
        Root.Expect("/etc");

        Root.Bootmerge("merge", "--mutable=auto").Succeeds().Says("trusted.overlay.*, remove userxattr");
        RawTree.Do(Root.Etc, "rm -r d; mkdir d; printf vendor >d/f");
        Root.Bootmerge("unmerge").Succeeds();
        Root.Bootmerge("prune").Succeeds();
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        Assert.Equal(["f"], Files.List(Root.Etc + "/d"));
    }

    private void Arrange()
    {
        Root.Route("/etc");
        Root.Extension("vendor", ("d/f", "vendor\n"));
        Root.Write("/etc/own", "own\n");
        Root.Remove("/etc/hostname");
        RawTree.Do(Root.Raw + "/etc", "mkdir d; mark d opaque=y");
        Root.Expect("/etc/d");
    }

    /// <summary>
    /// Runs commands, with "; " between them, in another user and mount namespace. cat and ls are the shell's,
    /// everything else is a verb of bootmerge.
    /// </summary>
    private Outcome InUserNamespace(string commands)
    {
        Root.Remember();
        string script = "";
        foreach (string command in commands.Split("; "))
            script += (command.StartsWith("cat ", StringComparison.Ordinal)
                || command.StartsWith("ls ", StringComparison.Ordinal) ? command : "$bootmerge --root=$root " + command)
                + "\n";
        return Outcome.Of("unshare", ["--user", "--map-root-user", "--mount", "sh", "-ec", script],
            ("bootmerge", Workplace.Binary), ("root", Root.Path));
    }
}
