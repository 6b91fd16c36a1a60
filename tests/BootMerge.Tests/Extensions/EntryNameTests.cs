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
        "block" => ExtensionKind.BlockDevice,
        _ => ExtensionKind.Versioned,
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
    [InlineData("foo.v", "versioned", "foo")]
    [InlineData("foo.raw.v", "versioned", "foo")]
    [InlineData("foo.confext.raw.v", "versioned", "foo")]
    [InlineData("foo.confext.v", "versioned", "foo")]
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
    [InlineData(".raw", "file", "nothing is left of its name without the suffixes")]
    [InlineData(".confext", "dir", "nothing is left of its name without the suffixes")]
    [InlineData("..raw", "file", "nothing is left of its name without the suffixes")]
    [InlineData(".#foo", "dir", "its name starts with .#, as temporary files do")]
    [InlineData("a\nb", "dir", "its name contains a control character")]
    [InlineData("a\u007f", "dir", "its name contains a control character")]
    public void A_name_that_systemd_would_not_take_is_refused(string entry, string kind, string problem)
    {
        Assert.Null(EntryName.TryParse(entry, Kind(kind), ExtensionClass.Confext, out string actual));
        Assert.Equal(problem, actual);
    }

    // Not a row: attributes are stored as UTF-8.
    [Fact]
    public void A_name_that_is_not_utf8_is_refused()
    {
        Assert.Null(EntryName.TryParse("a\uDCFFb", ExtensionKind.Directory, ExtensionClass.Confext, out string problem));
        Assert.Equal("its name is not UTF-8", problem);
    }
}
