using BootMerge.CommandLine;
using Xunit;

namespace BootMerge.Tests.CommandLine;

public sealed class ExactArgumentsTests
{
    [Theory]
    [InlineData("bootmerge\0explain\0/etc/x\0", "explain|/etc/x")]
    [InlineData("bootmerge\0explain\0\0", "explain|")]
    [InlineData("\0a b\0c\nd\0", "a b|c\nd")]
    // A text with another number of words is not this command line.
    [InlineData("", "first|second")]
    [InlineData("bootmerge\0explain\0", "first|second")]
    [InlineData("bootmerge\0explain\0a\0b\0", "first|second")]
    public void The_kernels_words_take_the_place_of_the_runtimes(string text, string expected) =>
        Assert.Equal(expected.Split('|'), ExactArguments.Split(text, ["first", "second"]));
}
