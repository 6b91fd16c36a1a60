using System;

namespace BootMerge.Extensions.Images;

/// <summary>One signer: by which certificate, how, and with what result. All as the signature has it.</summary>
internal ref struct Signer
{
    // The subject's key identifier, in place of issuer and serial number: [0], primitive.
    private const byte KeyIdentifier = 0x80;

    // Each without its last byte. SHA-2: 2.16.840.1.101.3.4.2; RSA: 1.2.840.113549.1.1; ECDSA: 1.2.840.10045.4.3.
    private static ReadOnlySpan<byte> Hashes => [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02];

    private static ReadOnlySpan<byte> Rsa => [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01];

    private static ReadOnlySpan<byte> Ecdsa => [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03];

    // 1.2.840.113549.1.9.3 and .4
    private static ReadOnlySpan<byte> ContentType => [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x03];

    private static ReadOnlySpan<byte> MessageDigest => [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x04];

    private ReadOnlySpan<byte> _issuer;
    private ReadOnlySpan<byte> _serial;
    private ReadOnlySpan<byte> _hash;
    private ReadOnlySpan<byte> _algorithm;
    private ReadOnlySpan<byte> _attributes;
    private ReadOnlySpan<byte> _signature;

    /// <summary>The issuer of the signer's certificate, DER; empty if the signer is named in another way.</summary>
    public readonly ReadOnlySpan<byte> Issuer => _issuer;

    /// <summary>Of the signer's certificate, as the bytes of its INTEGER.</summary>
    public readonly ReadOnlySpan<byte> Serial => _serial;

    public readonly ReadOnlySpan<byte> Signature => _signature;

    /// <summary>"issuer CN=Acme, serial 1f"</summary>
    public readonly string Name => "issuer " + DistinguishedName.Describe(_issuer) + ", serial "
        + Words.Shown(Convert.ToHexStringLower(_serial[..Math.Min(_serial.Length, LongestSerial)].TrimStart((byte)0)));

    // Twice what RFC 5280 allows.
    private const int LongestSerial = 40;

    /// <param name="reader">Inside its SignerInfo.</param>
    public bool TryRead(DerReader reader)
    {
        int version = reader.Take(DerReader.Integer) is [byte only] ? only : 0;
        bool isNamed = version == 3 && reader.Next == KeyIdentifier;
        if (isNamed)
            reader.Skip(KeyIdentifier);
        else
        {
            DerReader name = new(reader.Take(DerReader.Sequence));
            _issuer = name.TakeWhole(DerReader.Sequence);
            _serial = name.Take(DerReader.Integer);
            isNamed = version == 1 && name.IsWhole;
        }

        _hash = reader.TakeAlgorithm();
        if (reader.Next == DerReader.Tagged0)
            _attributes = reader.TakeWhole(DerReader.Tagged0);
        _algorithm = reader.TakeAlgorithm();
        _signature = reader.Take(DerReader.OctetString);
        reader.Skip(DerReader.Tagged1);
        return isNamed && reader.IsWhole;
    }

    /// <param name="bits">Of the SHA-2 that was used.</param>
    /// <param name="isEcdsa">Otherwise RSA, PKCS#1 v1.5.</param>
    /// <param name="unsupported">The identifier of what cannot be checked here, DER.</param>
    public readonly bool IsSupported(out int bits, out bool isEcdsa, out ReadOnlySpan<byte> unsupported)
    {
        bits = 0;
        isEcdsa = false;
        unsupported = _hash;
        // 1: SHA-256, 2: SHA-384, 3: SHA-512
        int hash = LastOf(_hash, Hashes);
        if (hash is not (1 or 2 or 3))
            return false;
        bits = 128 + 128 * hash;
        unsupported = _algorithm;
        isEcdsa = LastOf(_algorithm, Ecdsa) == hash + 1;
        // RSA that names no hash, or this one.
        int rsa = LastOf(_algorithm, Rsa);
        return isEcdsa || rsa == 1 || rsa == hash + 10;
    }

    /// <summary>
    /// The digest that was signed: that of the text itself, or that of attributes which contain the text's digest.
    /// </summary>
    /// <returns>null if the attributes are for another text.</returns>
    public readonly byte[]? TryDigest(ReadOnlySpan<byte> text, int bits)
    {
        byte[] digest = Sha2.Hash(text, bits);
        if (_attributes.IsEmpty)
            return digest;
        DerReader attributes = new(_attributes);
        attributes.EnterLast(DerReader.Tagged0);
        bool isTyped = false;
        bool isSame = false;
        bool isSound = true;
        while (!attributes.IsAtEnd)
        {
            // A name and a set of values: here one.
            DerReader attribute = new(attributes.Take(DerReader.Sequence));
            ReadOnlySpan<byte> name = attribute.Take(DerReader.ObjectIdentifier);
            ReadOnlySpan<byte> values = attribute.Take(DerReader.Set);
            isSound &= attribute.IsWhole;
            // An attribute given twice must be right twice.
            if (name.SequenceEqual(ContentType))
                isSound &= isTyped = values.SequenceEqual(SignedData.NoText);
            else if (name.SequenceEqual(MessageDigest))
            {
                DerReader value = new(values);
                isSound &= isSame = value.TakeIs(DerReader.OctetString, digest) && value.IsWhole;
            }
        }

        // The set itself was signed, not the tagged element in which the signature stores it (RFC 5652, 5.4).
        byte[] signed = _attributes.ToArray();
        signed[0] = DerReader.Set;
        return isSound && isTyped && isSame && !attributes.IsBroken ? Sha2.Hash(signed, bits) : null;
    }

    /// <returns>-1 if it does not begin so.</returns>
    private static int LastOf(ReadOnlySpan<byte> identifier, ReadOnlySpan<byte> beginning) =>
        identifier.Length == beginning.Length + 1 && identifier.StartsWith(beginning) ? identifier[^1] : -1;
}
