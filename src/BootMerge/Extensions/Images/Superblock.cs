using System;
using System.Buffers.Binary;

namespace BootMerge.Extensions.Images;

/// <summary>What a disk image is, by the signatures in its first bytes. Pure: nothing is opened.</summary>
internal static class Superblock
{
    /// <summary>How many bytes are looked at: btrfs has its superblock at 64 KiB.</summary>
    public const int Length = BtrfsOffset + 8;

    // Offsets and signatures: Documentation/filesystems of the kernel, and the UEFI specification for GPT.
    private const int ErofsOffset = 1024;
    private const int ExtOffset = 1024;
    private const int BtrfsOffset = 0x10000 + 64;
    private const int SmallestSector = 512;
    private const int LargestSector = 4096;

    /// <param name="start">The first <see cref="Length"/> bytes, or all of a smaller image.</param>
    /// <returns>The file system's type as mount(2) takes it; null with what the image is instead in
    /// <paramref name="problem"/>.</returns>
    public static string? Identify(ReadOnlySpan<byte> start, out string problem)
    {
        string? found = null;
        problem = "no file system is found in it (supported: squashfs, erofs, ext4, btrfs and xfs)";
        if (HasPartitionTable(start))
            problem = "it has a GPT partition table: this version supports only images with a bare file system";
        else if (Has(start, 0, "LUKS"u8))
            problem = "it is encrypted (LUKS): this version supports only images with a bare file system";
        else if (!Take("squashfs", Has(start, 0, "hsqs"u8), ref found)
            || !Take("xfs", Has(start, 0, "XFSB"u8), ref found)
            || !Take("erofs", Has(start, ErofsOffset, [0xE2, 0xE1, 0xF5, 0xE0]), ref found)
            || !Take("ext4", HasExt(start), ref found)
            || !Take("btrfs", Has(start, BtrfsOffset, "_BHRfS_M"u8), ref found))
        {
            // What is left of an older file system must not decide what is merged.
            problem = "it is ambiguous: it has the signatures of more than one file system, " + found + " among them";
            return null;
        }

        return found;
    }

    /// <returns>false when another one was found before.</returns>
    private static bool Take(string type, bool isHere, ref string? found)
    {
        if (!isHere)
            return true;
        if (found is not null)
            return false;
        found = type;
        return true;
    }

    /// <summary>The header is the second sector, of whatever size the sectors were when the image was made.</summary>
    private static bool HasPartitionTable(ReadOnlySpan<byte> start)
    {
        for (int sector = SmallestSector; sector <= LargestSector; sector *= 2)
            if (Has(start, sector, "EFI PART"u8))
                return true;
        return false;
    }

    /// <summary>
    /// The signature has two bytes, which another file system's data may have there by chance (in an erofs it is within
    /// the UUID): so the block size, 1 KiB to 64 KiB, and the revision, 0 or 1, are looked at, too.
    /// </summary>
    private static bool HasExt(ReadOnlySpan<byte> start) =>
        Has(start, ExtOffset + 0x38, [0x53, 0xEF]) && IsAtMost(start, ExtOffset + 0x18, 6)
            && IsAtMost(start, ExtOffset + 0x4C, 1);

    private static bool IsAtMost(ReadOnlySpan<byte> start, int offset, uint limit) =>
        start.Length >= offset + sizeof(uint) && BinaryPrimitives.ReadUInt32LittleEndian(start[offset..]) <= limit;

    private static bool Has(ReadOnlySpan<byte> start, int offset, ReadOnlySpan<byte> signature) =>
        start.Length >= offset + signature.Length && start.Slice(offset, signature.Length).SequenceEqual(signature);
}
