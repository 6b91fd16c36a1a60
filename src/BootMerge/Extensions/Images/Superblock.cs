using System;
using System.Buffers.Binary;

namespace BootMerge.Extensions.Images;

/// <summary>
/// Recognises the file system of a disk image or partition by the signatures in its first bytes. Pure: nothing is
/// opened.
/// </summary>
internal static class Superblock
{
    /// <summary>How many bytes are looked at: btrfs has its superblock at 64 KiB.</summary>
    public const int Length = BtrfsOffset + 8;

    // Offsets and signatures: Documentation/filesystems of the kernel.
    private const int ErofsOffset = 1024;
    private const int ExtOffset = 1024;
    private const int BtrfsOffset = 0x10000 + 64;

    /// <param name="start">The first <see cref="Length"/> bytes, or all of a smaller image.</param>
    /// <param name="place">Where these bytes are: "it", "its root partition".</param>
    /// <returns>The file system's type for mount(2); null if there is none, with what was found in
    /// <paramref name="problem"/>.</returns>
    public static string? Identify(ReadOnlySpan<byte> start, string place, out string problem)
    {
        string? found = Find(start, place, out string? refusal);
        problem = refusal ?? (found is null && MasterBootRecord.IsAt(start)
            ? place + " has an MBR partition table: only GPT is supported"
            : "no file system is found in " + place + " (supported: squashfs, erofs, ext4, btrfs and xfs)");
        return found;
    }

    /// <summary>Like <see cref="Identify"/>, for callers that also accept the absence of a file system.</summary>
    /// <param name="refusal">null: there is one that can be mounted, or none.</param>
    public static string? Find(ReadOnlySpan<byte> start, string place, out string? refusal)
    {
        string? found = null;
        refusal = null;
        if (Has(start, 0, "LUKS"u8))
            refusal = place + " is encrypted (LUKS), which is not supported";
        else if (!Take("squashfs", Has(start, 0, "hsqs"u8), ref found)
            || !Take("xfs", Has(start, 0, "XFSB"u8), ref found)
            || !Take("erofs", Has(start, ErofsOffset, [0xE2, 0xE1, 0xF5, 0xE0]), ref found)
            || !Take("ext4", HasExt(start), ref found)
            || !Take("btrfs", Has(start, BtrfsOffset, "_BHRfS_M"u8), ref found))
        {
            // Remains of an older file system must not decide what is merged.
            refusal = place + " is ambiguous: it has the signatures of more than one file system, " + found
                + " among them";
            return null;
        }

        return found;
    }

    /// <returns>false if another one was found before.</returns>
    private static bool Take(string type, bool isHere, ref string? found)
    {
        if (!isHere)
            return true;
        if (found is not null)
            return false;
        found = type;
        return true;
    }

    /// <summary>
    /// The signature has only two bytes, which another file system's data may contain by chance (in an erofs they are
    /// within the UUID). So the block size, 1 KiB to 64 KiB, and the revision, 0 or 1, are checked too.
    /// </summary>
    private static bool HasExt(ReadOnlySpan<byte> start) =>
        Has(start, ExtOffset + 0x38, [0x53, 0xEF]) && IsAtMost(start, ExtOffset + 0x18, 6)
            && IsAtMost(start, ExtOffset + 0x4C, 1);

    private static bool IsAtMost(ReadOnlySpan<byte> start, int offset, uint limit) =>
        start.Length >= offset + sizeof(uint) && BinaryPrimitives.ReadUInt32LittleEndian(start[offset..]) <= limit;

    private static bool Has(ReadOnlySpan<byte> start, int offset, ReadOnlySpan<byte> signature) =>
        start.Length >= offset + signature.Length && start.Slice(offset, signature.Length).SequenceEqual(signature);
}
