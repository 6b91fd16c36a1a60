using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>diff reports what was done through a real merge, both while it is merged and afterwards.</summary>
public sealed class DiffTests : KernelTest
{
    private static readonly string[] Types = ["file", "directory", "symlink", "fifo", "device", "hardlink"];

    /// <summary>
    /// Shell commands (<see cref="RawTree"/>) in the vendor's tree, then in the merged /etc; and the lines of diff,
    /// /etc/hostname left out.
    /// </summary>
    public static TheoryData<string, string, string> Trees => new(
        ("echo a >f", ":", ""),
        ("echo a >f", "touch -d 2001-01-01 f", ""),
        ("echo a >f", "echo a >f", ""),
        ("echo a >f", "echo b >f", "modified /etc/f (content)"),
        ("echo a >f", "echo aa >f", "modified /etc/f (content)"),
        ("echo a >f", ": >f", "modified /etc/f (content)"),
        ("echo a >f", "chmod 600 f", "modified /etc/f (mode)"),
        ("echo a >f", "chmod 4755 f", "modified /etc/f (mode)"),
        ("echo a >f", "chown 3:4 f", "modified /etc/f (owner)"),
        ("echo a >f", "chown 3 f; chmod 640 f; echo b >f", "modified /etc/f (mode, owner, content)"),
        ("echo a >f", "xattr f user.x=0x31", "modified /etc/f (xattr)"),
        ("echo a >f; xattr f user.x=0x31", "xattr f user.x=0x32", "modified /etc/f (xattr)"),
        ("echo a >f; xattr f user.x=0x31", "setfattr -x user.x f", "modified /etc/f (xattr)"),
        ("echo a >f", "xattr f security.capability=0x0100000202000000000000000000000000000000",
            "modified /etc/f (xattr)"),
        ("echo a >f", "acl f", "modified /etc/f (mode, acl)"),
        ("mkdir d", "acl d", "modified /etc/d (mode, acl)"),
        ("echo a >f", "xattr f security.selinux=0x61", ""),
        ("echo a >f", "rm f", "deleted  /etc/f"),
        (":", "echo a >f", "added    /etc/f"),
        (":", "echo a >f; rm f", ""),
        (":", "mkdir d; echo a >d/f", "added    /etc/d\nadded    /etc/d/f"),
        ("mkdir d; echo a >d/f", "rm -r d", "deleted  /etc/d"),
        ("mkdir d; echo a >d/f", "rm d/f", "deleted  /etc/d/f"),
        ("mkdir d; echo a >d/f", "rm -r d; mkdir d", "replaced /etc/d\ndeleted  /etc/d/f"),
        ("mkdir d; echo a >d/f", "rm -r d; mkdir d; echo a >d/f", "replaced /etc/d"),
        ("mkdir d; echo a >d/f", "rm -r d; mkdir d; echo b >d/f; echo c >d/g",
            "replaced /etc/d\nmodified /etc/d/f (content)\nadded    /etc/d/g"),
        ("mkdir -p d/e/f; echo a >d/e/f/g", "rm -r d/e; mkdir d/e; mkdir d/e/f",
            "replaced /etc/d/e\ndeleted  /etc/d/e/f/g"),
        ("mkdir d; echo a >d/f", "chmod 700 d", "modified /etc/d (mode)"),
        ("mkdir d; echo a >d/f", "mv d e", "deleted  /etc/d\nmoved    /etc/e (from /etc/d)"),
        ("mkdir d; echo a >d/f", "mv d e; echo b >e/f",
            "deleted  /etc/d\nmoved    /etc/e (from /etc/d)\nmodified /etc/e/f (content)"),
        ("mkdir d; echo a >d/f", "mv d e; rm e/f; echo c >e/g",
            "deleted  /etc/d\nmoved    /etc/e (from /etc/d)\ndeleted  /etc/e/f\nadded    /etc/e/g"),
        ("mkdir -p d/e; echo a >d/e/f", "mv d/e g", "deleted  /etc/d/e\nmoved    /etc/g (from /etc/d/e)"),
        ("mkdir -p d/e; echo a >d/e/f", "mv d/e g; mv g d/h", "deleted  /etc/d/e\nmoved    /etc/d/h (from /etc/d/e)"),
        ("mkdir -p d/e; echo a >d/e/f", "mv d/e d/h; mv d g",
            "deleted  /etc/d\nmoved    /etc/g (from /etc/d)\ndeleted  /etc/g/e\nmoved    /etc/g/h (from /etc/d/e)"),
        ("mkdir d; echo a >d/f", "mv d e; mkdir d",
            "replaced /etc/d\ndeleted  /etc/d/f\nmoved    /etc/e (from /etc/d)"),
        ("mkdir d; echo a >d/f", "mv d e; mv e d", ""),
        ("mkdir d; echo a >d/f", "mv d e; mv e d; chmod 700 d; echo b >d/f",
            "modified /etc/d (mode)\nmodified /etc/d/f (content)"),
        ("ln -s a l", "ln -sf b l", "modified /etc/l (content)"),
        ("ln -s a l", "ln -sf a l", ""),
        ("ln -s a l", "chown -h 3 l", "modified /etc/l (owner)"),
        ("echo a >f", "mv f g", "deleted  /etc/f\nadded    /etc/g"),
        ("echo a >f; ln f g", "echo b >f", "modified /etc/f (content)"),
        ("echo a >f", "ln f g", "added    /etc/g"),
        ("truncate -s 3M f", "echo x >>f; truncate -s 3M f", ""),
        ("truncate -s 3M f", "printf x | dd of=f bs=1 seek=2000000 conv=notrunc status=none",
            "modified /etc/f (content)"),
        ("echo a >'a b'", "echo b >'a b'", "modified \"/etc/a b\" (content)"),
        (":", "echo a >\"$(printf 'x\\ny')\"", "added    \"/etc/x\\ny\""),
        (":", "echo a >\"$(printf 'x\\377y')\"", "added    \"/etc/x\\377y\""),
        (":", "echo a >'q\"q'", "added    \"/etc/q\\\"q\""),
        (":", "touch $(printf '%0255d' 0)", "added    /etc/" + new string('0', 255)),
        ("mkdir -p .systemd-confext; echo 0:1 >.systemd-confext/dev", ":", ""));

    [Theory]
    [MemberData(nameof(Trees))]
    public void It_says_what_was_done_to_a_tree(string vendor, string machine, string expected)
    {
        Root.Route("/etc");
        Root.Remove("/etc/hostname");
        Root.Extension("vendor", ("keep", "keep"));
        RawTree.Do(Root.Raw + "/var/lib/confexts/vendor/etc", vendor);
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        RawTree.Do(Root.Etc, machine);
        Root.Expect("/etc");

        string[] wanted = [.. expected.Split('\n', StringSplitOptions.RemoveEmptyEntries)];
        Assert.Equal(wanted, Lines("diff"));
        Root.Bootmerge("unmerge").Succeeds();
        Assert.Equal(wanted, Lines("diff"));
        Assert.Equal(Files.List(Root.Raw + "/etc").Count > 0 ? wanted : [], Lines("diff", "--mutable=import"));
        Assert.Equal(expected.Length == 0 ? 0 : 1, Root.Bootmerge("diff", "--exit-code").Status);
    }

    [Fact]
    public void Every_type_in_the_place_of_every_other_is_told()
    {
        Root.Route("/etc");
        Root.Extension("vendor", ("hard", "hard"));
        string tree = Root.Raw + "/var/lib/confexts/vendor/etc";
        List<string> wanted = [];
        foreach (string from in Types)
            RawTree.Do(tree, string.Join("; ", Types.Select(to => Make(from, $"{from}-{to}"))));
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        foreach (string from in Types)
        {
            RawTree.Do(Root.Etc,
                string.Join("; ", Types.Select(to => $"rm -rf {from}-{to}; {Make(to, $"{from}-{to}")}")));
            foreach (string to in Types)
            {
                bool isSame = Kind(from) == Kind(to);
                if (to is "directory" && from is "directory")
                    wanted.Add($"replaced /etc/{from}-{to}");
                else if (!isSame)
                    wanted.Add($"modified /etc/{from}-{to} (type)");
                else if (from != to)
                    wanted.Add($"modified /etc/{from}-{to} (content)");
            }
        }

        Root.Expect("/etc");
        Assert.Equal(wanted.Order(StringComparer.Ordinal), Lines("diff").Order(StringComparer.Ordinal));
        Root.Bootmerge("unmerge").Succeeds();
        Assert.Equal(wanted.Order(StringComparer.Ordinal), Lines("diff").Order(StringComparer.Ordinal));

        static string Kind(string type) => type is "hardlink" ? "file" : type;
        static string Make(string type, string name) => type switch
        {
            "file" => $"echo file >{name}",
            "directory" => $"mkdir {name}",
            "symlink" => $"ln -s target {name}",
            "fifo" => $"mkfifo {name}",
            "device" => $"mknod {name} c 1 3",
            _ => $"ln hard {name}",
        };
    }

    [Fact]
    public void Trees_of_200_levels_are_walked_to_the_end()
    {
        Root.Route("/etc");
        Root.Extension("vendor", ("keep", "keep"));
        string deep = string.Join('/', Enumerable.Repeat("d", 200));
        RawTree.Do(Root.Raw + "/var/lib/confexts/vendor/etc", $"mkdir -p {deep}; echo a >{deep}/f");
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        RawTree.Do(Root.Etc, $"echo b >{deep}/f");
        Root.Expect("/etc");

        Assert.Equal([$"modified /etc/{deep}/f (content)"], Lines("diff"));
        Root.Bootmerge("explain", $"/etc/{deep}/f").Succeeds().Prints("provides upper", "hidden   vendor");
    }

    [Fact]
    public void Layers_below_are_seen_as_overlayfs_sees_them()
    {
        Root.Route("/etc");
        Root.Extension("a", ("f", "a"), ("gone", "a"), ("d/one", "a"));
        Root.Extension("b", ("f", "b"));
        Files.MakeWhiteout(Root.Raw + "/var/lib/confexts/b/etc/gone");
        Directory.CreateDirectory(Root.Raw + "/var/lib/confexts/b/etc/d");
        Files.SetXattr(Root.Raw + "/var/lib/confexts/b/etc/d", "trusted.overlay.opaque", "y");
        Root.Write("/etc/f", "b");
        Root.Write("/etc/gone", "machine");
        Root.Write("/etc/d/one", "a");

        Assert.Equal(["added    /etc/d/one", "added    /etc/gone"], Lines("diff"));
        Root.Bootmerge("explain", "/etc/d/one", "/etc/gone").Succeeds()
            .Prints("provides upper: file /etc/d/one\n  hidden   a: file /var/lib/confexts/a/etc/d/one\n",
            "hidden   b: whiteout /var/lib/confexts/b/etc/gone\n");
    }

    /// <summary>
    /// Since 6.7, an empty file with this attribute is a whiteout for the kernel, whatever the attribute's value.
    /// </summary>
    [Fact]
    public void A_whiteout_may_be_an_empty_file_with_an_attribute()
    {
        Root.Route("/etc");
        Root.Extension("vendor", ("f", ""), ("g", ""), ("h", "vendor"));
        RawTree.Do(Root.Raw + "/etc",
            ": >f; mark f whiteout=y; : >g; mark g whiteout=n; echo machine >h; mark h whiteout=y; : >new");

        Assert.Equal(["deleted  /etc/f", "deleted  /etc/g", "modified /etc/h (content)", "added    /etc/new"],
            Lines("diff"));
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        Assert.Equal("False False True True",
            string.Join(' ', new[] { "f", "g", "h", "new" }.Select(name =>
            File.Exists(Root.Etc + "/" + name).ToString())));
    }

    [Fact]
    public void A_merge_in_memory_is_compared_as_it_is_seen()
    {
        Root.Extension("vendor", ("f", "vendor"), ("g", "vendor"));
        Root.Bootmerge("merge", "--mutable=ephemeral").Succeeds();
        File.WriteAllText(Root.Etc + "/f", "machine");
        File.Delete(Root.Etc + "/g");
        File.WriteAllText(Root.Etc + "/h", "machine");

        Assert.Equal(["modified /etc/f (content)", "deleted  /etc/g", "added    /etc/h"], Lines("diff"));
        Root.Bootmerge("explain", "/etc/g").Succeeds()
            .Prints("deletes  merge: absent /etc/g\n  hidden   vendor: file /var/lib/confexts/vendor/etc/g\n");
        Root.Bootmerge("explain", "/etc/none").FailsInOneLine("/etc/none");
    }

    [Fact]
    public void Json_has_all_of_it()
    {
        Root.Route("/etc");
        Root.Extension("vendor", ("f", "vendor"), ("d/f", "vendor"));
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        RawTree.Do(Root.Etc, "echo a >f; chmod 600 f; mv d e");
        Root.Expect("/etc");

        foreach (string format in new[] { "short", "pretty" })
        {
            JsonElement changes = Root.Bootmerge("diff", "--json=" + format).Succeeds().Json();
            Assert.Equal(["deleted /etc/d  ", "moved /etc/e /etc/d ", "modified /etc/f  mode content",
                "added /etc/hostname  "],
                changes.EnumerateArray().Select(change =>
                    $"{change.GetProperty("change").GetString()} {change.GetProperty("path").GetString()} {change.GetProperty("from").GetString()} "
                    + string.Join(' ', change.GetProperty("differs").EnumerateArray()
                    .Select(word => word.GetString()))));
            Assert.Equal(0, Root.Bootmerge("diff", "--json=" + format, "/etc/extension-release.d").Succeeds().Json()
                .GetArrayLength());
        }
    }

    [Theory]
    [InlineData("a\nb\nc\n", "a\nB\nc\n")]
    [InlineData("", "a\n")]
    [InlineData("a\n", "")]
    [InlineData("a", "a\n")]
    [InlineData("a\nb", "a\nc")]
    [InlineData("1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n",
        "1\nx\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\ny\n16\n")]
    [InlineData("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\nx\n3\n4\n5\n6\n7\ny\n9\n")]
    [InlineData("a\nb\nc\nd\ne\nf\n", "b\nc\nx\ne\nf\ng\n")]
    public void Texts_are_compared_as_diff_does(string vendor, string machine)
    {
        Root.Route("/etc");
        Root.Extension("vendor", ("f", vendor));
        Root.Write("/etc/f", machine);
        string[] expected = Outcome.Of("diff",
            ["-u", Root.Raw + "/var/lib/confexts/vendor/etc/f", Root.Raw + "/etc/f"]).Output.Split('\n')[2..];

        string[] lines = Root.Bootmerge("diff", "--content", "--no-legend", "/etc/f").Succeeds().Output.Split('\n');

        Assert.Equal(["modified /etc/f (content)", "--- below/etc/f", "+++ machine/etc/f", .. expected], lines);
    }

    /// <summary>
    /// Shell commands in the vendor's tree, then in the merged /etc; what diff is asked; and its lines. Apart from
    /// these, only the vendor has anything below /etc: keep, which the machine has changed.
    /// </summary>
    public static TheoryData<string, string, string, string> Asked => new(
        ("mkdir -p d/e; echo a >d/e/f; echo a >d/g", "echo b >d/e/f; echo b >d/g; chmod 700 d d/e", "/etc/d",
            "modified /etc/d (mode)|modified /etc/d/e (mode)|modified /etc/d/e/f (content)|modified "
            + "/etc/d/g (content)"),
        ("mkdir -p d/e; echo a >d/e/f; echo a >d/g", "echo b >d/e/f; echo b >d/g; chmod 700 d d/e", "/etc/d/",
            "modified /etc/d (mode)|modified /etc/d/e (mode)|modified /etc/d/e/f (content)|modified "
            + "/etc/d/g (content)"),
        ("mkdir -p d/e; echo a >d/e/f; echo a >d/g", "echo b >d/e/f; echo b >d/g; chmod 700 d d/e", "/etc/d/e",
            "modified /etc/d/e (mode)|modified /etc/d/e/f (content)"),
        ("mkdir -p d/e; echo a >d/e/f; echo a >d/g", "echo b >d/e/f; echo b >d/g; chmod 700 d d/e", "/etc/d/e/f",
            "modified /etc/d/e/f (content)"),
        ("mkdir -p d/e; echo a >d/e/f; echo a >d/g", "echo b >d/e/f; echo b >d/g; chmod 700 d d/e",
            "/etc/d/g /etc/d/e/f", "modified /etc/d/e/f (content)|modified /etc/d/g (content)"),
        ("mkdir -p d/e; echo a >d/e/f; echo a >d/g", "echo b >d/e/f", "/etc/d/g", ""),
        ("mkdir d; echo a >d/f; echo a >d2", "echo b >d/f; echo b >d2", "/etc/d", "modified /etc/d/f (content)"),
        (":", ":", "/etc", "modified /etc/keep (content)"),
        (":", "mkdir -p d/e; echo a >d/e/f", "/etc/d/e", "added    /etc/d/e|added    /etc/d/e/f"),
        (":", "mkdir -p d/e; echo a >d/e/f", "/etc/d/e/f", "added    /etc/d/e/f"),
        ("mkdir -p d/e; echo a >d/e/f", "rm -r d", "/etc/d", "deleted  /etc/d"),
        ("mkdir -p d/e; echo a >d/e/f", "rm -r d", "/etc/d/e/f", "deleted  /etc/d"),
        ("mkdir -p d/e; echo a >d/e/f", "rm -r d; echo a >d", "/etc/d/e/f", "modified /etc/d (type)"),
        ("mkdir -p d/e; echo a >d/e/f", "rm -r d; mkdir d", "/etc/d/e/f", "deleted  /etc/d/e"),
        ("mkdir -p d/e; echo a >d/e/f", "mv d m", "/etc/d/e/f", "deleted  /etc/d"),
        ("mkdir -p d/e; echo a >d/e/f", "mv d m", "/etc/m/e/f", "moved    /etc/m (from /etc/d)"),
        ("mkdir -p d/e; echo a >d/e/f", "mv d m; echo b >m/e/f", "/etc/m/e/f",
            "moved    /etc/m (from /etc/d)|modified /etc/m/e/f (content)"));

    [Theory]
    [MemberData(nameof(Asked))]
    public void A_path_is_told_with_what_is_below_it_and_no_other(string vendor, string machine, string asked,
        string expected)
    {
        Root.Route("/etc");
        Root.Remove("/etc/hostname");
        Root.Extension("vendor", ("keep", "keep"));
        RawTree.Do(Root.Raw + "/var/lib/confexts/vendor/etc", vendor);
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        RawTree.Do(Root.Etc, "echo changed >keep; " + machine);
        Root.Expect("/etc");

        Assert.Equal(expected, string.Join('|', Lines(["diff", .. asked.Split(' ')])));
        Assert.Equal(expected.Length == 0 ? 0 : 1, Root.Bootmerge(["diff", "--exit-code", .. asked.Split(' ')]).Status);
        Root.Bootmerge("unmerge").Succeeds();
        Assert.Equal(expected, string.Join('|', Lines(["diff", .. asked.Split(' ')])));
    }

    [Theory]
    [InlineData("auto", "/etc")]
    [InlineData("auto", "/srv")]
    [InlineData("auto", null)]
    [InlineData("no", "/etc")]
    [InlineData("import", "/etc")]
    [InlineData("ephemeral", "/etc")]
    [InlineData("ephemeral-import", "/etc")]
    public void A_path_that_no_layer_has_is_a_failure_and_the_others_are_told(string mode, string? routed)
    {
        Root.Extension("vendor", ("f", "vendor"), ("d/f", "vendor"));
        Root.MakeDirectory("/srv");
        if (routed is not null)
            Root.Route(routed);
        foreach (bool isMerged in new[] { false, true })
        {
            if (isMerged)
                Root.Bootmerge("merge", "--mutable=" + mode).Succeeds();
            Root.Bootmerge("--mutable=" + mode, "diff", "/etc/f", "/etc/hostname", "/etc/d").Succeeds();
            Outcome outcome = Root.Bootmerge("--mutable=" + mode, "diff", "--no-legend", "/etc/hostname",
                "/etc/nothing", "/etc/f/x", "/etc/d").Says("no layer has '/etc/nothing', '/etc/f/x'");
            bool isAbove = routed is "/etc" && mode is "auto" or "import" or "ephemeral-import";
            Assert.Equal((1, isAbove ? "added    /etc/hostname\n" : ""), (outcome.Status, outcome.Output));
        }
    }

    [Fact]
    public void Where_nothing_is_merged_the_hierarchy_is_its_only_layer()
    {
        Root.Write("/opt/f", "machine");
        Root.Bootmerge("--class=sysext", "--mutable=no", "explain", "/opt/f").Succeeds()
            .Prints("/opt/f\n  provides opt: file /opt/f\n");
        Root.Bootmerge("--class=sysext", "--mutable=no", "diff", "/opt/f").Succeeds()
            .Says("Nothing to compare in /opt");
        Root.Bootmerge("--class=sysext", "--mutable=no", "diff", "/opt/g").Fails("no layer has '/opt/g'");
        Root.Bootmerge("--class=sysext", "--mutable=no", "explain", "/usr").Succeeds()
            .Prints("provides usr: directory /usr\n");
    }

    [Fact]
    public void What_is_no_text_is_not_shown()
    {
        Root.Route("/etc");
        Root.Extension("vendor", ("f", "a\0b"));
        Root.Write("/etc/f", "c\0d");

        Root.Bootmerge("diff", "--content").Succeeds().Prints("Not shown: not text");
    }

    [Theory]
    [InlineData("/usr/x", "in none of the hierarchies")]
    [InlineData("/etcetera", "in none of the hierarchies")]
    [InlineData("/etc/../usr", "in none of the hierarchies")]
    [InlineData("etc", "not an absolute path")]
    public void A_path_outside_the_hierarchies_is_refused(string path, string words)
    {
        Root.Bootmerge("diff", path).FailsInOneLine(words);
        Root.Bootmerge("explain", path).FailsInOneLine(words);
    }

    [Fact]
    public void In_mode_no_there_is_nothing_to_compare_but_something_to_explain()
    {
        Root.Extension("vendor", ("hostname", "vendor"));
        Root.Bootmerge("merge").Succeeds();

        Root.Bootmerge("diff").Succeeds().Says("extensions are above");
        Root.Bootmerge("explain", "/etc/hostname").Succeeds()
            .Prints("provides vendor: file /var/lib/confexts/vendor/etc/hostname",
            "hidden   etc: file /etc/hostname");
        Root.Bootmerge("explain", "/etc/nothing").Fails("no layer has '/etc/nothing'");
    }

    [Fact]
    public void Both_classes_are_compared()
    {
        Root.Write("/var/lib/extensions/tools/usr/lib/extension-release.d/extension-release.tools", "ID=_any\n");
        Root.Write("/var/lib/extensions/tools/usr/bin/tool", "tool");
        Root.Write("/var/lib/extensions/tools/opt/tool/file", "tool");
        Root.MakeDirectory("/opt");
        Root.Write("/var/lib/extensions.mutable/opt/tool/file", "machine");
        Root.Write("/var/lib/extensions.mutable/opt/new", "machine");

        Assert.Equal(["added    /opt/new", "modified /opt/tool/file (content)"], Lines("--class=sysext", "diff"));
        Root.Bootmerge("--class=all", "explain", "/opt/tool/file", "/usr/bin/tool").Succeeds()
            .Prints("provides upper", "provides tools");
    }

    [Fact]
    public void A_file_that_changes_while_it_is_read_is_only_told_as_different_or_not()
    {
        Root.Route("/etc");
        Root.Extension("vendor", ("f", new string('a', 100_000)));
        Root.Write("/etc/f", new string('a', 100_000));
        Root.Remember();
        using System.Threading.CancellationTokenSource end = new();
        System.Threading.Thread writer = new(() =>
        {
            while (!end.IsCancellationRequested)
            {
                File.WriteAllText(Root.Raw + "/etc/f", new string('b', 50_000));
                File.Delete(Root.Raw + "/etc/f");
                File.WriteAllText(Root.Raw + "/etc/f", new string('a', 100_000));
            }
        });
        writer.Start();
        try
        {
            for (int i = 0; i < 100; i++)
                Assert.All(Lines("diff"), line => Assert.Equal("modified /etc/f (content)", line));
        }
        finally
        {
            end.Cancel();
            writer.Join();
        }
    }

    private List<string> Lines(params string[] arguments) =>
        [.. Root.Bootmerge(["--no-legend", .. arguments])
            .Succeeds().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => !line.EndsWith(" /etc/hostname", StringComparison.Ordinal))];
}
