using BootMerge.Reporting;
using Xunit;

namespace BootMerge.Tests.Reporting;

public sealed class ProgressTests
{
    [Theory]
    [InlineData(7, "7")]
    [InlineData(999, "999")]
    [InlineData(1000, "1,000")]
    [InlineData(120_000, "120,000")]
    [InlineData(1_234_567, "1,234,567")]
    public void Large_numbers_are_easy_to_read(int number, string text) =>
        Assert.Equal(text, Progress.WithCommas(number));
}
