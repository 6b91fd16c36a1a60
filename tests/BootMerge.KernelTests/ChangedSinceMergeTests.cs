using System;
using System.IO;
using System.Linq;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>
/// diff, explain, prune and reset describe the present merge, whatever has changed since it was made.
/// </summary>
public sealed class ChangedSinceMergeTests : KernelTest
{
    private const string Entry = "/var/lib/extensions.mutable/etc";

    /// <summary>The mode, where /etc was routed to, and what the routing entry becomes.</summary>
    public static TheoryData<string, string, string> Merges =>
        [.. from merge in new[] { ("auto", "/etc"), ("auto", "/srv/changes"), ("auto", "absent"), ("no", "/etc"),
            ("import", "/etc"), ("import", "/srv/changes"), ("import", "absent"), ("ephemeral", "/etc") }
            from change in new[] { "absent", "/etc", "/srv/changes", "/srv/other", "file", "loop", "dangling" }
            select new TheoryDataRow<string, string, string>(merge.Item1, merge.Item2, change)];

    [Theory]
    [MemberData(nameof(Merges))]
    public void The_routing_entry_of_today_does_not_matter(string mode, string routed, string change)
    {
        MakeLayers();
        Route(routed);
        Root.Bootmerge("merge", "--mutable=" + mode).Succeeds();
        Root.Expect("/etc", "/srv", Entry);
        string before = Answers();

        Route(change);

        Assert.Equal(before, Answers());
        Assert.Equal(mode is "auto" or "import" && routed is not "absent",
            before.Contains("provides upper", StringComparison.Ordinal));
        Root.Bootmerge("unmerge").Succeeds();
    }

    /// <summary>Shell commands in the root.</summary>
    [Theory]
    [InlineData("echo VERSION_ID=9 >>usr/lib/os-release")]
    [InlineData("mkdir -p run/confexts/vendor")]
    [InlineData("mkdir -p run/confexts; cp -r var/lib/confexts/vendor run/confexts; echo other "
        + ">run/confexts/vendor/etc/f")]
    [InlineData("mkdir -p srv/later; mv usr/lib/os-release srv/later; echo 'ID=other' >usr/lib/os-release")]
    [InlineData("mkdir -p var/lib/confexts/zz/etc/extension-release.d; echo ID=_any "
        + ">var/lib/confexts/zz/etc/extension-release.d/extension-release.zz; echo zz >var/lib/confexts/zz/etc/f")]
    [InlineData("echo '[BootMerge]\nOverlayOptions=nonsense' >usr/lib/bootmerge.conf")]
    [InlineData("mkdir -p usr/lib/systemd; echo '[ConfExt]\nMutable=import' >usr/lib/systemd/confext.conf")]
    [InlineData("chmod 700 etc")]
    public void What_would_be_merged_today_does_not_matter(string commands)
    {
        MakeLayers();
        Route("/srv/changes");
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        Root.Expect("/etc", "/srv", "/usr/lib", "/run", "/var/lib/confexts");
        string before = Answers();

        RawTree.Do(Root.Path, commands);

        Assert.Equal(before, Answers());
        Root.Bootmerge("unmerge").Succeeds();
    }

    [Fact]
    public void An_extension_that_was_forced_is_known()
    {
        MakeLayers();
        Route("/etc");
        Root.Write("/usr/lib/os-release", "ID=other\n");
        Root.Bootmerge("merge", "--mutable=auto", "--force").Succeeds();

        Root.Bootmerge("explain", "/etc/f").Succeeds().Prints("provides vendor: file /var/lib/confexts/vendor/etc/f");
        Root.Bootmerge("--no-legend", "diff", "/etc/g").Succeeds().Prints("modified /etc/g (content)");
    }

    [Fact]
    public void What_is_not_there_any_more_is_named()
    {
        MakeLayers();
        Route("/srv/changes");
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        Root.Expect("/srv", "/var/lib/confexts");
        Directory.Move(Root.Raw + "/var/lib/confexts/vendor", Root.Raw + "/srv/vendor");
        Root.Bootmerge("diff").Succeeds()
            .Says("The extension 'vendor' is merged on /etc but no longer found: its files are treated as absent.");
        Directory.Move(Root.Raw + "/srv/changes", Root.Raw + "/srv/moved");
        string[] words = ["the merge on /etc writes to /srv/changes, which no longer exists: unmerge it"];
        Root.Bootmerge("diff").Fails(words);
        Root.Bootmerge("reset", "/etc/h").Fails(words);
        Root.Bootmerge("prune").Fails(words);
    }

    /// <summary>systemd before 258 writes no origin into its marker.</summary>
    [Theory]
    [InlineData("-o lowerdir=meta:var/lib/confexts/vendor/etc:etc,upperdir=$PWD/srv/changes,"
        + "workdir=srv/.systemd-etc-workdir", "srv/.systemd-etc-workdir", "modified /etc/h (content)")]
    [InlineData("-o lowerdir=meta:var/lib/confexts/vendor/etc,upperdir=$PWD/etc,workdir=.systemd-etc-workdir",
        ".systemd-etc-workdir", "modified /etc/g (content)|added    /etc/hostname")]
    [InlineData("-o ro,lowerdir=meta:var/lib/confexts/vendor/etc:etc", "", "")]
    public void A_merge_without_an_origin_is_known_by_its_mount(string options, string work, string expected)
    {
        MakeLayers();
        Route("absent");
        Root.Remember();
        Root.Expect("/etc", "/srv", "/.systemd-etc-workdir", "/meta");
        RawTree.Do(Root.Path, $"""
            m=meta/.systemd-confext; mkdir -p $m srv/.systemd-etc-workdir .systemd-etc-workdir; echo vendor >$m/confexts
            case '{work}' in ?*) echo '{work}' >$m/work_dir; esac
            mount -n -t overlay confext {options} etc; mountpoint -d etc >$m/dev
            """);
        foreach (string routed in new[] { "absent", "/etc", "/srv/changes", "/srv/other" })
        {
            Route(routed);
            Assert.Equal(expected, Root.Bootmerge("--no-legend", "diff").Succeeds().Output.TrimEnd('\n')
                .Replace('\n', '|'));
        }

        LibC.Unmount(Root.Etc);
    }

    /// <summary>
    /// The vendor has f, g and h; /etc has g. Each directory that /etc may be routed to has one of them, too.
    /// </summary>
    private void MakeLayers()
    {
        Root.Extension("vendor", ("f", "vendor"), ("g", "vendor"), ("h", "vendor"));
        Root.Write("/etc/g", "machine");
        Root.Write("/srv/changes/h", "machine");
        Root.Write("/srv/other/f", "other");
    }

    private void Route(string target)
    {
        if (Root.ExistsRaw(Entry) || new FileInfo(Root.Raw + Entry).LinkTarget is not null)
            Root.Remove(Entry);
        if (target is "file" or "loop" or "dangling")
            Root.MakeBad(Entry, target, "");
        else if (target is not "absent")
            Root.Route(target);
    }

    private string Answers()
    {
        string answers = "";
        foreach (string command in new[] { "diff", "diff /etc/h", "explain /etc/f /etc/g /etc/h", "prune --dry-run",
            "prune", "reset --dry-run /etc/g /etc/h", "reset --dry-run --all" })
        {
            Outcome outcome = Root.Bootmerge(command.Split(' '));
            // Which deletions a prune keeps depends on what may be merged next time.
            answers += $"{command}: {outcome.Status}\n{outcome.Output}{(command is "prune --dry-run" ? "" : outcome.Error)}";
        }

        return answers;
    }
}
