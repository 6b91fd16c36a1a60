using CsCheck;
using Xunit;

namespace BootMerge.Tests;

public sealed class WordsTests
{
    private static readonly string[] Known = ["status", "list", "merge", "unmerge", "refresh", "plan", "boot"];

    [Theory]
    [InlineData("merg", "merge")]
    [InlineData("mrege", "merge")]
    [InlineData("umerge", "unmerge")]
    [InlineData("STATUS", "status")]
    [InlineData("ref", "refresh")]
    [InlineData("plna", "plan")]
    [InlineData("xyzzy", null)]
    [InlineData("", null)]
    [InlineData("diff", null)]
    public void A_mistyped_word_leads_to_the_nearest_known_one(string typed, string? expected) =>
        Assert.Equal(expected, Words.Nearest(typed, Known));

    [Theory]
    [InlineData("yes", true)]
    [InlineData("Y", true)]
    [InlineData("TRUE", true)]
    [InlineData("t", true)]
    [InlineData("On", true)]
    [InlineData("1", true)]
    [InlineData("no", false)]
    [InlineData("N", false)]
    [InlineData("false", false)]
    [InlineData("F", false)]
    [InlineData("off", false)]
    [InlineData("0", false)]
    [InlineData("", null)]
    [InlineData("maybe", null)]
    [InlineData("11", null)]
    [InlineData(" yes", null)]
    public void Booleans_are_those_of_systemd_in_any_case(string text, bool? expected)
    {
        bool isBoolean = Words.TryParseBoolean(text, out bool value);

        Assert.Equal(expected.HasValue, isBoolean);
        if (expected.HasValue)
            Assert.Equal(expected.Value, value);
    }

    [Theory]
    [InlineData("plain", "'plain'")]
    [InlineData("two\nlines", @"'two\x0alines'")]
    [InlineData("\u001b[31m", @"'\x1b[31m'")]
    public void A_quoted_word_stays_on_one_line(string text, string expected) =>
        Assert.Equal(expected, Words.Quote(text));

    [Fact]
    public void A_long_word_is_cut() => Assert.Equal("'" + new string('a', 80) + "...'",
        Words.Quote(new string('a', 100_000)));

    [Theory]
    [InlineData("no", (int)MutableMode.No)]
    [InlineData("FALSE", (int)MutableMode.No)]
    [InlineData("1", (int)MutableMode.Yes)]
    [InlineData("auto", (int)MutableMode.Auto)]
    [InlineData("import", (int)MutableMode.Import)]
    [InlineData("ephemeral", (int)MutableMode.Ephemeral)]
    [InlineData("ephemeral-import", (int)MutableMode.EphemeralImport)]
    [InlineData("Auto", null)]
    [InlineData("", null)]
    public void A_mode_is_a_name_or_a_boolean(string text, int? expected)
    {
        bool isMode = MutableModes.TryParse(text, out MutableMode mode);

        Assert.Equal(expected.HasValue, isMode);
        if (expected.HasValue)
            Assert.Equal((MutableMode)expected.Value, mode);
    }

    [Fact]
    public void Each_mode_is_read_back_from_its_name()
    {
        foreach (string name in MutableModes.Names)
        {
            Assert.True(MutableModes.TryParse(name, out MutableMode mode));
            Assert.Equal(name, MutableModes.Name(mode));
        }

        foreach (string name in FallbackModes.Names)
        {
            Assert.True(FallbackModes.TryParse(name, out FallbackMode mode));
            Assert.Equal(name, FallbackModes.Name(mode));
        }
    }

    [Fact]
    public void Any_text_can_be_corrected_and_quoted() =>
        Gen.String.Sample(
            text =>
            {
                string? nearest = Words.Nearest(text, Known);
                return (nearest is null || Words.IndexOf(Known, nearest) >= 0) && !Words.Quote(text).Contains('\n');
            },
            seed: "0000KOIPe036",
            iter: 20_000,
            threads: 1);

    [Theory]
    [InlineData("foo bar", "bar", true)]
    [InlineData("  foo\t\n bar ", "foo", true)]
    [InlineData("foobar", "foo", false)]
    [InlineData("foo bar", "foo bar", false)]
    [InlineData("foo", "", false)]
    [InlineData("", "", false)]
    public void A_list_has_whole_words(string list, string word, bool expected) =>
        Assert.Equal(expected, Words.Contain(list, word));
}
