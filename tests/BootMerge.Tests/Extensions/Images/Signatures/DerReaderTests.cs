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
        DerReader same = reader;
        Assert.Equal(content, Convert.ToHexStringLower(reader.Take(DerReader.OctetString)));
        Assert.Equal(der, Convert.ToHexStringLower(same.TakeWhole(DerReader.OctetString)) + rest);
        Assert.False(reader.IsBroken);
        Assert.Equal(rest.Length == 0, reader.IsAtEnd);
        Assert.Equal(rest.Length == 0, reader.IsWhole);
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
    [InlineData("048201")]
    [InlineData("04830100")]
    [InlineData("048400000001aa")] // a length of four bytes
    [InlineData("0483ffffffaa")]
    [InlineData("04ffaa")]
    public void What_is_not_wholly_there_is_not_taken_nor_what_comes_after_it(string der)
    {
        byte[] bytes = Convert.FromHexString(der);
        DerReader taken = new(bytes);
        Assert.True(taken.Take(DerReader.OctetString).IsEmpty);
        DerReader entered = new(bytes);
        entered.EnterLast(DerReader.OctetString);
        Assert.True(taken.IsBroken && taken.IsAtEnd && !taken.IsWhole && taken.Next == 0);
        Assert.True(entered.IsBroken && entered.IsAtEnd && !entered.IsWhole);
        Assert.True(taken.TakeWhole(DerReader.Integer).IsEmpty);
    }

    [Fact]
    public void What_need_not_be_there_is_skipped()
    {
        DerReader reader = new([0xA0, 1, 0xFF, 0x02, 1, 7]);
        reader.Skip(DerReader.Tagged1);
        Assert.Equal(DerReader.Tagged0, reader.Next);
        reader.Skip(DerReader.Tagged0);
        Assert.True(reader.TakeIs(DerReader.Integer, [7]));
        reader.Skip(DerReader.Tagged0);
        Assert.True(reader.IsWhole);
    }

    [Fact]
    public void An_element_that_is_skipped_must_be_whole()
    {
        DerReader reader = new([0xA0, 2, 0xFF]);
        reader.Skip(DerReader.Tagged0);
        Assert.True(reader.IsBroken);
    }

    [Fact]
    public void The_last_element_is_entered_if_nothing_is_behind_it()
    {
        DerReader reader = new([0x30, 3, 0x02, 1, 7]);
        reader.EnterLast(DerReader.Sequence);
        Assert.False(reader.TakeIs(DerReader.Integer, [8]));
        Assert.True(reader.IsWhole);

        DerReader longer = new([0x30, 3, 0x02, 1, 7, 0]);
        longer.EnterLast(DerReader.Sequence);
        Assert.True(longer.IsBroken);
    }

    [Theory]
    [InlineData("300306012a", "2a", "")]
    [InlineData("300506012a05000400", "2a", "0400")] // with parameters
    [InlineData("30030601", null, "")]
    [InlineData("300302012a", null, "")]
    [InlineData("06012a", null, "")]
    public void The_identifier_of_an_algorithm(string der, string? identifier, string rest)
    {
        DerReader reader = new(Convert.FromHexString(der));
        Assert.Equal(identifier ?? "", Convert.ToHexStringLower(reader.TakeAlgorithm()));
        Assert.Equal(identifier is null, reader.IsBroken);
        Assert.Equal(rest.Length == 0, reader.IsAtEnd);
    }
}
