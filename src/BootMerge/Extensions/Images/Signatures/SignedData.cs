using System;

namespace BootMerge.Extensions.Images;

/// <summary>
/// A detached signature as PKCS#7 and CMS have it (RFC 2315, RFC 5652): signers without the text that they signed.
/// Certificates in it are not looked at: whoever made the signature put them there.
/// </summary>
internal ref struct SignedData
{
    private DerReader _signers;

    // 1.2.840.113549.1.7.1 and 1.2.840.113549.1.7.2
    public static ReadOnlySpan<byte> DataType => [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01];

    private static ReadOnlySpan<byte> SignedDataType => [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02];

    /// <summary>There is at least one in what was read.</summary>
    public readonly bool HasSigner => !_signers.IsAtEnd;

    /// <returns>false when it is not a detached signature.</returns>
    public static bool TryRead(ReadOnlySpan<byte> der, out SignedData data)
    {
        data = default;
        DerReader file = new(der);
        return file.TryEnter(DerReader.Sequence, out DerReader message) && file.IsAtEnd
            && message.TryTake(DerReader.ObjectIdentifier, out ReadOnlySpan<byte> type)
            && type.SequenceEqual(SignedDataType)
            && message.TryEnter(DerReader.Tagged0, out DerReader tagged) && message.IsAtEnd
            && tagged.TryEnter(DerReader.Sequence, out DerReader body) && tagged.IsAtEnd
            // 3 when a signer is named by a key identifier.
            && body.TryTake(DerReader.Integer, out ReadOnlySpan<byte> version) && version is [1 or 3]
            && body.TryTake(DerReader.Set, out _)
            && body.TryEnter(DerReader.Sequence, out DerReader content)
            && content.TryTake(DerReader.ObjectIdentifier, out type) && type.SequenceEqual(DataType) && content.IsAtEnd
            && body.TrySkip(DerReader.Tagged0) && body.TrySkip(DerReader.Tagged1)
            && body.TryEnter(DerReader.Set, out data._signers) && body.IsAtEnd && data.HasSigner;
    }

    /// <returns>false when what comes next is not a signer.</returns>
    public bool TryTakeSigner(out Signer signer)
    {
        signer = default;
        return _signers.TryEnter(DerReader.Sequence, out DerReader reader) && signer.TryRead(reader);
    }
}
