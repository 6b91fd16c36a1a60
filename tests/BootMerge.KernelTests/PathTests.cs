using System;
using System.Linq;
using System.Text.Json;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>The paths given to diff, explain and reset, and where they lead.</summary>
public sealed class PathTests : KernelTest
{
    /// <summary>
    /// Shell commands in the vendor's tree and in the merged /etc; the path asked for, and the path that it means. The
    /// vendor ships real/f, and the machine changes it. A symlink on the way is followed; one at the end only if a
    /// slash comes after it.
    /// </summary>
    public static TheoryData<string, string, string, string> Followed => new(
        (":", ":", "/etc/real/f", "/etc/real/f"),
        (":", ":", "//etc/./real//f", "/etc/real/f"),
        (":", ":", "/etc/real/f/", "/etc/real/f"),
        (":", ":", "/etc/nothing/../real/f", "/etc/real/f"),
        (":", ":", "/../etc/real/f", "/etc/real/f"),
        (":", ":", "/lnk/real/f", "/etc/real/f"),
        (":", ":", "/usr/../etc/real/f", "/etc/real/f"),
        ("ln -s real lnk", ":", "/etc/lnk/f", "/etc/real/f"),
        ("ln -s real lnk", ":", "/etc/lnk/", "/etc/real"),
        ("ln -s real lnk", ":", "/etc/lnk/.", "/etc/real"),
        ("ln -s real lnk", ":", "/etc/lnk", "/etc/lnk"),
        ("ln -s real lnk", ":", "/etc/lnk/../real/f", "/etc/real/f"),
        ("ln -s /etc/real lnk", ":", "/etc/lnk/f", "/etc/real/f"),
        ("ln -s ../etc/real lnk", ":", "/etc/lnk/f", "/etc/real/f"),
        ("ln -s ../../../etc/real lnk", ":", "/etc/lnk/f", "/etc/real/f"),
        ("ln -s a lnk; ln -s b a; ln -s real b", ":", "/etc/lnk/f", "/etc/real/f"),
        ("mkdir d; ln -s ../real d/lnk", ":", "/etc/d/lnk/f", "/etc/real/f"),
        ("mkdir d; ln -s ../real d/lnk; ln -s d/lnk e", ":", "/etc/e/f", "/etc/real/f"),
        (":", "ln -s real lnk", "/etc/lnk/f", "/etc/real/f"),
        ("mkdir d; echo a >d/f", "rm -r d; ln -s real d", "/etc/d/f", "/etc/real/f"),
        ("ln -s elsewhere lnk", "ln -sfn real lnk", "/etc/lnk/f", "/etc/real/f"),
        ("ln -s real lnk", "rm lnk; mkdir lnk; echo a >lnk/f", "/etc/lnk/f", "/etc/lnk/f"),
        ("mkdir d; ln -s ../real d/lnk", "mv d e", "/etc/e/lnk/f", "/etc/real/f"),
        ("mkdir d; ln -s ../real d/lnk", "mv d e; mv e d", "/etc/d/lnk/f", "/etc/real/f"),
        ("ln -s /lnk/real way", ":", "/etc/way/f", "/etc/real/f"),
        ("ln -s real 'l k'", ":", "/etc/l k/f", "/etc/real/f"),
        ("ln -s real \"$(printf 'l\\nk')\"", ":", "/etc/l\nk/f", "/etc/real/f"));

    [Theory]
    [MemberData(nameof(Followed))]
    public void Symlinks_on_the_way_are_followed_through_what_the_merge_shows(string vendor, string machine,
        string typed, string path)
    {
        Root.Route("/etc");
        Root.Symlink("/lnk", "etc");
        Root.Remove("/etc/hostname");
        Root.Extension("vendor", ("real/f", "vendor"));
        RawTree.Do(Root.Raw + "/var/lib/confexts/vendor/etc", vendor);
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        RawTree.Do(Root.Etc, "echo machine >real/f; " + machine);
        Root.Expect("/etc");

        Ask(typed, path);
        Root.Bootmerge("unmerge").Succeeds();
        Ask(typed, path);
        Ask(typed, path, "--mutable=import");
    }

    private void Ask(string typed, string path, params string[] options)
    {
        JsonElement explained = Root.Bootmerge(["explain", "--json=short", .. options, typed]).Succeeds().Json()[0];
        Assert.Equal(path, explained.GetProperty("resolved").GetString());
        string[] changed = [.. Root.Bootmerge(["diff", "--json=short", .. options, typed]).Succeeds().Json()
            .EnumerateArray().Select(change => change.GetProperty("path").GetString()!)];
        string[] all = [.. Root.Bootmerge(["diff", "--json=short", .. options]).Succeeds().Json().EnumerateArray()
            .Select(change => change.GetProperty("path").GetString()!)];
        Assert.Equal(all.Where(one => one == path || one.StartsWith(path + "/", StringComparison.Ordinal)), changed);
        if (options.Length == 0 && changed.Contains("/etc/real/f"))
            Root.Bootmerge("reset", "--dry-run", typed).Succeeds().Prints("would reset " + path + "\n");
    }

    [Theory]
    [InlineData("/usr/share/x", "/etc/lnk/f",
        "'/etc/lnk/f' leads to '/usr/share/x/f', which is in none of the hierarchies /etc")]
    [InlineData("../usr", "/etc/lnk/", "'/etc/lnk/' leads to '/usr', which is in none of the hierarchies /etc")]
    [InlineData("lnk", "/etc/lnk/f", "/etc/lnk/f cannot be followed: more than 40 symlinks, or a loop of symlinks")]
    [InlineData("nowhere", "/etc/lnk/f", "no layer has '/etc/nowhere/f'")]
    [InlineData("/", "/etc/lnk/usr", "'/etc/lnk/usr' leads to '/usr', which is in none of the hierarchies /etc")]
    public void What_a_symlink_leads_to_is_said_where_it_is_no_answer(string target, string typed, string words)
    {
        Root.Route("/etc");
        Root.Extension("vendor", ("f", "vendor"));
        Root.Symlink("/etc/lnk", target);

        Root.Bootmerge("explain", typed).FailsInOneLine(words);
        Root.Bootmerge("diff", typed).FailsInOneLine(words);
        if (target is not "nowhere")
            Root.Bootmerge("reset", typed).FailsInOneLine(words);
    }

    [Fact]
    public void A_symlink_may_lead_from_one_hierarchy_into_another()
    {
        Root.Write("/var/lib/extensions/tools/usr/lib/extension-release.d/extension-release.tools", "ID=_any\n");
        Root.Write("/var/lib/extensions/tools/opt/local/f", "tool");
        Root.Symlink("/var/lib/extensions/tools/usr/local", "../opt/local");
        Root.Symlink("/bin", "usr/bin");
        Root.Write("/var/lib/extensions/tools/usr/bin/tool", "tool");
        Root.MakeDirectory("/opt");

        foreach (bool isMerged in new[] { false, true })
        {
            if (isMerged)
                Root.Bootmerge("--class=sysext", "merge").Succeeds();
            Root.Bootmerge("--class=sysext", "explain", "/usr/local/f", "/bin/tool").Succeeds()
                .Prints("/usr/local/f is /opt/local/f\n  provides tools: file /var/lib/extensions/tools/opt/local/f\n"
                + "/bin/tool is /usr/bin/tool\n  provides tools: file /var/lib/extensions/tools/usr/bin/tool\n");
        }

        Root.Bootmerge("--class=sysext", "unmerge").Succeeds();
    }

    [Fact]
    public void A_hierarchy_that_is_a_symlink_itself_can_be_asked_by_both_names()
    {
        Root.Remove("/etc");
        Root.Write("/private/etc/f", "machine");
        Root.Symlink("/private/etc/lnk", "/private/etc/d");
        Root.Write("/private/etc/d/f", "machine");
        Root.Symlink("/etc", "private/etc");
        Root.Route("/etc");
        Root.Extension("vendor", ("f", "vendor"));
        Root.Write("/usr/lib/os-release", "ID=flatcar\nVERSION_ID=4000.1.0\n");

        foreach (string path in new[] { "/etc/f", "/private/etc/f" })
            Assert.Equal("modified /etc/f (content)\n", Root.Bootmerge("diff", "--no-legend", path).Succeeds().Output);
        Assert.Equal("added    /etc/d/f\n", Root.Bootmerge("diff", "--no-legend", "/etc/lnk/f").Succeeds().Output);
    }
}
