using Xunit;

namespace BootMerge.Tests.Linux;

public sealed class FileStatusTests
{
    [Theory]
    [InlineData(0x1ED, "0755")]
    [InlineData(0x1C0, "0700")]
    [InlineData(0x3FF, "01777")]
    [InlineData(0x7, "0007")]
    [InlineData(0, "0000")]
    public void Modes_are_shown_in_octal(uint permissions, string expected) =>
        Assert.Equal(expected, Octal.Text(permissions));
}
