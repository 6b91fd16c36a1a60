using System;
using BootMerge.Extensions.Images;
using Xunit;

namespace BootMerge.Tests.Extensions.Images.Signatures;

public sealed class DerReaderTests
{
    [Theory]
    [InlineData("0400", "", "")]
    [InlineData("0402aabb", "aabb", "")]
    [InlineData("0402aabb0401cc", "aabb", "0401cc")]
    [InlineData("048101aa", "aa", "")]
    [InlineData("04820002aabb05", "aabb", "05")]
    [InlineData("0483000001aa", "aa", "")]
    public void An_element_is_taken_whole(string der, string content, string rest)
    {
        DerReader reader = new(Convert.FromHexString(der));
        Assert.True(reader.TryTake(DerReader.OctetString, out ReadOnlySpan<byte> taken, out ReadOnlySpan<byte> whole));
        Assert.Equal(content, Convert.ToHexStringLower(taken));
        Assert.Equal(der, Convert.ToHexStringLower(whole) + rest);
        Assert.Equal(rest.Length == 0, reader.IsAtEnd);
    }

    [Theory]
    [InlineData("")]
    [InlineData("04")]
    [InlineData("0401")] // the content is missing
    [InlineData("0402aa")]
    [InlineData("0201aa")] // another tag
    [InlineData("0480aa0000")] // the indefinite form
    [InlineData("0481")]
    [InlineData("0482ff")]
    [InlineData("048400000001aa")] // a length of four bytes
    [InlineData("0483ffffffaa")]
    [InlineData("04ffaa")]
    public void What_is_not_wholly_there_is_not_taken(string der)
    {
        byte[] bytes = Convert.FromHexString(der);
        DerReader reader = new(bytes);
        Assert.False(reader.TryTake(DerReader.OctetString, out ReadOnlySpan<byte> content));
        Assert.True(content.IsEmpty);
        Assert.False(reader.TryEnter(DerReader.OctetString, out DerReader inner));
        Assert.True(inner.IsAtEnd);
        // A reader that refused is where it was.
        Assert.Equal(bytes.Length == 0, reader.IsAtEnd);
        Assert.Equal(bytes.Length == 0 || bytes[0] != DerReader.OctetString, reader.TrySkip(DerReader.OctetString));
    }

    [Fact]
    public void What_need_not_be_there_is_skipped()
    {
        DerReader reader = new([0xA0, 1, 0xFF, 0x02, 1, 7]);
        Assert.True(reader.TrySkip(DerReader.Tagged1));
        Assert.True(reader.TrySkip(DerReader.Tagged0));
        Assert.True(reader.TryTake(DerReader.Integer, out ReadOnlySpan<byte> number));
        Assert.Equal(7, number[0]);
        Assert.Equal(0, reader.Next);
    }
}
