using System;
using System.Buffers.Binary;
using System.Text;
using BootMerge.Extensions.Images;
using Xunit;

namespace BootMerge.Tests.Extensions.Images;

/// <summary>The superblock before a hash tree is accepted only if it makes sense.</summary>
public sealed class VeritySuperblockTests
{
    private const ulong DataSize = 64 << 10;
    private const ulong HashSize = 16 << 10;

    [Fact]
    public void The_table_of_the_kernel_is_made_of_it()
    {
        VeritySuperblock superblock = Parse(Make())!;
        Assert.Equal(DataSize, superblock.DataSize);
        Assert.Equal(4096u, superblock.HashBlock);
        Assert.Equal("1 7:0 7:0 4096 4096 16 17 sha256 abcd 0102ff",
            superblock.Parameters("7:0", "7:0", DataSize, "abcd", null));
        Assert.Equal("1 7:0 7:1 4096 4096 16 1 sha256 abcd 0102ff 2 root_hash_sig_key_desc bootmerge:loop0",
            superblock.Parameters("7:0", "7:1", 0, "abcd", "bootmerge:loop0"));
    }

    [Fact]
    public void Without_a_salt_a_dash_stands_for_it()
    {
        byte[] bytes = Make();
        bytes[80] = 0;
        Assert.EndsWith(" abcd -", Parse(bytes)!.Parameters("7:0", "7:0", 0, "abcd", null), StringComparison.Ordinal);
    }

    [Theory]
    // An offset, the bytes put there, and what is wrong then.
    [InlineData(0, "V", "has no verity superblock")]
    [InlineData(7, "x", "has no verity superblock")]
    [InlineData(8, "\u0002", "has a verity superblock that is not known")]
    [InlineData(12, "\u0002", "has a verity superblock that is not known")]
    // A blank in the name of the algorithm would be another parameter of the table.
    [InlineData(32, "sha256 7:9", "has a verity superblock that is not known")]
    [InlineData(32, "SHA256", "has a verity superblock that is not known")]
    [InlineData(32, "\0", "has a verity superblock that is not known")]
    [InlineData(81, "\u0002", "has a verity superblock that is not known")]
    [InlineData(64, "\u0001", "asks for blocks of 4097 and 4096 bytes")]
    [InlineData(65, "\0", "asks for blocks of 0 and 4096 bytes")]
    [InlineData(64, "\0\u0001", "asks for blocks of 256 and 4096 bytes")]
    [InlineData(66, "\u0002", "asks for blocks of 135168 and 4096 bytes")]
    [InlineData(68, "\u0008\0", "asks for blocks of 4096 and 8 bytes")]
    [InlineData(72, "\0", "is for more data than there is")]
    [InlineData(72, "\u0011", "is for more data than there is")]
    // Multiplied by the block size, this wraps around to the right size.
    [InlineData(78, "\u0010", "is for more data than there is")]
    public void What_makes_no_sense_is_refused(int offset, string bytes, string expected)
    {
        byte[] superblock = Make();
        Encoding.Latin1.GetBytes(bytes).CopyTo(superblock, offset);
        Assert.Null(VeritySuperblock.Parse(superblock, DataSize, HashSize, out string problem));
        Assert.Equal(expected, problem);
    }

    [Theory]
    [InlineData(4096, "has no room for a hash tree")]
    [InlineData(0, "has no room for a hash tree")]
    public void The_tree_must_have_room(ulong hashSize, string expected)
    {
        Assert.Null(VeritySuperblock.Parse(Make(), DataSize, hashSize, out string problem));
        Assert.Equal(expected, problem);
    }

    [Fact]
    public void A_short_one_is_none()
    {
        Assert.Null(VeritySuperblock.Parse(Make().AsSpan(0, 511), DataSize, HashSize, out string problem));
        Assert.Equal("has no verity superblock", problem);
    }

    private static VeritySuperblock? Parse(byte[] bytes)
    {
        VeritySuperblock? superblock = VeritySuperblock.Parse(bytes, DataSize, HashSize, out string problem);
        Assert.Equal("", problem);
        return superblock;
    }

    /// <summary>A superblock as veritysetup writes it, for 16 blocks of data and a salt of three bytes.</summary>
    internal static byte[] Make()
    {
        byte[] bytes = new byte[VeritySuperblock.Length];
        "verity\0\0"u8.CopyTo(bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), 1);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), 1);
        "sha256"u8.CopyTo(bytes.AsSpan(32));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(64), 4096);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(68), 4096);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(72), DataSize / 4096);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(80), 3);
        new byte[] { 1, 2, 255 }.CopyTo(bytes, 88);
        return bytes;
    }
}
