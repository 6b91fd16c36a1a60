using System;
using System.Collections.Generic;
using System.Text;
using BootMerge.Extensions;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace BootMerge.Tests.Extensions;

public sealed class JudgementTests : IDisposable
{
    private const string Release = "usr/lib/confexts/foo/etc/extension-release.d/extension-release.foo";
    private const string NoRelease = "foo: no etc/extension-release.d/extension-release.foo in it";

    private readonly SampleRoot _root = new();

    public void Dispose() => _root.Dispose();

    private string? PathOfHierarchy(string name)
    {
        using SafeFileHandle? directory = _root.Find().Find(name)!.OpenHierarchy(_root.Root, "/etc");
        return directory is null ? null : _root.Root.PathOf(directory);
    }

    [Fact]
    public void One_misfit_does_not_keep_the_others_out()
    {
        _root.AddConfext("usr/lib/confexts/old", "ID=acme\nVERSION_ID=41\n");
        _root.AddConfext("usr/lib/confexts/new", "ID=acme\nVERSION_ID=42\n");

        Assert.Equal(["new: merged", "old: VERSION_ID=41, the system has 42"], _root.Verdicts());
        Assert.Equal(["new: merged", "old: merged"], _root.Verdicts(force: true));
        Assert.Equal("VERSION_ID=41, the system has 42", _root.Judge(force: true)[1].Verdict.Reason);
    }

    [Theory]
    [InlineData("foo_1", "foo", true)]
    [InlineData("foo_1_2", "foo", true)]      // up to the first underscore
    [InlineData("foo_1_2", "foo_1", false)]
    [InlineData("foo-1", "foo", false)]
    [InlineData("foo", "foo_1", false)]
    [InlineData("_1", "", false)]
    public void The_release_file_of_a_name_serves_the_name_with_a_version_too(string name, string release, bool isFound)
    {
        _root.AddConfext("usr/lib/confexts/" + name, releaseName: release);

        Assert.Equal(isFound, _root.Judge(force: false)[0].Verdict.Accepted);
    }

    [Fact]
    public void A_release_file_of_the_very_name_counts_alone()
    {
        _root.AddConfext("usr/lib/confexts/foo_1", "ID=other\n");
        _root.Write("usr/lib/confexts/foo_1/etc/extension-release.d/extension-release.foo", "ID=_any\n");

        Assert.False(_root.Judge(force: false)[0].Verdict.Accepted);
    }

    [Fact]
    public void An_extension_without_a_hierarchy_has_no_release_file()
    {
        _root.Write("usr/lib/confexts/foo/usr/x", "");

        Assert.Equal([NoRelease], _root.Verdicts());
        Assert.Equal(["foo: merged"], _root.Verdicts(force: true));
        Assert.Null(PathOfHierarchy("foo"));
    }

    [Fact]
    public void A_hierarchy_that_is_a_file_is_none()
    {
        _root.Write("usr/lib/confexts/foo/etc", "");

        Assert.Equal([NoRelease], _root.Verdicts());
        Assert.Null(PathOfHierarchy("foo"));
    }

    [Fact]
    public void Os_release_inside_is_refused()
    {
        _root.AddConfext("usr/lib/confexts/foo");
        _root.Link("usr/lib/confexts/foo/usr/lib/os-release", "/nowhere");

        Assert.Equal(["foo: it contains usr/lib/os-release, which belongs to the system alone"], _root.Verdicts());
    }

    [Fact]
    public void Os_release_of_a_confext_is_never_merged_so_it_may_be_forced()
    {
        _root.AddConfext("usr/lib/confexts/foo");
        _root.Write("usr/lib/confexts/foo/usr/lib/os-release", "ID=other\n");

        Assert.Equal(["foo: merged"], _root.Verdicts(force: true));
    }

    [Fact]
    public void Os_release_in_the_extensions_etc_is_no_matter()
    {
        _root.AddConfext("usr/lib/confexts/foo");
        _root.Write("usr/lib/confexts/foo/etc/os-release", "ID=other\n");

        Assert.Equal(["foo: merged"], _root.Verdicts());
    }

    [Theory]
    [InlineData("../real")]
    [InlineData("/etc/real")]
    public void A_release_file_may_be_a_symlink_that_stays_inside(string target)
    {
        _root.AddConfext("usr/lib/confexts/foo");
        _root.Remove(Release);
        _root.Write("usr/lib/confexts/foo/etc/real", "ID=_any\n");
        _root.Link(Release, target);

        Assert.Equal(["foo: merged"], _root.Verdicts());
    }

    [Fact]
    public void A_release_file_that_is_a_fifo_is_refused_at_once()
    {
        _root.AddConfext("usr/lib/confexts/foo");
        _root.Remove(Release);
        Node.MakeFifo(_root.Outside(Release));

        Assert.Equal(["foo: etc/extension-release.d/extension-release.foo is not a regular file"], _root.Verdicts());
    }

    [Fact]
    public void A_release_file_that_is_a_directory_is_refused()
    {
        _root.AddConfext("usr/lib/confexts/foo");
        _root.Remove(Release);
        _root.MakeDirectory(Release);

        Assert.Equal(["foo: etc/extension-release.d/extension-release.foo is not a regular file"], _root.Verdicts());
    }

    [Fact]
    public void A_release_file_that_leads_to_itself_is_refused()
    {
        _root.AddConfext("usr/lib/confexts/foo");
        _root.Remove(Release);
        _root.Link(Release, "extension-release.foo");

        string verdict = Assert.Single(_root.Verdicts());
        Assert.StartsWith("foo: its release file cannot be read: open ", verdict, StringComparison.Ordinal);
        Assert.Contains("(ELOOP)", verdict, StringComparison.Ordinal);
    }

    [Fact]
    public void A_huge_release_file_is_refused()
    {
        _root.AddConfext("usr/lib/confexts/foo");
        _root.WriteBytes(Release, new byte[3 << 20]);

        Assert.Equal(["foo: etc/extension-release.d/extension-release.foo is longer than 1048576 bytes"],
            _root.Verdicts());
    }

    [Fact]
    public void A_binary_release_file_is_refused()
    {
        _root.AddConfext("usr/lib/confexts/foo");
        _root.WriteBytes(Release, [0x7f, (byte)'E', (byte)'L', (byte)'F', 0, 1, 2]);

        Assert.Equal(["foo: etc/extension-release.d/extension-release.foo contains a NUL byte: it is not a text file"],
            _root.Verdicts());
    }

    [Fact]
    public void A_release_file_that_is_not_utf8_is_refused()
    {
        _root.AddConfext("usr/lib/confexts/foo");
        _root.WriteBytes(Release, Encoding.Latin1.GetBytes("ID=_any\nX=\u00ff\n"));

        Assert.Equal(["foo: etc/extension-release.d/extension-release.foo is not UTF-8 at key X"], _root.Verdicts());
    }

    [Fact]
    public void A_name_too_long_for_a_release_file_is_refused()
    {
        string name = new('x', 250);
        _root.Write("usr/lib/confexts/" + name + "/etc/extension-release.d/x", "");

        string verdict = Assert.Single(_root.Verdicts());
        Assert.Contains("(ENAMETOOLONG)", verdict, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0", true)]
    [InlineData("no", true)]
    [InlineData("NO", true)]
    [InlineData("n", true)]
    [InlineData("false", true)]
    [InlineData("f", true)]
    [InlineData("off", true)]
    [InlineData("1", false)]
    [InlineData("true", false)]
    [InlineData("", false)]
    [InlineData("x", false)]
    public void A_release_file_of_another_name_counts_if_its_author_allowed_it(string strict, bool accepted)
    {
        _root.AddConfext("usr/lib/confexts/foo", releaseName: "other");
        Assert.SkipUnless(_root.TrySetStrict("usr/lib/confexts/foo/etc/extension-release.d/extension-release.other",
            strict), "no user xattrs here");

        Assert.Equal([accepted ? "foo: merged" : NoRelease
            + "; extension-release.other is for another name and has no user.extension-release.strict=0"],
            _root.Verdicts());
    }

    [Fact]
    public void Without_the_attribute_the_other_name_is_named()
    {
        _root.AddConfext("usr/lib/confexts/foo", releaseName: "other");

        Assert.Equal([NoRelease + "; extension-release.other is for another name and has no "
            + "user.extension-release.strict=0"], _root.Verdicts());
    }

    [Fact]
    public void Two_release_files_of_other_names_are_one_too_many()
    {
        _root.AddConfext("usr/lib/confexts/foo", releaseName: "a");
        _root.AddConfext("usr/lib/confexts/foo", releaseName: "b");
        foreach (string name in new[] { "a", "b" })
            Assert.SkipUnless(_root.TrySetStrict("usr/lib/confexts/foo/etc/extension-release.d/extension-release."
                + name, "0"), "no user xattrs here");

        Assert.Equal([NoRelease + ", and more than one other has user.extension-release.strict=0"], _root.Verdicts());
    }

    [Fact]
    public void Its_own_release_file_counts_whatever_the_attribute_says()
    {
        _root.AddConfext("usr/lib/confexts/foo");
        Assert.SkipUnless(_root.TrySetStrict(Release, "1"), "no user xattrs here");

        Assert.Equal(["foo: merged"], _root.Verdicts());
    }

    [Theory]
    [InlineData("../../../share/flatcar/etc")]
    [InlineData("/usr/share/flatcar/etc")]
    public void A_hierarchy_that_is_a_symlink_is_resolved_in_the_root(string target)
    {
        _root.Write("usr/share/flatcar/etc/extension-release.d/extension-release.foo", "ID=_any\n");
        _root.Link("usr/lib/confexts/foo/etc", target);

        Assert.Equal(["foo: merged"], _root.Verdicts());
        Assert.Equal("/usr/share/flatcar/etc", PathOfHierarchy("foo"));
        Assert.False(_root.Find().Find("foo")!.SystemdFinds(_root.Root, "/etc"));
    }

    [Theory]
    [InlineData("e")]
    [InlineData("/e")]
    public void A_hierarchy_that_is_a_symlink_inside_the_extension_is_what_systemd_finds(string target)
    {
        _root.Write("usr/lib/confexts/foo/e/extension-release.d/extension-release.foo", "ID=_any\n");
        _root.Link("usr/lib/confexts/foo/etc", target);

        Assert.Equal(["foo: merged"], _root.Verdicts());
        Assert.Equal("/usr/lib/confexts/foo/e", PathOfHierarchy("foo"));
        Assert.True(_root.Find().Find("foo")!.SystemdFinds(_root.Root, "/etc"));
    }

    [Fact]
    public void No_symlink_leads_out_of_the_root()
    {
        _root.Link("usr/lib/confexts/foo/etc", "../../../../../../../../../../etc");
        _root.AddConfext("usr/lib/confexts/bar");

        Assert.Equal("/etc", PathOfHierarchy("foo"));
    }

    [Fact]
    public void The_systems_own_hierarchy_is_no_extension()
    {
        _root.Write("etc/extension-release.d/extension-release.link", "ID=_any\n");
        _root.Write("etc/extension-release.d/extension-release.whole", "ID=_any\n");
        _root.Link("usr/lib/confexts/link/etc", "/etc");
        _root.Link("usr/lib/confexts/whole", "/");
        _root.AddConfext("etc/inside");
        _root.Link("usr/lib/confexts/inside", "/etc/inside");

        Assert.Equal(
            [
                "inside: its /etc is or overlaps the system's own (/etc/inside/etc)",
                "link: its /etc is or overlaps the system's own (/etc)",
                "whole: its /etc is or overlaps the system's own (/etc)",
            ],
            _root.Verdicts(force: true));
    }

    [Fact]
    public void Of_two_extensions_with_the_same_directory_the_upper_one_stays()
    {
        _root.AddConfext("srv/x", releaseName: "a");
        _root.AddConfext("srv/x", releaseName: "b");
        _root.Link("usr/lib/confexts/a", "/srv/x");
        _root.Link("usr/lib/confexts/b", "/srv/x");

        Assert.Equal(["a: its /etc is or overlaps that of 'b' (/srv/x/etc)", "b: merged"], _root.Verdicts());
    }

    [Theory]
    [InlineData("a", "b", "a: merged", "b: its /etc is or overlaps that of 'a' (/usr/lib/confexts/a/etc)")]
    [InlineData("b", "a", "a: its /etc is or overlaps that of 'b' (/usr/lib/confexts/b/etc)", "b: merged")]
    public void Of_two_extensions_with_the_same_directory_the_one_that_it_lies_in_stays(string real, string link,
        string a, string b)
    {
        _root.AddConfext("usr/lib/confexts/" + real);
        _root.AddConfext("usr/lib/confexts/" + real, releaseName: link);
        _root.Link("usr/lib/confexts/" + link + "/etc", "../" + real + "/etc");

        Assert.Equal([a, b], _root.Verdicts());
    }

    [Fact]
    public void What_writes_are_routed_to_is_no_extension()
    {
        _root.AddConfext("srv/changes/inside");
        _root.Link("usr/lib/confexts/inside", "/srv/changes/inside");
        _root.AddConfext("usr/lib/confexts/other");
        _root.Link("var/lib/extensions.mutable/etc", "/srv/changes");
        const string Entry = "/var/lib/extensions.mutable/etc";

        List<Candidate> candidates = Judgement.Of(_root.Root, _root.Find(), HostRelease.Read(_root.Root), ["/etc"],
            force: false, routing: [Entry]);

        Assert.Equal("its /etc is or overlaps what " + Entry + " leads to (/srv/changes/inside/etc)",
            candidates[0].Verdict.Reason);
        Assert.True(candidates[1].Verdict.Accepted);

        // If no extension would be left, the entry itself is wrong: the merge must fail.
        _root.Remove("usr/lib/confexts/other");
        Assert.True(Judgement.Of(_root.Root, _root.Find(), HostRelease.Read(_root.Root), ["/etc"], force: false,
            routing: [Entry])[0].Verdict.Accepted);
    }

    [Fact]
    public void A_name_that_only_begins_like_another_is_no_overlap()
    {
        _root.AddConfext("srv/x", releaseName: "a");
        _root.Link("usr/lib/confexts/a", "/srv/x");
        _root.Write("srv/x/etc2/extension-release.d/extension-release.b", "ID=_any\n");
        _root.Link("usr/lib/confexts/b/etc", "/srv/x/etc2");

        Assert.Equal(["a: merged", "b: merged"], _root.Verdicts());
    }

    [Fact]
    public void An_extension_that_went_away_is_refused()
    {
        _root.AddConfext("usr/lib/confexts/foo");
        DiscoveryResult found = _root.Find();
        _root.Remove("usr/lib/confexts/foo");

        Candidate candidate = Assert.Single(Judgement.Of(_root.Root, found, HostRelease.Read(_root.Root), ["/etc"],
            force: true));

        Assert.False(candidate.Verdict.Accepted);
        Assert.Contains("(ENOENT)", candidate.Verdict.Reason, StringComparison.Ordinal);
    }

    // --- the root's own os-release ---

    [Fact]
    public void The_os_release_of_etc_comes_first()
    {
        _root.Write("usr/lib/os-release", "ID=other\n");

        Assert.Equal("acme", HostRelease.Read(_root.Root).Release["ID"]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_os_release_of_usr_counts_when_etc_has_none(bool dangling)
    {
        _root.Remove("etc/os-release");
        if (dangling)
            _root.Link("etc/os-release", "/nowhere");
        _root.Write("usr/lib/os-release", "ID=other\n");

        Assert.Equal("other", HostRelease.Read(_root.Root).Release["ID"]);
    }

    [Theory]
    [InlineData("srv/release")]
    [InlineData("/srv/release")]
    [InlineData("../../srv/link")]
    public void A_chosen_os_release_is_read_inside_the_root_in_place_of_the_usual_ones(string chosen)
    {
        _root.Write("srv/release", "ID=chosen\n");
        _root.Link("srv/link", "/srv/release");

        Assert.Equal("chosen", HostRelease.Read(_root.Root, chosen).Release["ID"]);
    }

    [Fact]
    public void A_chosen_os_release_that_is_missing_is_one_clear_line() =>
        Assert.Equal(_root.Outside("/srv/none") + ", which SYSTEMD_OS_RELEASE names, does not exist",
            Assert.Throws<InputException>(() => HostRelease.Read(_root.Root, "srv/none")).Message);

    [Fact]
    public void The_scope_is_initrd_where_initrd_release_is()
    {
        Assert.Equal("system", HostRelease.Read(_root.Root).Scope);
        _root.Write("etc/initrd-release", "");
        Assert.Equal("initrd", HostRelease.Read(_root.Root).Scope);
    }

    [Theory]
    [InlineData("", "/etc/os-release has no ID, or an empty one: no extension can be compared with it")]
    [InlineData("ID=\n", "/etc/os-release has no ID, or an empty one: no extension can be compared with it")]
    [InlineData("ID=acme\0", "/etc/os-release contains a NUL byte: it is not a text file")]
    public void A_useless_os_release_is_one_clear_line(string text, string expected)
    {
        _root.Write("etc/os-release", text);
        _root.Write("usr/lib/os-release", "ID=other\n");

        Assert.Equal(_root.Outside(expected),
            Assert.Throws<InputException>(() => HostRelease.Read(_root.Root)).Message);
    }

    [Fact]
    public void A_missing_os_release_is_one_clear_line()
    {
        _root.Remove("etc/os-release");

        string message = Assert.Throws<InputException>(() => HostRelease.Read(_root.Root)).Message;

        Assert.Equal("The root " + _root.Outside("")
            + " has neither etc/os-release nor usr/lib/os-release: no extension can be compared with it", message);
    }

    [Fact]
    public void An_os_release_that_is_no_file_is_one_clear_line()
    {
        foreach (Action make in new Action[] { () => _root.MakeDirectory("etc/os-release"),
            () => Node.MakeFifo(_root.Outside("etc/os-release")) })
        {
            _root.Remove("etc/os-release");
            make();
            Assert.Equal(_root.Outside("/etc/os-release is not a regular file"),
                Assert.Throws<InputException>(() => HostRelease.Read(_root.Root)).Message);
        }
    }

    [Fact]
    public void An_os_release_link_that_leads_out_of_the_root_stays_inside()
    {
        _root.Remove("etc/os-release");
        _root.Link("etc/os-release", "../../../../../../../../usr/lib/os-release");

        Assert.Throws<InputException>(() => HostRelease.Read(_root.Root));
    }
}
