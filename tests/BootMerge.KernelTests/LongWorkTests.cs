using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>Long work shows its progress at a terminal, and can be interrupted.</summary>
public sealed class LongWorkTests : KernelTest
{
    private const int Count = 60;
    private const int Interrupted = 130; // 128 and the number of SIGINT

    // Makes 60 files take longer than a second.
    private const string Slowly = "strace -f -o /dev/null -e trace=statx -e inject=statx:delay_enter=20000";

    private static readonly string[] Names = [.. Enumerable.Range(100, Count).Select(number => "f" + number)];

    [Theory]
    [InlineData("diff")]
    [InlineData("--dry-run prune")]
    [InlineData("--dry-run --all reset")]
    public void At_a_terminal_a_line_says_how_far_it_has_come_and_is_gone_in_the_end(string verb)
    {
        Arrange("vendor", "machine");
        string shown = AtTerminal($"{Slowly} {Workplace.Binary} --root={Root.Path} --mutable=auto {verb}");

        string line = shown.Split('\r').Last(part => part.Contains(" looked at", StringComparison.Ordinal));
        Assert.Matches($"^{verb.Split(' ')[^1]}: [0-9]+ files looked at$", line);
        string after = shown[(shown.LastIndexOf(line, StringComparison.Ordinal) + line.Length)..];
        Assert.StartsWith("\r" + new string(' ', line.Length) + "\r", after, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "2>&1 | cat")]
    [InlineData("", "| cat")]
    [InlineData("", "2>/dev/null")]
    [InlineData("--quiet ", "")]
    public void Elsewhere_there_is_no_such_line(string option, string redirection)
    {
        Arrange("vendor", "machine");
        string shown = AtTerminal($"{Slowly} {Workplace.Binary} --root={Root.Path} {option}diff {redirection}");

        Assert.Contains("modified /etc/f159", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("looked at", shown, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_quick_says_nothing_of_the_kind()
    {
        Arrange("vendor", "machine");
        Assert.DoesNotContain("looked at", AtTerminal($"{Workplace.Binary} --root={Root.Path} diff"),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("INT", Interrupted)]
    [InlineData("TERM", 143)]
    public void A_prune_that_is_interrupted_says_what_it_has_removed_and_the_next_one_does_the_rest(string signal,
        int status)
    {
        Arrange("same", "same");
        Outcome prune = Signal("unlinkat", signal, 5, "prune", "--mutable=auto", "--verbose");

        string[] gone = [.. Names.Where(name => !Root.ExistsRaw("/etc/" + name))];
        Assert.InRange(gone.Length, 1, Count - 1);
        Assert.Equal(status, prune.Status);
        prune.Says($"prune: removed {gone.Length} file", "prune was interrupted: run it again for the rest");
        Assert.All(gone, name => prune.Prints($"removed /etc/{name}:"));

        Root.Bootmerge("prune", "--mutable=auto").Succeeds().Says($"removed {Count - gone.Length} file");
    }

    [Fact]
    public void A_reset_that_is_interrupted_has_each_path_in_one_version_and_the_copy_has_all()
    {
        Arrange("vendor", "machine");
        Outcome reset = Signal("unlinkat", "INT", 5, ["reset", .. Paths]);

        string[] gone = [.. Names.Where(name => !Root.ExistsRaw("/etc/" + name))];
        Assert.InRange(gone.Length, 1, Count - 1);
        Assert.Equal(Interrupted, reset.Status);
        reset.Says($"reset: {gone.Length} of {Count} paths are done", "reset was interrupted: run it again");
        Assert.All(gone, name => reset.Prints("reset /etc/" + name + "\n"));
        Assert.All(Names, name => Assert.Equal("machine", File.ReadAllText(Copies().Single() + "/etc/" + name)));

        Root.Bootmerge(["reset", .. Paths]).Succeeds();
        Assert.DoesNotContain(Names, name => Root.ExistsRaw("/etc/" + name));
    }

    [Fact]
    public void A_reset_that_is_interrupted_while_it_copies_has_removed_nothing_and_leaves_no_half_copy()
    {
        Arrange("vendor", "machine");
        Outcome reset = Signal("utimensat", "INT", 5, ["reset", .. Paths]);

        Assert.Equal(Interrupted, reset.Status);
        reset.Says("reset was interrupted: nothing is reset");
        Assert.All(Names, name => Assert.Equal("machine", Root.ReadRaw("/etc/" + name)));
        Assert.Empty(Copies());
    }

    [Fact]
    public void Through_a_merge_an_interrupted_reset_leaves_nothing_of_its_own_in_it()
    {
        Arrange("vendor", "machine");
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        Outcome reset = Signal("renameat2", "INT", 5, ["reset", .. Paths]);

        Assert.Equal(Interrupted, reset.Status);
        string[] given = [.. Names.Where(name => Root.Read("/etc/" + name) is "vendor")];
        Assert.InRange(given.Length, 1, Count - 1);
        reset.Says($"reset: {given.Length} of {Count} paths are done", "hide updates");
        Assert.All(Names.Except(given), name => Assert.Equal("machine", Root.Read("/etc/" + name)));
        Assert.False(Root.Exists("/etc/.bootmerge-reset"));

        Root.Bootmerge(["reset", .. Paths]).Succeeds();
        Assert.All(Names, name => Assert.Equal("vendor", Root.Read("/etc/" + name)));
        Root.Bootmerge("unmerge").Succeeds();
    }

    [Fact]
    public void An_interrupted_diff_says_that_its_list_is_not_complete()
    {
        Arrange("vendor", "machine");
        Outcome diff = Signal("statx", "INT", 100, "diff", "--no-legend");

        Assert.Equal(Interrupted, diff.Status);
        diff.Says("diff was interrupted: the list is not complete");
    }

    [Fact]
    public void What_the_caller_ignores_stays_ignored()
    {
        Arrange("same", "same");
        Root.Remember();
        Outcome.Of("sh", ["-c", $"trap '' INT; exec strace -f -o /dev/null -e trace=unlinkat -e "
            + $"inject=unlinkat:signal=INT:when=5 {Workplace.Binary} --root={Root.Path} prune --mutable=auto"])
            .Succeeds().Says($"removed {Count} file");
    }

    private static IEnumerable<string> Paths => Names.Select(name => "/etc/" + name);

    private void Arrange(string vendor, string machine)
    {
        Root.Route("/etc");
        Root.Extension("vendor", [.. Names.Select(name => (name, vendor))]);
        foreach (string name in Names)
            Root.Write("/etc/" + name, machine);
        Root.Expect("/etc", "/var/lib/bootmerge");
    }

    private string[] Copies() => Directory.Exists(Root.Raw + "/var/lib/bootmerge/reset")
        ? Directory.GetFileSystemEntries(Root.Raw + "/var/lib/bootmerge/reset") : [];

    /// <summary>Sends a signal at the <paramref name="when"/>th of these calls. The call is still made.</summary>
    private Outcome Signal(string call, string signal, int when, params string[] arguments)
    {
        Root.Remember();
        // If a shell runs the tests in the background, they start with SIGINT ignored.
        return Outcome.Of("env", ["--default-signal=INT", "strace", "-f", "-o", "/dev/null", "-e", "trace=" + call,
            "-e", $"inject={call}:signal={signal}:when={when}", Workplace.Binary, "--root=" + Root.Path, .. arguments]);
    }

    private string AtTerminal(string command)
    {
        Root.Remember();
        return Outcome.OfTool("script", "-qec", command, "/dev/null");
    }
}
