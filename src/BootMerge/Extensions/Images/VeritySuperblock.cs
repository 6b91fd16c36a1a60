using System;
using System.Runtime.InteropServices;

namespace BootMerge.Extensions.Images;

/// <summary>
/// What stands before the hash tree of dm-verity (cryptsetup's format, version 1). The root hash does not cover it, so
/// nothing of it is believed before it was looked at. Pure.
/// </summary>
internal sealed class VeritySuperblock
{
    /// <summary>In bytes.</summary>
    public const int Length = 512;

    private const int SmallestBlock = 512;

    // A page at most, of which some arm64 have large ones: the kernel says what it cannot use.
    private const int LargestBlock = 1 << 16;
    private const int LargestSalt = 256;

    private readonly Fields _fields;
    private readonly string _salt;

    private VeritySuperblock(Fields fields, string algorithm, string salt)
    {
        _fields = fields;
        Algorithm = algorithm;
        _salt = salt;
    }

    /// <summary>"sha256"</summary>
    public string Algorithm { get; }

    /// <summary>Of the data that is protected, in bytes.</summary>
    public ulong DataSize => _fields.DataBlocks * _fields.DataBlock;

    /// <summary>In bytes.</summary>
    public uint HashBlock => _fields.HashBlock;

    private static ReadOnlySpan<byte> Signature => "verity\0\0"u8;

    /// <param name="start">The first <see cref="Length"/> bytes of the hash partition.</param>
    /// <param name="dataSize">How large the data partition is, in bytes.</param>
    /// <param name="hashSize">How large the hash partition is, in bytes.</param>
    /// <param name="problem">What is wrong, to stand behind "its hash partition"; empty when nothing is.</param>
    public static VeritySuperblock? Parse(ReadOnlySpan<byte> start, ulong dataSize, ulong hashSize,
        out string problem)
    {
        problem = "has no verity superblock";
        if (start.Length < Length || !start.StartsWith(Signature))
            return null;
        Fields fields = MemoryMarshal.Read<Fields>(start);
        ReadOnlySpan<byte> name = start.Slice(Fields.AlgorithmOffset, Fields.AlgorithmLength);
        int length = name.IndexOf((byte)0);
        name = length < 0 ? name : name[..length];
        problem = fields.Version != 1 || fields.HashType > 1 || fields.SaltLength > LargestSalt || !IsWord(name)
            ? "has a verity superblock that is not known"
            : !IsBlock(fields.DataBlock) || !IsBlock(fields.HashBlock)
            ? "asks for blocks of " + fields.DataBlock.ToString() + " and " + fields.HashBlock.ToString()
                + " bytes"
            : fields.DataBlocks == 0 || fields.DataBlocks > dataSize / fields.DataBlock
            ? "is for more data than there is"
            : fields.HashBlock >= hashSize ? "has no room for a hash tree" : "";
        return problem.Length > 0 ? null : new VeritySuperblock(fields, PathText.Decode(name),
            Convert.ToHexStringLower(start.Slice(Fields.SaltOffset, fields.SaltLength)));
    }

    /// <summary>As dm-verity takes it.</summary>
    /// <param name="dataDevice">"7:0".</param>
    /// <param name="hashDevice">The same where the tree lies behind the data.</param>
    /// <param name="hashOffset">Where the superblock is on that device, in bytes.</param>
    /// <param name="rootHash">In hexadecimal, lower case.</param>
    /// <param name="signatureKey">The name of a key that holds the root hash's signature, or null.</param>
    public string Parameters(string dataDevice, string hashDevice, ulong hashOffset, string rootHash,
        string? signatureKey) =>
        _fields.HashType.ToString() + " " + dataDevice + " " + hashDevice + " " + _fields.DataBlock.ToString() + " "
        + _fields.HashBlock.ToString() + " " + _fields.DataBlocks.ToString() + " "
        + (hashOffset / _fields.HashBlock + 1).ToString() + " " + Algorithm + " " + rootHash + " "
        + (_salt.Length == 0 ? "-" : _salt)
        + (signatureKey is null ? "" : " 2 root_hash_sig_key_desc " + signatureKey);

    private static bool IsBlock(uint size) =>
        size >= SmallestBlock && size <= LargestBlock && (size & size - 1) == 0;

    /// <summary>A blank would begin another parameter.</summary>
    private static bool IsWord(ReadOnlySpan<byte> name)
    {
        foreach (byte b in name)
            if (!char.IsAsciiLetterLower((char)b) && !char.IsAsciiDigit((char)b) && b != '-')
                return false;
        return !name.IsEmpty;
    }

    [StructLayout(LayoutKind.Explicit, Size = Length)]
    private struct Fields
    {
        public const int AlgorithmOffset = 32;
        public const int AlgorithmLength = 32;
        public const int SaltOffset = 88;

        [FieldOffset(8)]
        public uint Version;

        [FieldOffset(12)]
        public uint HashType;

        [FieldOffset(64)]
        public uint DataBlock;

        [FieldOffset(68)]
        public uint HashBlock;

        [FieldOffset(72)]
        public ulong DataBlocks;

        [FieldOffset(80)]
        public ushort SaltLength;
    }
}
