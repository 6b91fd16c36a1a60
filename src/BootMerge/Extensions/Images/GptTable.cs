using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace BootMerge.Extensions.Images;

/// <returns>How many bytes of the image were read; fewer than asked for only at its end.</returns>
internal delegate int ReadImage(byte[] buffer, ulong offset);

/// <summary>
/// The GUID partition table of an image (UEFI specification, section 5.3), read without the kernel's help. An image's
/// maker is not trusted: nothing outside the image is read, and nothing is multiplied before it is known to be small.
/// </summary>
internal static class GptTable
{
    private const int SmallestSector = 512;
    private const int LargestSector = 4096;
    private const int SmallestHeader = 92;
    private const int SmallestEntry = 128;
    private const int LargestEntry = 4096;

    /// <summary>Eight times the usual.</summary>
    private const int LargestTable = 128 << 10;
    private const uint Revision = 0x10000;

    /// <summary>The protective MBR and the header come before it.</summary>
    private const int FirstUsable = 2;
    private const int GuidOffset = 16;
    private const int NameOffset = 56;
    private const int NameLength = 36;

    private static ReadOnlySpan<byte> Signature => "EFI PART"u8;

    /// <param name="start">The first bytes of the image; if it has them, at least two sectors of the largest
    /// size.</param>
    /// <param name="size">Of the image, in bytes.</param>
    /// <param name="problem">Why the table cannot be used; empty if there is none.</param>
    /// <returns>
    /// Partitions of known types, in the order of the table; null if there is no table, or none that can be used.
    /// </returns>
    public static List<GptPartition>? Read(ReadOnlySpan<byte> start, ulong size, ReadImage read, out string problem)
    {
        bool isSigned = false;
        int sector = 0;
        bool isAmbiguous = false;
        for (int candidate = SmallestSector; candidate <= LargestSector && start.Length >= 2 * candidate;
            candidate *= 2)
        {
            isSigned |= start[candidate..].StartsWith(Signature);
            if (!IsHeader(start.Slice(candidate, candidate), 1))
                continue;
            isAmbiguous = sector != 0;
            sector = candidate;
        }

        bool isProtected = MasterBootRecord.Protects(start);
        List<GptPartition>? partitions = null;
        if (isProtected && !isAmbiguous)
        {
            byte[] header = new byte[Math.Max(sector, SmallestSector)];
            ulong sectors = size / (uint)header.Length;
            partitions = ReadBy(header, 1, sectors, read) ?? ReadBy(header, sectors - 1, sectors, read);
            isSigned |= header.AsSpan().StartsWith(Signature);
        }

        // The remains of a wiped table are not a table.
        problem = partitions is not null || !isSigned ? ""
            : "its GPT partition table cannot be used: " + (!isProtected ? "no protective MBR"
                : isAmbiguous ? "two sizes of sectors" : "header and backup are damaged");
        return partitions;
    }

    /// <summary>Checks what tells the sector size; <see cref="ReadBy"/> checks the rest of the header.</summary>
    /// <param name="sector">A whole sector.</param>
    private static bool IsHeader(ReadOnlySpan<byte> sector, ulong number)
    {
        ref readonly Header header = ref MemoryMarshal.AsRef<Header>(sector);
        return sector.StartsWith(Signature) && header.Revision == Revision && header.Size >= SmallestHeader
            && header.Size <= sector.Length && header.Own == number;
    }

    /// <param name="room">A buffer for one sector.</param>
    /// <param name="number">Of the header's sector.</param>
    /// <param name="sectors">How many the image has.</param>
    /// <returns>null if the header or the entries are not valid.</returns>
    private static List<GptPartition>? ReadBy(byte[] room, ulong number, ulong sectors, ReadImage read)
    {
        uint sector = (uint)room.Length;
        if (number >= sectors || read(room, number * sector) < room.Length || !IsHeader(room, number))
            return null;
        ref Header header = ref MemoryMarshal.AsRef<Header>(room.AsSpan());
        // The checksum is computed with its own field set to zero.
        uint checksum = header.Checksum;
        header.Checksum = 0;
        if (Checksum(room.AsSpan(0, (int)header.Size)) != checksum
            || header.First < FirstUsable || header.First > header.Last || header.Last >= sectors
            || header.Entries >= sectors
            || header.EntrySize is < SmallestEntry or > LargestEntry || header.EntrySize % 8 != 0
            || header.Count > LargestTable / header.EntrySize)
            return null;
        byte[] entries = new byte[header.Count * header.EntrySize];
        if (read(entries, header.Entries * sector) < entries.Length || Checksum(entries) != header.EntriesChecksum)
            return null;

        List<GptPartition> partitions = [];
        for (int at = 0; at < entries.Length; at += (int)header.EntrySize)
        {
            ReadOnlySpan<byte> bytes = entries.AsSpan(at, SmallestEntry);
            ref readonly Entry entry = ref MemoryMarshal.AsRef<Entry>(bytes);
            if (entry.First >= header.First && entry.Last <= header.Last && entry.First <= entry.Last
                && PartitionTypes.TryFind(bytes[..PartitionTypes.Length], out Designator designator,
                    out int architecture))
                partitions.Add(new GptPartition
                {
                    Designator = designator,
                    Architecture = architecture,
                    Offset = entry.First * sector,
                    Size = (entry.Last - entry.First + 1) * sector,
                    Flags = entry.Flags,
                    Label = Name(MemoryMarshal.Cast<byte, char>(bytes[NameOffset..])),
                    Guid = Text(bytes.Slice(GuidOffset, PartitionTypes.Length)),
                });
        }

        return partitions;
    }

    /// <summary>CRC-32 of IEEE 802.3.</summary>
    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint checksum = ~0u;
        foreach (byte b in bytes)
        {
            checksum ^= b;
            for (int bit = 0; bit < 8; bit++)
                checksum = (checksum & 1) != 0 ? checksum >> 1 ^ 0xEDB88320 : checksum >> 1;
        }

        return ~checksum;
    }

    /// <summary>The first three groups of a GUID are little-endian numbers.</summary>
    private static string Text(ReadOnlySpan<byte> guid)
    {
        Span<byte> bytes = stackalloc byte[PartitionTypes.Length];
        guid.CopyTo(bytes);
        bytes[..4].Reverse();
        bytes[4..6].Reverse();
        bytes[6..8].Reverse();
        return Convert.ToHexStringLower(bytes);
    }

    private static string Name(ReadOnlySpan<char> text)
    {
        int length = text.IndexOf('\0');
        return text[..(length < 0 ? NameLength : length)].ToString();
    }

    [StructLayout(LayoutKind.Explicit, Size = SmallestHeader)]
    private struct Header
    {
        [FieldOffset(8)]
        public uint Revision;

        [FieldOffset(12)]
        public uint Size;

        [FieldOffset(16)]
        public uint Checksum;

        [FieldOffset(24)]
        public ulong Own;

        [FieldOffset(40)]
        public ulong First;

        [FieldOffset(48)]
        public ulong Last;

        [FieldOffset(72)]
        public ulong Entries;

        [FieldOffset(80)]
        public uint Count;

        [FieldOffset(84)]
        public uint EntrySize;

        [FieldOffset(88)]
        public uint EntriesChecksum;
    }

    [StructLayout(LayoutKind.Explicit, Size = SmallestEntry)]
    private struct Entry
    {
        [FieldOffset(32)]
        public ulong First;

        [FieldOffset(40)]
        public ulong Last;

        [FieldOffset(48)]
        public ulong Flags;
    }
}
