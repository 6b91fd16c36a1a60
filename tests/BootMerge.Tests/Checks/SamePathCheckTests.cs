using BootMerge.Checks;
using Xunit;

namespace BootMerge.Tests.Checks;

public sealed class SamePathCheckTests
{
    [Theory]
    [InlineData("two files", false, false, true)]
    [InlineData("two directories are merged", true, true, false)]
    [InlineData("a file hides the directory below it", false, true, true)]
    [InlineData("a directory hides the file below it", true, false, true)]
    public void A_path_is_taken_twice_unless_both_are_directories(string why, bool isUpperDirectory,
        bool isLowerDirectory, bool isTwice)
    {
        SamePathCheck paths = new();

        Assert.Null(paths.Take("/etc/a", isUpperDirectory, "upper"));

        Assert.True(paths.Take("/etc/a", isLowerDirectory, "lower") == (isTwice ? "upper" : null), why);
    }

    [Fact]
    public void Of_three_extensions_with_one_path_the_lower_two_are_told_of_the_topmost()
    {
        SamePathCheck paths = new();
        paths.Take("/etc/a", isDirectory: false, "upper");

        Assert.Equal("upper", paths.Take("/etc/a", isDirectory: false, "middle"));
        Assert.Equal("upper", paths.Take("/etc/a", isDirectory: false, "lower"));
        Assert.Null(paths.Take("/etc/ab", isDirectory: false, "lower"));
    }
}
