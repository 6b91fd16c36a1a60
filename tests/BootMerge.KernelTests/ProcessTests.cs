using System.Collections.Generic;
using System.IO;
using System.Linq;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>What the program inherits: umask, descriptors, working directory, limits, user.</summary>
public sealed class ProcessTests : KernelTest
{
    [Theory]
    [InlineData("no")]
    [InlineData("auto")]
    [InlineData("yes")]
    public void The_umask_of_the_caller_does_not_matter(string mode)
    {
        PrepareAlpha(mode);

        InShell($"umask 077; exec \"$0\" --root=\"$1\" merge --mutable={mode}").Succeeds();

        Assert.Equal(["0755", "0755", "0644"], new[] { "/etc", "/etc/.systemd-confext", "/etc/.systemd-confext/dev" }.Select(path => Files.Mode(Root.Path + path)));
        if (mode is "yes")
            Assert.Equal(("0755", "0755"), (Files.Mode(Root.Raw + "/var/lib/extensions.mutable"), Files.Mode(Root.Raw + "/var/lib/extensions.mutable/etc")));
    }

    [Theory]
    [InlineData("no")]
    [InlineData("auto")]
    public void Closed_standard_descriptors_do_no_harm(string mode)
    {
        // A descriptor of ours could take the number 1 or 2: a message must not end up in a file of the machine.
        PrepareAlpha(mode);

        InShell($"exec \"$0\" --root=\"$1\" merge --mutable={mode} <&- >&- 2>&-").Succeeds();
        Assert.Equal(("alpha", "alpha\n", Files.Device(Root.Etc) + "\n"), (Root.Read("/etc/alpha.conf"), Root.Read("/etc/.systemd-confext/confexts"), Root.Read("/etc/.systemd-confext/dev")));
        InShell($"exec \"$0\" --root=\"$1\" refresh --always-refresh=yes --mutable={mode} <&- >&- 2>&-").Succeeds();
        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
        InShell("exec \"$0\" --root=\"$1\" unmerge <&- >&- 2>&-").Succeeds();
        Assert.Empty(Root.Stacks);
    }

    [Theory]
    [InlineData("status")]
    [InlineData("list --json=short")]
    [InlineData("plan")]
    [InlineData("--help")]
    public void A_result_that_cannot_be_written_is_an_error(string arguments)
    {
        PrepareAlpha("no");

        InShell($"exec \"$0\" --root=\"$1\" {arguments} >/dev/full").FailsInOneLine("standard output", "No space left");
    }

    [Fact]
    public void Messages_that_cannot_be_written_do_not_stop_a_merge()
    {
        PrepareAlpha("no");

        InShell("exec \"$0\" --root=\"$1\" merge 2>/dev/full").Succeeds();

        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
    }

    [Fact]
    public void A_root_may_be_relative_and_the_working_directory_gone()
    {
        PrepareAlpha("no");
        Root.Remember();

        InShell("cd \"$1\"/.. && exec \"$0\" --root=root merge").Succeeds();
        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
        InShell("cd \"$1\" && exec \"$0\" --root=. refresh --always-refresh=yes").Succeeds();
        InShell("mkdir \"$1\"-gone && cd \"$1\"-gone && rmdir \"$1\"-gone && exec \"$0\" --root=\"$1\" unmerge").Succeeds();
        Assert.Empty(Root.Stacks);
    }

    [Fact]
    public void Too_few_descriptors_are_an_error_and_nothing_changes()
    {
        for (int i = 0; i < 60; i++)
            Root.Extension($"layer-{i}", ("file", $"{i}"));
        Root.Remember();
        List<string> before = Root.State();

        InShell("ulimit -n 40; exec \"$0\" --root=\"$1\" merge").Fails("Too many open files");

        Assert.Equal(before, Root.State());
    }

    [Fact]
    public void Someone_who_is_not_root_may_look_but_not_merge()
    {
        PrepareAlpha("no");
        Files.ChangeMode(Workplace.Path, "0755");
        Root.Remember();
        List<string> before = Root.State();

        AsNobody("status").Succeeds().Prints("/etc");
        AsNobody("list").Succeeds().Prints("alpha");
        AsNobody("plan").Succeeds().Prints("alpha");
        AsNobody("merge").FailsInOneLineBesidesInformation("ermi"); // "Operation not permitted", "Permission denied"

        Assert.Equal(before, Root.State());

        // The binary may lie where only root can go: it is given as an open file.
        Outcome AsNobody(string verb) => InShell($"exec 9<\"$0\"; exec setpriv --reuid=65534 --regid=65534 --clear-groups /proc/self/fd/9 --root=\"$1\" {verb}");
    }

    [Fact]
    public void A_hierarchy_that_is_a_symlink_inside_the_root_is_merged_where_it_leads()
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Directory.CreateDirectory(Root.Raw + "/real");
        Directory.Move(Root.Raw + "/etc", Root.Raw + "/real/etc");
        Root.Symlink("/etc", "real/etc");
        Root.Remember();

        Root.Bootmerge("merge").Succeeds();

        Assert.Equal(("alpha", "machine\n"), (Root.Read("/etc/alpha.conf"), Root.Read("/real/etc/hostname")));
        Root.Bootmerge("unmerge").Succeeds();
        Assert.Empty(MountTable.Under(Root.Path + "/real"));
    }

    private void PrepareAlpha(string mode)
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Expect("/var/lib/extensions.mutable");
        if (mode is "auto")
            Root.Route("/etc");
    }

    /// <summary>$0 is the program, $1 the root.</summary>
    private Outcome InShell(string script)
    {
        Root.Remember();
        return Outcome.Of("sh", ["-c", script, Workplace.Binary, Root.Path]);
    }
}
