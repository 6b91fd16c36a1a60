using System;

namespace BootMerge.Extensions.Images;

/// <summary>
/// The partition table of older disks (MBR), which is only recognised. Before a GPT it makes older programs leave the
/// disk alone. An image that has only an MBR is refused.
/// </summary>
internal static class MasterBootRecord
{
    private const int EntriesOffset = 446;
    private const int EntryLength = 16;
    private const int SignatureOffset = 510;
    private const byte Gpt = 0xEE;

    /// <summary>Whether one of the four entries announces a GPT.</summary>
    public static bool Protects(ReadOnlySpan<byte> start)
    {
        if (!IsSigned(start))
            return false;
        for (int at = EntriesOffset; at < SignatureOffset; at += EntryLength)
            if (start[at + 4] == Gpt)
                return true;
        return false;
    }

    /// <summary>
    /// File systems' boot sectors end like this table, but have code in place of the entries. So the first entry's flag
    /// is checked too.
    /// </summary>
    public static bool IsAt(ReadOnlySpan<byte> start) =>
        IsSigned(start) && (start[EntriesOffset] & 0x7F) == 0 && start[EntriesOffset + 4] != 0;

    private static bool IsSigned(ReadOnlySpan<byte> start) =>
        start.Length >= SignatureOffset + 2 && start[SignatureOffset] == 0x55 && start[SignatureOffset + 1] == 0xAA;
}
