using System;
using BootMerge.Extensions;
using BootMerge.Linux;
using Xunit;

namespace BootMerge.Tests.Extensions;

public sealed class DiscoveryTests : IDisposable
{
    private readonly SampleRoot _root = new();

    public void Dispose() => _root.Dispose();

    [Fact]
    public void A_root_without_search_directories_has_no_extensions()
    {
        Assert.Empty(_root.Found());
        Assert.Empty(_root.Skipped());
    }

    [Fact]
    public void Extensions_of_all_directories_come_in_version_order()
    {
        _root.AddConfext("run/confexts/foo-1.10");
        _root.AddConfext("var/lib/confexts/foo-1.9");
        _root.AddConfext("usr/local/lib/confexts/foo");
        _root.AddConfext("usr/lib/confexts/bar");

        Assert.Equal(["bar /usr/lib/confexts/bar", "foo /usr/local/lib/confexts/foo",
            "foo-1.9 /var/lib/confexts/foo-1.9", "foo-1.10 /run/confexts/foo-1.10"], _root.Found());
    }

    [Fact]
    public void Names_of_equal_version_have_a_fixed_order()
    {
        foreach (string name in new[] { "ab", "a_b", "a b", "a+b" })
            _root.AddConfext("usr/lib/confexts/" + name);

        Assert.Equal(["a b /usr/lib/confexts/a b", "a+b /usr/lib/confexts/a+b", "a_b /usr/lib/confexts/a_b",
            "ab /usr/lib/confexts/ab"], _root.Found());
    }

    [Theory]
    [InlineData("run/confexts", "var/lib/confexts")]
    [InlineData("var/lib/confexts", "usr/local/lib/confexts")]
    [InlineData("usr/local/lib/confexts", "usr/lib/confexts")]
    public void The_stronger_directory_has_the_name(string stronger, string weaker)
    {
        _root.AddConfext(weaker + "/foo");
        _root.AddConfext(stronger + "/foo");

        Assert.Equal([$"foo /{stronger}/foo"], _root.Found());
        Assert.Equal([$"/{weaker}/foo: hidden by /{stronger}/foo"], _root.Skipped());
    }

    [Fact]
    public void An_empty_directory_masks_the_name()
    {
        _root.AddConfext("usr/lib/confexts/foo");
        _root.MakeDirectory("run/confexts/foo");

        Assert.Equal(["foo: an empty directory, it masks the name"], _root.Verdicts());
        Assert.Equal(["foo: an empty directory, it masks the name"], _root.Verdicts(force: true));
    }

    [Fact]
    public void An_image_hides_the_name_below_and_is_refused()
    {
        _root.AddConfext("usr/lib/confexts/foo");
        _root.Write("var/lib/confexts/foo.raw", "squashfs, say");

        string[] refused = ["foo: no file system is found in it (supported: squashfs, erofs, ext4, btrfs and xfs)"];
        Assert.Equal(refused, _root.Verdicts());
        Assert.Equal(refused, _root.Verdicts(force: true));
        Assert.Equal("raw", _root.Find().Find("foo")!.KindName);
    }

    [Fact]
    public void Symlinks_are_resolved_inside_the_root_and_reported_where_they_lead()
    {
        _root.AddConfext("srv/relative");
        _root.AddConfext("srv/absolute");
        _root.AddConfext("srv/real", releaseName: "renamed");
        _root.Link("usr/lib/confexts/relative", "../../../srv/relative");
        _root.Link("usr/lib/confexts/absolute", "/srv/absolute");
        _root.Link("usr/lib/confexts/renamed", "/../../srv/real");

        Assert.Equal(["absolute /srv/absolute", "relative /srv/relative", "renamed /srv/real"], _root.Found());
        Assert.Equal("/usr/lib/confexts/renamed", _root.Find().Find("renamed")!.FoundPath);
        Assert.Equal(["absolute: merged", "relative: merged", "renamed: merged"], _root.Verdicts());
    }

    [Fact]
    public void A_search_directory_may_be_a_symlink()
    {
        _root.AddConfext("srv/all/foo");
        _root.Link("usr/lib/confexts", "/srv/all");

        Assert.Equal(["foo /srv/all/foo"], _root.Found());
    }

    [Fact]
    public void A_dangling_link_and_a_loop_are_skipped_and_hide_nothing()
    {
        _root.AddConfext("usr/lib/confexts/foo");
        _root.Link("run/confexts/foo", "/nowhere");
        _root.Link("run/confexts/loop", "loop");
        _root.Link("run/confexts/null", "/etc/os-release/x");

        Assert.Equal(["foo /usr/lib/confexts/foo"], _root.Found());
        Assert.Equal(["/run/confexts/foo: a dangling symlink to /nowhere",
            "/run/confexts/loop: a loop of symlinks, or a link through /proc",
            "/run/confexts/null: a dangling symlink to /etc/os-release/x"], _root.Skipped());
    }

    [Fact]
    public void What_is_no_extension_is_skipped_with_a_reason_and_hides_nothing()
    {
        _root.AddConfext("usr/lib/confexts/foo");
        _root.Write("run/confexts/foo", "a plain file");
        _root.MakeDirectory("run/confexts/.sysupdate.foo.x");
        _root.MakeDirectory("run/confexts/.#foo");
        _root.MakeDirectoryNamed("run/confexts", "a\nb");
        _root.MakeDirectoryNamed("run/confexts", "a\uDCFFb");
        Node.MakeFifo(_root.Outside("run/confexts/fifo"));

        Assert.Equal(["foo /usr/lib/confexts/foo"], _root.Found());
        Assert.Equal(
            [
                "/run/confexts/.#foo: its name starts with .#, as temporary files do",
                "/run/confexts/.sysupdate.foo.x: an incomplete download of systemd-sysupdate",
                "/run/confexts/a\\x0ab: its name contains a control character",
                "/run/confexts/a\\xffb: its name is not UTF-8",
                "/run/confexts/fifo: it is not a directory, regular file or block device",
                "/run/confexts/foo: it is a file, and its name does not end in .raw",
            ],
            _root.Skipped());
    }

    [Fact]
    public void Names_that_trouble_mount_options_are_names()
    {
        foreach (string name in new[] { "a,b", "a:b", "a\\b", "a b" })
            _root.AddConfext("usr/lib/confexts/" + name);

        Assert.Equal(["a,b: merged", "a:b: merged", "a\\b: merged", "a b: merged"], Sorted(_root.Verdicts()));

        static string[] Sorted(string[] lines)
        {
            // Sorts by the character in the middle: the version order does not matter here.
            Array.Sort(lines, (a, b) => ",:\\ ".IndexOf(a[1], StringComparison.Ordinal) - ",:\\ ".IndexOf(b[1],
                StringComparison.Ordinal));
            return lines;
        }
    }

    [Fact]
    public void The_class_infix_is_no_part_of_the_name()
    {
        _root.AddConfext("usr/lib/confexts/foo.confext", releaseName: "foo");
        _root.AddConfext("usr/lib/confexts/foo-1");

        Assert.Equal(["foo /usr/lib/confexts/foo.confext", "foo-1 /usr/lib/confexts/foo-1"], _root.Found());
        Assert.Equal(["foo: merged", "foo-1: merged"], _root.Verdicts());
    }

    [Fact]
    public void Of_two_entries_that_mean_the_same_name_always_the_same_wins()
    {
        _root.AddConfext("usr/lib/confexts/foo");
        _root.AddConfext("usr/lib/confexts/foo.confext", releaseName: "foo");
        _root.Write("usr/lib/confexts/foo.raw", "");
        _root.MakeDirectory("usr/lib/confexts/foo.v/foo_1");

        Assert.Equal(["foo /usr/lib/confexts/foo.confext"], _root.Found());
        Assert.Equal(
            [
                "/usr/lib/confexts/foo.raw: hidden by /usr/lib/confexts/foo.confext",
                "/usr/lib/confexts/foo.v/foo_1: hidden by /usr/lib/confexts/foo.confext",
                "/usr/lib/confexts/foo: hidden by /usr/lib/confexts/foo.confext",
            ],
            _root.Skipped());
    }

    [Fact]
    public void A_search_directory_that_cannot_be_searched_is_named_and_the_others_are_searched()
    {
        _root.AddConfext("usr/lib/confexts/foo");
        _root.Write("run/confexts", "a file");
        _root.Link("var/lib/confexts", "confexts");

        Assert.Equal(["foo /usr/lib/confexts/foo"], _root.Found());
        Assert.Equal(["/run/confexts: it is not a directory, so no extension is looked for there",
            "/var/lib/confexts: a loop of symlinks, or a link through /proc"], _root.Skipped());
    }

    [Fact]
    public void An_initramfs_has_directories_of_its_own()
    {
        _root.AddConfext(".extra/confext/foo");
        _root.AddConfext(".extra/global_confext/bar");

        Assert.Empty(_root.Found());
        Assert.Equal(["bar /.extra/global_confext/bar", "foo /.extra/confext/foo"], _root.Found(initrd: true));
    }

    [Fact]
    public void A_sysext_is_found_in_the_directories_of_sysexts()
    {
        _root.Write("etc/extensions/foo.sysext/usr/lib/extension-release.d/extension-release.foo", "ID=_any\n");
        _root.AddConfext("usr/lib/confexts/bar");

        DiscoveryResult found = Discovery.Find(_root.Root, ExtensionClass.Sysext, initrd: false);
        System.Collections.Generic.List<Candidate> candidates = Judgement.Of(_root.Root, found,
            HostRelease.Read(_root.Root), ExtensionClass.Sysext.Hierarchies, force: false);

        Candidate only = Assert.Single(candidates);
        Assert.Equal("foo", only.Extension.Name);
        Assert.True(only.Verdict.Accepted, only.Verdict.Reason);
    }

    [Fact]
    public void Five_hundred_extensions_are_found_and_judged()
    {
        for (int i = 0; i < 500; i++)
            _root.AddConfext($"usr/lib/confexts/x{i}");

        string[] verdicts = _root.Verdicts();

        Assert.Equal(500, verdicts.Length);
        Assert.Equal("x0: merged", verdicts[0]);
        Assert.Equal("x499: merged", verdicts[^1]);
    }

    [Fact]
    public void The_vendors_bare_directory_takes_the_place_of_its_name()
    {
        _root.AddConfext("usr/lib/confexts/zzz");
        _root.AddConfext("usr/lib/confexts/aaa");
        _root.Write("usr/share/flatcar/etc/motd", "hello");
        DiscoveryResult found = _root.Find();

        Extension bare = Extension.FromDefaults(_root.Root, "flatcar-defaults", "/usr/share/flatcar/etc")!;
        found.Add(bare);

        Assert.Equal("flatcar-defaults", found.Extensions[1].Name);
        Assert.Equal("/usr/share/flatcar/etc", bare.Path);
        Candidate candidate = Judgement.Of(_root.Root, found, HostRelease.Read(_root.Root), ["/etc"], force: false)[1];
        Assert.True(candidate.Verdict.Accepted, candidate.Verdict.Reason);
        using Microsoft.Win32.SafeHandles.SafeFileHandle hierarchy = bare.OpenHierarchy(_root.Root, "/etc")!;
        Assert.Equal("/usr/share/flatcar/etc", _root.Root.PathOf(hierarchy));
        Assert.Null(bare.OpenHierarchy(_root.Root, "/usr"));
        Assert.False(bare.SystemdFinds(_root.Root, "/etc"));
        Assert.Null(Extension.FromDefaults(_root.Root, "flatcar-defaults", "/nowhere"));
    }
}
