using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>
/// Others change files while a reset is at work: none of their changes is lost, and nothing outside is touched.
/// </summary>
public sealed class ResetRaceTests : KernelTest
{
    private const string Backups = "/var/lib/bootmerge/reset";

    /// <summary>
    /// Shell commands: in the vendor's tree, in the machine's, and in the machine's again once the copy is whole. Then
    /// what is reset, and what the program says stays.
    /// </summary>
    public static TheoryData<bool, string, string, string, string, string> Cases
    {
        get
        {
            TheoryData<bool, string, string, string, string, string> data = [];
            foreach (bool isMerged in new[] { false, true })
                foreach ((string vendor, string machine, string meanwhile, string arguments, string stays) in Rows)
                    data.Add(isMerged, vendor, machine, meanwhile, arguments, stays);
            return data;
        }
    }

    private static readonly (string, string, string, string, string)[] Rows =
    [
        ("echo a >f", "echo b >f", "echo c >f", "/etc/f", "/etc/f"),
        ("echo a >f", "echo b >f", "touch -r f ../ref; echo c >f; touch -r ../ref f; rm ../ref", "/etc/f", "/etc/f"),
        ("echo a >f", "echo b >f", "echo c >n; mv n f", "/etc/f", "/etc/f"),
        ("echo a >f", "echo b >f", "rm f; mkdir f; echo c >f/g", "/etc/f", "/etc/f"),
        ("echo a >f", "echo b >f; echo b >g", "chmod 600 f", "/etc/f /etc/g", "/etc/f"),
        ("echo a >f", "echo b >f", "setfattr -n user.x -v 1 f", "--all", "/etc/f"),
        (":", "echo b >f; echo b >g", "echo c >f", "--all", "/etc/f"),
        (":", "mkdir d; echo b >d/f; echo b >d/g", "echo c >d/n", "/etc/d", "/etc/d/n"),
        (":", "mkdir d; echo b >d/f; echo b >d/g", "echo c >d/f", "/etc/d", "/etc/d/f"),
        (":", "mkdir d; echo b >d/f", "mkdir d/n; echo c >d/n/f", "/etc/d", "/etc/d/n"),
        (":", "mkdir d; echo b >d/f", "mv d e; mkdir d; echo c >d/f", "/etc/d", "/etc/d"),
        (":", "mkdir d; echo b >d/f", "chmod 700 d", "/etc/d", "/etc/d"),
        (":", "mkdir d; echo b >d/f", "setfattr -n user.x -v 1 d", "/etc/d", "/etc/d"),
        (":", "mkdir d; echo b >d/f; echo b >d/g", "rm d/g", "/etc/d", ""),
        (":", "mkdir d; echo b >d/f; echo b >g", "mv g d/g", "/etc/d /etc/g", "/etc/d/g"),
        ("mkdir d; echo a >d/f", "mkdir d; echo b >d/f; echo b >d/g", "echo c >d/n", "/etc/d", "/etc/d/n"),
        ("mkdir d; echo a >d/f", "mkdir d; echo b >d/f; echo b >d/g", "echo c >d/f", "/etc/d", "/etc/d/f"),
        ("mkdir d; echo a >d/f", "mkdir d; echo b >d/f; chmod 700 d", "setfattr -n user.x -v 1 d", "/etc/d", "/etc/d"),
        ("mkdir d; echo a >d/f", "mkdir d; mark d opaque=y; echo b >d/g", "echo c >d/n", "/etc/d", "/etc/d/n"),
        ("mkdir d; echo a >d/f", "echo b >d", "rm d; echo c >d", "/etc/d", "/etc/d"),
        ("echo a >d", "mkdir d; echo b >d/f", "echo c >d/n", "/etc/d", "/etc/d/n"),
        ("echo a >d", "mkdir -p d/e; echo b >d/e/f", "echo c >d/e/f", "/etc/d", "/etc/d/e/f"),
        ("ln -s a l", "ln -s b l", "ln -sfn c l", "/etc/l", "/etc/l"),
        (":", "ln -s b l", "ln -sfn c l", "/etc/l", "/etc/l"),
        (":", "echo b >f; ln f g; ln f h", "echo c >>g", "/etc/f /etc/g /etc/h", "/etc/f /etc/g /etc/h"),
        (":", "echo b >f; ln f g; echo b >h", "echo c >>h", "--all", "/etc/h"),
        (":", "mkfifo p", "chmod 600 p", "/etc/p", "/etc/p"),
        ("echo a >f", "whiteout f", "rm -f f; echo c >f", "/etc/f", "/etc/f"),
    ];

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_comes_or_changes_after_the_copy_stays_and_is_named(bool isMerged, string vendor, string machine,
        string meanwhile, string arguments, string stays)
    {
        Arrange(vendor, machine);
        if (isMerged)
            Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        SortedDictionary<string, string> then = [];

        Outcome outcome = Traced.Meanwhile("syncfs:delay_enter=1500000:when=2", IsCopied, () =>
        {
            RawTree.Do(Root.Etc, meanwhile);
            then = Files.Snapshot(Root.Raw + "/etc");
        }, Root, ["reset", .. arguments.Split(' ')]);

        string[] expected = [.. stays.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        Assert.Equal(expected.Length > 0 ? 1 : 0, outcome.Status);
        Assert.Equal(expected, outcome.ErrorLines.Where(line => line.Contains(" stays: it ", StringComparison.Ordinal))
            .Select(line => line.Split(' ')[1]).Order(StringComparer.Ordinal));
        Assert.DoesNotContain("failed", outcome.Error, StringComparison.Ordinal);
        if (expected.Length > 0)
            outcome.Says("Not everything is reset");

        // Each file of that moment is in its place, or in the copy.
        string copy = Root.Raw + Backups + "/" + Assert.Single(Files.List(Root.Raw + Backups)) + "/etc";
        HashSet<string> kept = [.. Files.Snapshot(copy).Values];
        SortedDictionary<string, string> after = Files.Snapshot(Root.Raw + "/etc");
        foreach ((string path, string line) in then)
            Assert.True(after.GetValueOrDefault(path) == line || kept.Contains(line)
                || line.StartsWith("directory", StringComparison.Ordinal) && after.ContainsKey(path),
                $"lost: {path} {line}\n{outcome}");
        Assert.DoesNotContain(after.Keys, path => path.Contains(".bootmerge-reset", StringComparison.Ordinal));

        // A second reset removes all of it.
        Root.Bootmerge(["reset", .. arguments.Split(' ')]).Succeeds();
        if (isMerged)
            Root.Bootmerge("unmerge").Succeeds();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Without_a_copy_what_changes_after_the_first_removal_stays_as_well(bool isMerged)
    {
        Arrange(":", "echo b >a; echo b >f; mkdir d; echo b >d/g");
        if (isMerged)
            Root.Bootmerge("merge", "--mutable=auto").Succeeds();

        Outcome outcome = Traced.Meanwhile("unlinkat:delay_exit=1500000:when=1", () => !Root.ExistsRaw("/etc/a"),
            () => RawTree.Do(Root.Etc, "echo c >f; echo c >d/n; echo c >late"), Root, "reset", "--all", "--no-backup");

        Assert.Equal(1, outcome.Status);
        outcome.Says("/etc/f stays", "/etc/d/n stays").Prints("reset /etc/a\nreset /etc/d, except what stays\n");
        Assert.Equal(["/", "/d", "/d/n", "/f", "/late"], Files.Snapshot(Root.Raw + "/etc").Keys);
        Assert.Equal("c\n", Root.Read("/etc/f"));
        if (isMerged)
            Root.Bootmerge("unmerge").Succeeds();
    }

    [Fact]
    public void A_directory_that_is_swapped_for_a_symlink_leads_no_chmod_out_of_the_root()
    {
        Arrange("mkdir d; chown 3:4 d; chmod 711 d", "mkdir d; chmod 750 d");
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        string outside = Directory.CreateDirectory(Root.Aside + "/outside").FullName;
        Files.ChangeMode(outside, "0700");

        Traced.Meanwhile("fchownat:delay_exit=1500000:when=1", () => Files.Owner(Root.Etc + "/d") is "3:4",
            () => RawTree.Do(Root.Etc, $"mv d e; ln -s {outside} d"), Root, "reset", "--no-backup", "/etc/d");

        Assert.Equal(("0700", "0:0"), (Files.Mode(outside), Files.Owner(outside)));
        Assert.Equal(("0711", "3:4"), (Files.Mode(Root.Etc + "/e"), Files.Owner(Root.Etc + "/e")));
        Root.Bootmerge("unmerge").Succeeds();
    }

    /// <summary>Whether the copy has its final name.</summary>
    private bool IsCopied() => Directory.Exists(Root.Raw + Backups)
        && Files.List(Root.Raw + Backups).Exists(name => name is not ".partial");

    private void Arrange(string vendor, string machine)
    {
        Root.Route("/etc");
        Root.Remove("/etc/hostname");
        Root.Extension("vendor", ("keep", "keep"));
        RawTree.Do(Root.Raw + "/var/lib/confexts/vendor/etc", vendor);
        RawTree.Do(Root.Raw + "/etc", machine);
        Root.Expect("/etc", "/var/lib/confexts", "/var/lib/bootmerge");
    }
}
