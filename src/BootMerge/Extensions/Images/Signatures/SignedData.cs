using System;

namespace BootMerge.Extensions.Images;

/// <summary>
/// A detached signature as PKCS#7 and CMS have it (RFC 2315, RFC 5652): signers without the text that they signed.
/// Certificates in it are not looked at: whoever made the signature put them there.
/// </summary>
internal ref struct SignedData
{
    private DerReader _signers;

    // 1.2.840.113549.1.7.2
    private static ReadOnlySpan<byte> Type => [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02];

    // The element that has the type of the text, and would have the text behind it: 1.2.840.113549.1.7.1 alone.
    public static ReadOnlySpan<byte> NoText =>
        [DerReader.ObjectIdentifier, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01];

    /// <summary>There is at least one in what was read.</summary>
    public readonly bool HasSigner => !_signers.IsAtEnd;

    /// <returns>false when it is not a detached signature.</returns>
    public static bool TryRead(ReadOnlySpan<byte> der, out SignedData data)
    {
        DerReader reader = new(der);
        reader.EnterLast(DerReader.Sequence);
        bool isDetached = reader.TakeIs(DerReader.ObjectIdentifier, Type);
        reader.EnterLast(DerReader.Tagged0);
        reader.EnterLast(DerReader.Sequence);
        // The version is 1, or 3 where a signer is named by a key identifier, which the signers say themselves.
        reader.Take(DerReader.Integer);
        // What hashes there are, certificates, and those that were revoked.
        reader.Take(DerReader.Set);
        isDetached &= reader.TakeIs(DerReader.Sequence, NoText);
        reader.Skip(DerReader.Tagged0);
        reader.Skip(DerReader.Tagged1);
        reader.EnterLast(DerReader.Set);
        data._signers = reader;
        return isDetached && !reader.IsBroken && !reader.IsAtEnd;
    }

    /// <returns>false when what comes next is not a signer.</returns>
    public bool TryTakeSigner(out Signer signer)
    {
        signer = default;
        return signer.TryRead(new DerReader(_signers.Take(DerReader.Sequence)));
    }
}
