using System;

namespace BootMerge.Extensions.Images;

/// <summary>
/// The partition table of older disks (MBR). It is only recognised: before a GPT it is there so that older programs
/// leave the disk alone, and an image that has nothing else is refused.
/// </summary>
internal static class MasterBootRecord
{
    private const int EntriesOffset = 446;
    private const int EntryLength = 16;
    private const int SignatureOffset = 510;
    private const byte Gpt = 0xEE;

    /// <summary>One of the four entries says that there is a GPT.</summary>
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
    /// Boot sectors of file systems end like this table, with code where the entries would be: so the flag of the
    /// first entry is looked at, too.
    /// </summary>
    public static bool IsAt(ReadOnlySpan<byte> start) =>
        IsSigned(start) && (start[EntriesOffset] & 0x7F) == 0 && start[EntriesOffset + 4] != 0;

    private static bool IsSigned(ReadOnlySpan<byte> start) =>
        start.Length >= SignatureOffset + 2 && start[SignatureOffset] == 0x55 && start[SignatureOffset + 1] == 0xAA;
}
