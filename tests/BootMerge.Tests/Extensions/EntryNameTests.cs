using BootMerge.Extensions;
using Xunit;

namespace BootMerge.Tests.Extensions;

public sealed class EntryNameTests
{
    // The kind is passed as text: it is internal, and test methods are public.
    private static ExtensionKind Kind(string kind) => kind switch
    {
        "dir" => ExtensionKind.Directory,
        "file" => ExtensionKind.Image,
        _ => ExtensionKind.BlockDevice,
    };

    [Theory]
    [InlineData("foo", "dir", "foo")]
    [InlineData("foo.confext", "dir", "foo")]
    [InlineData("foo.sysext", "dir", "foo.sysext")]
    [InlineData("foo.raw", "dir", "foo.raw")]
    [InlineData("foo.raw", "file", "foo")]
    [InlineData("foo.confext.raw", "file", "foo")]
    [InlineData("foo.sysext.raw", "file", "foo.sysext")]
    [InlineData("foo.confext", "block", "foo.confext")]
    [InlineData("foo.confext.confext", "dir", "foo.confext")]
    [InlineData("foo.confext.", "dir", "foo.confext.")]
    [InlineData("foo.raw.raw", "file", "foo.raw")]
    [InlineData("foo.v.raw", "file", "foo.v")]
    [InlineData(".host.raw", "file", ".host")]
    [InlineData("etc.host.raw", "file", "etc.host")]
    [InlineData(".confext.confext", "dir", ".confext")]
    [InlineData("foo.raw", "block", "foo.raw")]
    [InlineData("foo.v", "block", "foo.v")]
    [InlineData("...", "dir", "...")]
    [InlineData("..a", "dir", "..a")]
    [InlineData("a.", "dir", "a.")]
    [InlineData(" ", "dir", " ")]
    [InlineData("#a", "dir", "#a")]
    [InlineData("~", "dir", "~")]
    [InlineData("a%b*'\"", "dir", "a%b*'\"")]
    [InlineData(".sysupdate", "dir", ".sysupdate")]
    [InlineData("a\u0080", "dir", "a\u0080")]
    [InlineData("a\uFEFF", "dir", "a\uFEFF")]
    [InlineData("a\U0001F600", "dir", "a\U0001F600")]
    [InlineData(".hidden", "dir", ".hidden")]
    [InlineData("a,b:c\\d e", "dir", "a,b:c\\d e")]
    [InlineData("lost+found", "dir", "lost+found")]
    [InlineData("ü", "dir", "ü")]
    public void The_name_is_what_is_left_without_the_suffixes(string entry, string kind, string name)
    {
        Assert.Equal(name, EntryName.TryParse(entry, Kind(kind), ExtensionClass.Confext, out string problem));
        Assert.Equal("", problem);
    }

    [Theory]
    [InlineData("foo", "file", "it is a file, and its name does not end in .raw")]
    [InlineData("foo.confext", "file", "it is a file, and its name does not end in .raw")]
    [InlineData(".raw", "file", "its name is empty without the suffixes")]
    [InlineData(".confext", "dir", "its name is empty without the suffixes")]
    [InlineData("..raw", "file", "its name is empty without the suffixes")]
    [InlineData(".#foo", "dir", "its name starts with .#, as temporary files do")]
    [InlineData("a\nb", "dir", "its name contains a control character")]
    [InlineData("a\u007f", "dir", "its name contains a control character")]
    [InlineData("foo.RAW", "file", "it is a file, and its name does not end in .raw")]
    [InlineData("foo.raw.v", "file", "it is a file, and its name does not end in .raw")]
    [InlineData("foo.raw.roothash", "file", "it is a file, and its name does not end in .raw")]
    [InlineData("...raw", "file", "its name is empty without the suffixes")]
    [InlineData(".#foo.raw", "file", "its name starts with .#, as temporary files do")]
    [InlineData("a\uFFFE", "dir", "its name contains a code point that is not a character (such as U+FFFE)")]
    [InlineData("a\uFDD0", "dir", "its name contains a code point that is not a character (such as U+FFFE)")]
    [InlineData("a\U0010FFFF", "dir", "its name contains a code point that is not a character (such as U+FFFE)")]
    public void A_name_that_systemd_would_not_take_is_refused(string entry, string kind, string problem)
    {
        Assert.Null(EntryName.TryParse(entry, Kind(kind), ExtensionClass.Confext, out string actual));
        Assert.Equal(problem, actual);
    }

    [Theory]
    [InlineData("foo.v", "foo", "")]
    [InlineData("foo.raw.v", "foo", ".raw")]
    [InlineData("foo.confext.raw.v", "foo", ".confext.raw")]
    [InlineData("foo.confext.v", "foo", ".confext")]
    [InlineData("foo.sysext.v", "foo.sysext", "")]
    [InlineData("foo.sysext.raw.v", "foo.sysext", ".raw")]
    [InlineData("foo.raw.confext.v", "foo.raw", ".confext")]
    [InlineData("foo.v.v", "foo.v", "")]
    [InlineData("a b.v", "a b", "")]
    [InlineData(".v", null, "")]
    [InlineData(".raw.v", null, ".raw")]
    [InlineData(".confext.v", null, ".confext")]
    public void A_versioned_directory_is_named_like_what_it_holds(string entry, string? name, string suffix)
    {
        Assert.Equal(name, EntryName.TryParseVersioned(entry, ExtensionClass.Confext, out string actual,
            out string problem));
        Assert.Equal(suffix, actual);
        Assert.Equal(name is null ? "its name is empty without the suffixes" : "", problem);
    }

    [Fact]
    public void A_name_may_be_as_long_as_a_file_name_can_be()
    {
        string longest = new('a', 255);

        Assert.Equal(longest, EntryName.TryParse(longest, ExtensionKind.Directory, ExtensionClass.Confext, out _));
    }

    [Fact]
    public void Of_entries_with_one_name_there_is_a_first()
    {
        string[] entries = ["foo.raw.v", "foo.v", "foo.confext.raw.v", "foo", "foo.confext.v", "foo.raw",
            "foo.confext.raw", "foo.confext"];

        System.Array.Sort(entries, (a, b) => EntryName.Compare(a, b, ExtensionClass.Confext));

        Assert.Equal(["foo.confext", "foo", "foo.confext.raw", "foo.raw", "foo.confext.v", "foo.v", "foo.confext.raw.v",
            "foo.raw.v"], entries);
    }

    // Not a row of the table: attributes are stored as UTF-8.
    [Fact]
    public void A_name_that_is_not_utf8_is_refused()
    {
        Assert.Null(EntryName.TryParse("a\uDCFFb", ExtensionKind.Directory, ExtensionClass.Confext,
            out string problem));
        Assert.Equal("its name is not UTF-8", problem);
    }
}
