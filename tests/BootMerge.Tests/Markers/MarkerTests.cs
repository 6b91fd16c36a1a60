using System;
using BootMerge.Markers;
using CsCheck;
using Xunit;

namespace BootMerge.Tests.Markers;

public sealed class MarkerTests
{
    [Theory]
    [InlineData("srv/.systemd-etc-workdir", "srv/.systemd-etc-workdir")]
    [InlineData("a b~", "a b~")]
    [InlineData("\a\b\f\n\r\t\v", @"\a\b\f\n\r\t\v")]
    [InlineData("a\\b", @"a\\b")]
    [InlineData("\"'", "\\\"\\'")]
    [InlineData("\u0001\u001f\u007f", @"\001\037\177")]
    [InlineData("é", @"\303\251")]
    [InlineData("💀", @"\360\237\222\200")]
    public void A_path_is_escaped_as_in_C_and_read_back(string path, string escaped)
    {
        Assert.Equal(escaped, CText.Escape(path));
        Assert.Equal(path, CText.Unescape(escaped));
    }

    [Theory]
    [InlineData(@"\x41\101", "AA")]
    [InlineData(@"\xc3\xA9", "é")]
    [InlineData("é", "é")]
    [InlineData(@"\", null)]
    [InlineData(@"a\", null)]
    [InlineData(@"\q", null)]
    [InlineData(@"\qqq", null)]
    [InlineData(@"\10", null)]
    [InlineData(@"\x4", null)]
    [InlineData(@"\x4g", null)]
    [InlineData(@"\X41", null)]
    [InlineData(@"\1f1", null)]
    [InlineData(@"\189", null)]
    [InlineData(@"\400", null)]
    [InlineData(@"\000", null)]
    [InlineData(@"\x00", null)]
    public void What_others_escaped_is_read_and_what_is_no_escape_is_refused(string text, string? expected) =>
        Assert.Equal(expected, CText.Unescape(text));

    [Fact]
    public void Any_path_survives_escaping_in_one_line_of_ASCII() =>
        Gen.Byte[1, 255].Array[0, 40].Sample(
            bytes =>
            {
                string path = PathText.Decode(bytes);
                string escaped = CText.Escape(path);
                foreach (char c in escaped)
                    if (c is < ' ' or > '~')
                        return false;
                return CText.Unescape(escaped) == path;
            },
            iter: 5_000);

    [Fact]
    public void Unescaping_garbage_throws_nothing() =>
        Gen.OneOf(Gen.String, Gen.Char["\\x0189afqn'"].Array[0, 12].Select(c => new string(c)))
            .Sample(text => CText.Unescape(text)?.Length is null or >= 0, iter: 5_000);

    [Theory]
    [InlineData("a", true)]
    [InlineData("srv/.systemd-etc-workdir", true)]
    [InlineData("a/...", true)]
    [InlineData("a/..b/.c", true)]
    [InlineData("a\nb", true)]
    [InlineData("", false)]
    [InlineData("/", false)]
    [InlineData("/a", false)]
    [InlineData("a/", false)]
    [InlineData("a//b", false)]
    [InlineData(".", false)]
    [InlineData("./a", false)]
    [InlineData("a/.", false)]
    [InlineData("..", false)]
    [InlineData("../a", false)]
    [InlineData("a/../b", false)]
    [InlineData("a/..", false)]
    [InlineData("a\0b", false)]
    public void A_path_of_a_marker_stays_in_the_root_or_is_not_used(string path, bool isSafe) =>
        Assert.Equal(isSafe, Marker.IsSafeRelativePath(path));

    [Fact]
    public void Names_stand_a_line_each()
    {
        Assert.Equal("", Marker.NamesText([]));
        Assert.Equal("foo\nbar\n", Marker.NamesText(["foo", "bar"]));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("\n\n", "")]
    [InlineData("foo\n", "foo")]
    [InlineData("foo\nbar", "foo,bar")]
    [InlineData("\nfoo\n\nbar\n", "foo,bar")]
    public void Names_are_read_with_or_without_the_last_newline(string text, string names) =>
        Assert.Equal(names.Split(',', StringSplitOptions.RemoveEmptyEntries), Marker.ParseNames(text));
}
