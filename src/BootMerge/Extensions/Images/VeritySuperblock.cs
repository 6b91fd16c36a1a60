using System;
using System.Runtime.InteropServices;

namespace BootMerge.Extensions.Images;

/// <summary>
/// The header of a dm-verity hash tree (cryptsetup's format, version 1). The root hash does not cover it, so none of it
/// is used unchecked. Pure.
/// </summary>
internal sealed class VeritySuperblock
{
    /// <summary>In bytes.</summary>
    public const int Length = 512;

    private const int SmallestBlock = 512;

    // At most a page, and some arm64 machines have large ones. The kernel reports what it cannot use.
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

    /// <summary>Size of the protected data, in bytes.</summary>
    public ulong DataSize => _fields.DataBlocks * _fields.DataBlock;

    /// <summary>In bytes.</summary>
    public uint HashBlock => _fields.HashBlock;

    private static ReadOnlySpan<byte> Signature => "verity\0\0"u8;

    /// <param name="start">The first <see cref="Length"/> bytes of the hash partition.</param>
    /// <param name="dataSize">Size of the data partition, in bytes.</param>
    /// <param name="hashSize">Size of the hash partition, in bytes.</param>
    /// <param name="problem">What is wrong, to follow "its hash partition"; empty if nothing is.</param>
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

    /// <summary>The parameters of dm-verity's table.</summary>
    /// <param name="dataDevice">"7:0".</param>
    /// <param name="hashDevice">The same device if the tree is behind the data.</param>
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
