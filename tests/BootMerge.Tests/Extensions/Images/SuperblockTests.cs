using System;
using BootMerge.Extensions.Images;
using Xunit;

namespace BootMerge.Tests.Extensions.Images;

/// <summary>Signatures in the first bytes of an image. The kernel tests show that real images have them.</summary>
public sealed class SuperblockTests
{
    private const int Ext = 1024;

    [Theory]
    [InlineData("squashfs", 0, "68737173")]
    [InlineData("xfs", 0, "58465342")]
    [InlineData("erofs", 1024, "E2E1F5E0")]
    [InlineData("btrfs", 0x10040, "5F42485266535F4D")]
    public void A_file_system_is_known_by_its_signature_and_by_nothing_less(string type, int offset, string signature)
    {
        byte[] image = new byte[Superblock.Length];
        Put(image, offset, signature);
        Assert.Equal(type, Superblock.Identify(image, "it", out _));

        // A signature that is cut off, has one wrong byte, or lies one byte further on is not found.
        Assert.Null(Superblock.Identify(image.AsSpan(0, offset + (signature.Length / 2) - 1), "it",
            out string problem));
        Assert.Contains("no file system", problem, StringComparison.Ordinal);
        image[offset + 1] ^= 1;
        Assert.Null(Superblock.Identify(image, "it", out _));
        byte[] shifted = new byte[Superblock.Length + 1];
        Put(shifted, offset + 1, signature);
        Assert.Null(Superblock.Identify(shifted, "it", out _));
    }

    [Theory]
    [InlineData(0u, 1u, true)]   // 1 KiB blocks, as small file systems have
    [InlineData(2u, 1u, true)]   // 4 KiB
    [InlineData(6u, 1u, true)]   // 64 KiB, the largest
    [InlineData(2u, 0u, true)]   // the original revision
    [InlineData(7u, 1u, false)]  // no such block size: the two bytes are there by chance
    [InlineData(2u, 2u, false)]
    [InlineData(0xFFFFFFFFu, 1u, false)]
    public void Ext4_is_known_by_more_than_its_two_bytes(uint blockSize, uint revision, bool isExt)
    {
        byte[] image = new byte[4096];
        Put(image, Ext + 0x38, "53EF");
        BitConverter.TryWriteBytes(image.AsSpan(Ext + 0x18), blockSize);
        BitConverter.TryWriteBytes(image.AsSpan(Ext + 0x4C), revision);

        Assert.Equal(isExt ? "ext4" : null, Superblock.Identify(image, "it", out _));
    }

    [Theory]
    [InlineData(0x00, 0x83, true)]
    [InlineData(0x80, 0x83, true)]
    [InlineData(0x80, 0x00, false)]
    [InlineData(0x33, 0x83, false)] // code of a boot sector
    public void An_MBR_partition_table_is_named_where_there_is_nothing_else(byte flag, byte type, bool isTable)
    {
        byte[] image = new byte[4096];
        Put(image, 510, "55AA");
        image[446] = flag;
        image[450] = type;
        Assert.Null(Superblock.Identify(image, "its root partition", out string problem));
        Assert.Equal(isTable ? "its root partition has an MBR partition table: only GPT is supported"
            : "no file system is found in its root partition (supported: squashfs, erofs, ext4, btrfs and xfs)",
            problem);
        Put(image, 1024, "E2E1F5E0");
        Assert.Equal("erofs", Superblock.Identify(image, "it", out _));
    }

    [Theory]
    [InlineData(0, "68737173", 1024, "E2E1F5E0")]
    [InlineData(0, "58465342", 0x10040, "5F42485266535F4D")]
    [InlineData(1024, "E2E1F5E0", 0x10040, "5F42485266535F4D")]
    public void Two_file_systems_in_one_image_are_ambiguous(int first, string firstSignature, int second,
        string secondSignature)
    {
        byte[] image = new byte[Superblock.Length];
        Put(image, first, firstSignature);
        Put(image, second, secondSignature);
        Assert.Null(Superblock.Identify(image, "it", out string problem));
        Assert.Contains("ambiguous", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("4C554B53")]
    [InlineData("4C554B53BABE")]
    public void Anything_else_is_no_file_system(string start)
    {
        Assert.Null(Superblock.Identify(Convert.FromHexString(start), "it", out string problem));
        Assert.Contains(start.StartsWith("4C55", StringComparison.Ordinal) ? "LUKS" : "no file system", problem,
            StringComparison.Ordinal);
    }

    private static void Put(byte[] image, int offset, string hex) =>
        Convert.FromHexString(hex).CopyTo(image.AsSpan(offset));
}
