using BootMerge.Changes;
using Xunit;

namespace BootMerge.Tests.Changes;

public sealed class ShadowedRecordTests
{
    [Theory]
    [InlineData("bootmerge-shadowed 1\n")]
    [InlineData("bootmerge-shadowed 1\n00000000000000ff 1700000000000000 /etc/a\n00000000000000fe 1 /etc/b c\\n\\377\n")]
    public void What_is_read_is_written_again(string text) => Assert.Equal(text, ShadowedRecord.Parse(text)!.ToText());

    [Theory]
    [InlineData("")]
    [InlineData("bootmerge-shadowed 1")]
    [InlineData("bootmerge-shadowed 2\n")]
    [InlineData("bootmerge-shadowed 1\nff 1 /etc/cut off")]
    [InlineData("something else\n")]
    public void What_is_no_record_or_was_cut_off_is_none(string text) => Assert.Null(ShadowedRecord.Parse(text));

    [Theory]
    [InlineData("no path\n")]
    [InlineData("/etc/only\n")]
    [InlineData("ff 1 /etc/\\9\n")]
    [InlineData("\n\n")]
    [InlineData("ff 1/etc/x\n")]
    public void Lines_that_are_no_entries_are_left_out(string line) =>
        Assert.Equal("bootmerge-shadowed 1\nff 1 /etc/a\n", ShadowedRecord.Parse("bootmerge-shadowed 1\n" + line + "ff 1 /etc/a\n")!.ToText());

    [Fact]
    public void It_is_bounded()
    {
        System.Text.StringBuilder text = new("bootmerge-shadowed 1\n");
        for (int i = 0; i < ShadowedRecord.MaximumEntries + 10; i++)
            text.Append("ff 1 /etc/").Append(i).Append('\n');

        Assert.Equal(ShadowedRecord.MaximumEntries, ShadowedRecord.Parse(text.ToString())!.ToText().Split('\n').Length - 2);
    }
}
