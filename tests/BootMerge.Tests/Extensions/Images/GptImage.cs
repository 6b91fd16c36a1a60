using System;
using System.Collections.Generic;
using System.Text;
using BootMerge.Extensions.Images;

namespace BootMerge.Tests.Extensions.Images;

/// <summary>The bytes of an image with a GPT. A test can damage them before or after the checksums are made.</summary>
internal sealed class GptImage
{
    public const string Root = "4f68bce3-e8cd-4db1-96e7-fbcaf984b709";
    public const string Home = "933ac7e1-2eb4-4f13-b844-0e14e2aef915";
    private const int EntrySize = 128;

    // Computed once: a soak makes millions of partition tables.
    private static readonly uint[] Division = Divide();
    private static readonly byte[] Reversed = ReverseAll();

    public GptImage(int sector = 512, int sectors = 256, int entries = 128)
    {
        Sector = sector;
        Bytes = new byte[sector * sectors];
        int table = (EntrySize * entries + sector - 1) / sector;
        Bytes[446 + 4] = 0xEE;
        Bytes[510] = 0x55;
        Bytes[511] = 0xAA;
        WriteHeader(1, (ulong)sectors - 1, 2, (ulong)table + 2, (ulong)(sectors - table - 2), entries);
        WriteHeader((ulong)sectors - 1, 1, (ulong)(sectors - 1 - table), (ulong)table + 2,
            (ulong)(sectors - table - 2), entries);
        Seal();
    }

    private GptImage(GptImage other)
    {
        Sector = other.Sector;
        Bytes = [.. other.Bytes];
    }

    public int Sector { get; }

    public byte[] Bytes { get; private set; }

    /// <summary>The number of the sector with the backup header.</summary>
    public ulong Backup => (ulong)(Bytes.Length / Sector) - 1;

    public Span<byte> Header(ulong number) => Bytes.AsSpan((int)number * Sector, Sector);

    public Span<byte> Entry(ulong header, int index) =>
        Bytes.AsSpan((int)BitConverter.ToUInt64(Header(header)[72..]) * Sector + index * EntrySize, EntrySize);

    public GptImage With(string type, ulong first, ulong last, ulong flags = 0, string label = "", int index = 0)
    {
        foreach (ulong header in new ulong[] { 1, Backup })
        {
            Span<byte> entry = Entry(header, index);
            Guid.Parse(type).TryWriteBytes(entry);
            BitConverter.TryWriteBytes(entry[32..], first);
            BitConverter.TryWriteBytes(entry[40..], last);
            BitConverter.TryWriteBytes(entry[48..], flags);
            Encoding.Unicode.GetBytes(label).CopyTo(entry[56..]);
        }

        return Seal();
    }

    /// <summary>Recomputes the checksums of both headers.</summary>
    public GptImage Seal()
    {
        Seal(1);
        Seal(Backup);
        return this;
    }

    public void Seal(ulong number)
    {
        Span<byte> header = Header(number);
        ulong table = BitConverter.ToUInt64(header[72..]) * (ulong)Sector;
        ulong length = (ulong)BitConverter.ToUInt32(header[80..]) * BitConverter.ToUInt32(header[84..]);
        if (table <= (ulong)Bytes.Length && length <= (ulong)Bytes.Length - table)
            BitConverter.TryWriteBytes(header[88..], Checksum(Bytes.AsSpan((int)table, (int)length)));
        header.Slice(16, 4).Clear();
        int size = Math.Min(BitConverter.ToInt32(header[12..]), Sector);
        BitConverter.TryWriteBytes(header[16..], Checksum(header[..Math.Max(size, 0)]));
    }

    public GptImage Cut(int length)
    {
        Bytes = Bytes[..length];
        return this;
    }

    public GptImage Copy() => new(this);

    public List<GptPartition>? Read(out string problem) => Read(Bytes, out problem);

    public static List<GptPartition>? Read(byte[] bytes, out string problem) =>
        GptTable.Read(bytes.AsSpan(0, Math.Min(Superblock.Length, bytes.Length)), (ulong)bytes.Length,
            (buffer, offset) =>
            {
                if (offset >= (ulong)bytes.Length)
                    return 0;
                int length = Math.Min(buffer.Length, bytes.Length - (int)offset);
                bytes.AsSpan((int)offset, length).CopyTo(buffer);
                return length;
            }, out problem);

    /// <summary>CRC-32, most significant bit first. The reader uses the reflected polynomial instead.</summary>
    public static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint sum = uint.MaxValue;
        foreach (byte b in bytes)
            sum = sum << 8 ^ Division[(byte)(sum >> 24 ^ Reversed[b])];
        return (uint)Reverse(~sum, 32);
    }

    /// <summary>The remainder of each byte, divided by the polynomial.</summary>
    private static uint[] Divide()
    {
        uint[] table = new uint[256];
        for (uint i = 0; i < table.Length; i++)
        {
            uint sum = i << 24;
            for (int bit = 0; bit < 8; bit++)
                sum = sum >> 31 != 0 ? sum << 1 ^ 0x04C11DB7 : sum << 1;
            table[i] = sum;
        }

        return table;
    }

    private static byte[] ReverseAll()
    {
        byte[] table = new byte[256];
        for (uint i = 0; i < table.Length; i++)
            table[i] = (byte)Reverse(i, 8);
        return table;
    }

    private static ulong Reverse(ulong value, int bits)
    {
        ulong reversed = 0;
        for (int i = 0; i < bits; i++)
            reversed |= (value >> i & 1) << (bits - 1 - i);
        return reversed;
    }

    private void WriteHeader(ulong own, ulong other, ulong entries, ulong first, ulong last, int count)
    {
        Span<byte> header = Header(own);
        "EFI PART"u8.CopyTo(header);
        BitConverter.TryWriteBytes(header[8..], 0x10000u);
        BitConverter.TryWriteBytes(header[12..], 92u);
        BitConverter.TryWriteBytes(header[24..], own);
        BitConverter.TryWriteBytes(header[32..], other);
        BitConverter.TryWriteBytes(header[40..], first);
        BitConverter.TryWriteBytes(header[48..], last);
        BitConverter.TryWriteBytes(header[72..], entries);
        BitConverter.TryWriteBytes(header[80..], (uint)count);
        BitConverter.TryWriteBytes(header[84..], (uint)EntrySize);
    }
}
