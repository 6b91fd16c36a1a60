using System;
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

        Assert.Equal(["0755", "0755", "0644"],
            new[] { "/etc", "/etc/.systemd-confext", "/etc/.systemd-confext/dev" }.Select(path =>
            Files.Mode(Root.Path + path)));
        if (mode is "yes")
            Assert.Equal(("0755", "0755"),
                (Files.Mode(Root.Raw + "/var/lib/extensions.mutable"),
                Files.Mode(Root.Raw + "/var/lib/extensions.mutable/etc")));
    }

    [Theory]
    [InlineData("no")]
    [InlineData("auto")]
    public void Closed_standard_descriptors_do_no_harm(string mode)
    {
        // A file of the machine's could get descriptor 1 or 2: no message must end up in it.
        PrepareAlpha(mode);

        InShell($"exec \"$0\" --root=\"$1\" merge --mutable={mode} <&- >&- 2>&-").Succeeds();
        Assert.Equal(("alpha", "alpha\n", Files.Device(Root.Etc) + "\n"),
            (Root.Read("/etc/alpha.conf"), Root.Read("/etc/.systemd-confext/confexts"),
            Root.Read("/etc/.systemd-confext/dev")));
        InShell($"exec \"$0\" --root=\"$1\" refresh --always-refresh=yes --mutable={mode} <&- >&- 2>&-").Succeeds();
        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
        InShell("exec \"$0\" --root=\"$1\" unmerge <&- >&- 2>&-").Succeeds();
        Assert.Empty(Root.Stacks);
    }

    [Theory]
    [InlineData("GCHeapHardLimit")]
    [InlineData("GCHeapHardLimitSOH")]
    [InlineData("GCHeapHardLimitLOH")]
    [InlineData("GCRegionRange")]
    [InlineData("GCRegionSize")]
    [InlineData("GCLargePages")]
    public void Settings_of_the_runtime_in_the_environment_do_not_matter(string setting)
    {
        PrepareAlpha("auto");

        InShell($"export DOTNET_{setting}=1; exec timeout 10 \"$0\" --root=\"$1\" merge --mutable=auto").Succeeds();
        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
    }

    [Theory]
    [InlineData("<&- >&- 2>&-")]
    [InlineData("2>&-")]
    [InlineData(">&- 2>&-")]
    [InlineData("<&-")]
    public void What_is_meant_for_a_closed_descriptor_is_in_no_file(string closed)
    {
        PrepareAlpha("auto");
        Root.Symlink("/var/lib/confexts/gone", "/nowhere"); // a message

        foreach (string verb in new[] { "merge", "status --json=pretty", "plan", "refresh --always-refresh=yes" })
            InShell($"exec \"$0\" --root=\"$1\" {verb} {closed}").Succeeds();

        Assert.All(Directory.GetFiles("/run/bootmerge"), file => Assert.Equal("", File.ReadAllText(file)));
    }

    [Theory]
    [InlineData("head -c 5000000 /dev/zero >\"$l\"", "longer than")]
    [InlineData("rm \"$l\"; mkfifo \"$l\"", "not a regular file")]
    [InlineData("rm \"$l\"; mknod \"$l\" c 1 3", "not a regular file")]
    [InlineData("rm \"$l\"; mkdir \"$l\"", "Working without a lock")]
    [InlineData("rm \"$l\"; ln -s x \"$l\"", "Working without a lock")]
    public void A_lock_file_that_cannot_be_used_is_a_warning(string command, string words)
    {
        PrepareAlpha("auto");
        Root.Bootmerge("merge").Succeeds();
        Root.Bootmerge("unmerge").Succeeds();
        Outcome.OfTool("sh", "-ec", $"l=$(echo /run/bootmerge/lock.*); {command}");

        Root.Bootmerge("merge").Succeeds().Says(words);
        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
        Root.Bootmerge("unmerge").Succeeds();
        if (words is "longer than")
            Assert.Equal("", Root.Bootmerge("merge", "--quiet").Succeeds().Error);
    }

    [Fact]
    public void Whatever_number_of_descriptors_there_is_nobody_works_unlocked()
    {
        PrepareAlpha("auto");
        int worked = 0;
        for (int limit = 3; limit < 40; limit++)
        {
            Outcome outcome = InShell($"ulimit -n {limit}; exec \"$0\" --root=\"$1\" merge");
            Assert.DoesNotContain("Working without a lock", outcome.Error, System.StringComparison.Ordinal);
            if (outcome.Status != 0)
                continue;
            worked++;
            Root.Bootmerge("unmerge").Succeeds();
        }

        Assert.InRange(worked, 1, 36);
    }

    [Fact]
    public void What_a_process_in_the_old_merge_makes_unwritable_the_next_refresh_cures()
    {
        Root.Extension("alpha", ("sub/a", "a"), ("sub/b", "b"));
        Root.Route("/etc");
        Root.Expect("/etc/sub");

        // The new merge knows the directory as the extension's alone. Then a write through the old merge creates it in
        // the upperdir.
        Outcome outcome = InShell("""
            "$0" --root="$1" merge --mutable=auto; exec 8<"$1"/etc/sub
            "$0" --root="$1" refresh --mutable=auto --always-refresh=yes; ls "$1"/etc/sub; echo old >>/proc/self/fd/8/a
            touch "$1"/etc/sub/new 2>/dev/null || echo refused
            "$0" --root="$1" refresh --mutable=auto --always-refresh=yes; touch "$1"/etc/sub/new && cat "$1"/etc/sub/a
            """).Succeeds();
        Assert.Equal("a\nb\nrefused\naold\n", outcome.Output);
    }

    [Fact]
    public void A_nonblocking_output_that_nobody_reads_is_waited_for()
    {
        // The pipe holds 64 KiB and is read only after two seconds. dd makes it nonblocking for all its writers.
        for (int i = 0; i < 300; i++)
            Root.Write($"/etc/{i}-{new string('x', 240)}", "");
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Route("/etc");

        string[] said = InShell("""
            { dd if=/dev/null count=0 oflag=nonblock status=none; "$0" --root="$1" diff; times >"$1"-times; } | { sleep 2; wc -l; }; tail -n 1 "$1"-times
            """).Succeeds().Output.Split('\n');
        Assert.Equal("302", said[0]); // with the heading and the host's name
        Assert.All(said[1].Split(' '), time => Assert.StartsWith("0m0.", time, System.StringComparison.Ordinal));
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

    /// <summary>The work is still done, and does not count as failed.</summary>
    [Theory]
    [InlineData("reset --all")]
    [InlineData("prune --verbose")]
    [InlineData("prune --json=short")]
    public void A_list_that_cannot_be_written_neither_stops_the_work_nor_makes_it_a_failure(string arguments)
    {
        PrepareAlpha("no");
        Root.Route("/etc");
        // More than the program writes at a time.
        foreach (int number in Enumerable.Range(0, 700))
        {
            Root.Write($"/etc/a-rather-long-name-of-a-file-{number}", "a");
            Root.Write($"/var/lib/confexts/alpha/etc/a-rather-long-name-of-a-file-{number}", "a");
        }

        Root.Remove("/etc/hostname");
        Root.Expect("/etc", "/var/lib/bootmerge");
        Outcome outcome = InShell($"exec \"$0\" --root=\"$1\" {arguments} >/dev/full");

        outcome.Fails("The list of what was done is not complete: write standard output: No space left");
        Assert.DoesNotContain("failed", outcome.Error, StringComparison.Ordinal);
        Assert.Empty(Files.List(Root.Raw + "/etc"));
    }

    [Fact]
    public void Messages_that_cannot_be_written_do_not_stop_a_merge()
    {
        PrepareAlpha("no");

        InShell("exec \"$0\" --root=\"$1\" merge 2>/dev/full").Succeeds();

        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
    }

    [Theory]
    [InlineData("prune --verbose", "removed /etc/a: ", false)]
    [InlineData("prune --json=pretty", "\"path\" : \"/etc/a\"", false)]
    [InlineData("reset --all", "reset /etc/a\n", false)]
    [InlineData("reset --all", "reset /etc/a\n", true)]
    public void What_ends_early_lists_what_it_has_removed(string arguments, string listed, bool isMerged)
    {
        PrepareAlpha("no");
        Root.Route("/etc");
        Root.Remove("/etc/hostname");
        foreach (string name in new[] { "a", "b", "c" })
        {
            Root.Write("/etc/" + name, "a");
            if (!arguments.StartsWith("reset", StringComparison.Ordinal))
                Root.Write("/var/lib/confexts/alpha/etc/" + name, "a");
        }

        Root.Expect("/etc", "/var/lib/bootmerge");
        if (isMerged)
            Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        Outcome outcome = Traced.Inject("unlinkat", "EIO", 2, Root, arguments.Split(' '));

        Assert.Equal(1, outcome.Status);
        outcome.Prints(listed).Says("failed: unlink", "/b: Input/output error");
        Assert.Equal(["b", "c"], Files.List(Root.Raw + "/etc").Order(StringComparer.Ordinal));
        Assert.DoesNotContain("/etc/b", outcome.Output, StringComparison.Ordinal);
        if (arguments.Contains("json", StringComparison.Ordinal))
            Assert.Equal(1, outcome.Json().GetArrayLength());
    }

    [Fact]
    public void A_root_may_be_relative_and_the_working_directory_gone()
    {
        PrepareAlpha("no");
        Root.Remember();

        InShell("cd \"$1\"/.. && exec \"$0\" --root=root merge").Succeeds();
        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
        InShell("cd \"$1\" && exec \"$0\" --root=. refresh --always-refresh=yes").Succeeds();
        InShell("mkdir \"$1\"-gone && cd \"$1\"-gone && rmdir \"$1\"-gone && exec \"$0\" --root=\"$1\" unmerge")
            .Succeeds();
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
        foreach (string verb in new[] { "merge", "unmerge", "refresh", "boot", "prune", "reset --all" })
            AsNobody(verb).FailsInOneLine(verb.Split(' ')[0] + " needs root privileges");

        Assert.Equal(before, Root.State());

        // The binary may lie where only root can go, so it is passed as an open file.
        Outcome AsNobody(string verb) =>
            InShell($"exec 9<\"$0\"; exec setpriv --reuid=65534 --regid=65534 --clear-groups /proc/self/fd/9 "
            + $"--root=\"$1\" {verb}");
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
