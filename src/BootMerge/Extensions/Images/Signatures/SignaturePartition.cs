using System;
using System.Runtime.CompilerServices;
using BootMerge.Json;

namespace BootMerge.Extensions.Images;

/// <summary>The content of a signature partition (Discoverable Partitions Specification).</summary>
internal sealed class SignaturePartition
{
    /// <summary>In bytes; real ones need a few thousand at most.</summary>
    public const int Limit = 4 << 20;

    private SignaturePartition(string rootHash, byte[] signature)
    {
        RootHash = rootHash;
        Signature = signature;
    }

    /// <summary>In lower-case hexadecimal.</summary>
    public string RootHash { get; }

    /// <summary>PKCS#7 of the root hash, DER.</summary>
    public byte[] Signature { get; }

    /// <param name="content">The whole partition: JSON, padded with NULs.</param>
    /// <returns>null if it has no root hash or no signature, or is not such a partition.</returns>
    public static SignaturePartition? Parse(ReadOnlySpan<byte> content)
    {
        ReadOnlySpan<byte> text = content.TrimEnd((byte)0);
        if (content.Length > Limit || text.Contains((byte)0) || JsonReader.TryParse(text) is not JsonValue value)
            return null;
        string? hash = Images.RootHash.Parse(TextOf(value, "rootHash"));
        byte[]? signature = Certificate.DecodeBase64(PathText.Encode(TextOf(value, "signature")));
        return hash is null || signature is null or [] || signature.Length > SideFiles.Limit
            ? null : new SignaturePartition(hash, signature);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static string TextOf(JsonValue value, string key) =>
        value.Get(key) is { Kind: JsonKind.Text } item ? item.Text : "";
}
