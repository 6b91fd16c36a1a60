using System;

namespace BootMerge.Extensions.Images;

/// <summary>
/// A detached signature in PKCS#7 or CMS form (RFC 2315, RFC 5652): signers without the text that they signed.
/// Certificates in it are ignored: the signature's author put them there.
/// </summary>
internal ref struct SignedData
{
    private DerReader _signers;

    // 1.2.840.113549.1.7.2
    private static ReadOnlySpan<byte> Type => [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02];

    // The element that has the text's type and would contain the text: here 1.2.840.113549.1.7.1 alone.
    public static ReadOnlySpan<byte> NoText =>
        [DerReader.ObjectIdentifier, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01];

    /// <summary>There is another signer; in what was read, there is at least one.</summary>
    public readonly bool HasSigner => !_signers.IsAtEnd;

    /// <returns>false if it is not a detached signature.</returns>
    public static bool TryRead(ReadOnlySpan<byte> der, out SignedData data)
    {
        DerReader reader = new(der);
        reader.EnterLast(DerReader.Sequence);
        bool isDetached = reader.TakeIs(DerReader.ObjectIdentifier, Type);
        reader.EnterLast(DerReader.Tagged0);
        reader.EnterLast(DerReader.Sequence);
        // The version is 1, or 3 if a signer is named by a key identifier; the signers themselves tell which.
        reader.Take(DerReader.Integer);
        // The hash algorithms used, certificates, and revoked certificates.
        reader.Take(DerReader.Set);
        isDetached &= reader.TakeIs(DerReader.Sequence, NoText);
        reader.Skip(DerReader.Tagged0);
        reader.Skip(DerReader.Tagged1);
        reader.EnterLast(DerReader.Set);
        data._signers = reader;
        return isDetached && !reader.IsBroken && !reader.IsAtEnd;
    }

    /// <returns>false if what comes next is not a signer.</returns>
    public bool TryTakeSigner(out Signer signer)
    {
        signer = default;
        return signer.TryRead(new DerReader(_signers.Take(DerReader.Sequence)));
    }
}
