using System;

namespace BootMerge.Extensions.Images;

/// <summary>What identifies a certificate of X.509 (RFC 5280). Its key and the rest are the kernel's to read.</summary>
internal ref struct Certificate
{
    private static ReadOnlySpan<byte> Beginning => "-----BEGIN CERTIFICATE-----"u8;

    private static ReadOnlySpan<byte> End => "-----END CERTIFICATE-----"u8;

    private static ReadOnlySpan<byte> Alphabet => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"u8;

    private ReadOnlySpan<byte> _issuer;
    private ReadOnlySpan<byte> _serial;

    /// <summary>The first certificate of a file, DER; null when there is none (PEM, RFC 7468).</summary>
    public static byte[]? FirstOf(ReadOnlySpan<byte> pem)
    {
        int start = pem.IndexOf(Beginning);
        if (start < 0)
            return null;
        pem = pem[(start + Beginning.Length)..];
        int length = pem.IndexOf(End);
        return length < 0 ? null : DecodeBase64(pem[..length]);
    }

    /// <summary>
    /// null when it is not base64 (RFC 4648, section 4); white space in it does not count. The runtime's functions do
    /// this by vectors, which takes ten times as much room.
    /// </summary>
    public static byte[]? DecodeBase64(ReadOnlySpan<byte> text)
    {
        byte[] bytes = new byte[text.Length];
        int length = 0;
        int digits = 0;
        int padding = 0;
        int bits = 0;
        foreach (byte b in text)
        {
            if (b <= ' ')
                continue;
            int digit = Alphabet.IndexOf(b);
            if (b == '=')
                padding++;
            else if (digit < 0 || padding > 0)
                return null;
            // From the second of four digits on each one completes a byte.
            else if ((digits & 3) != 0)
                bytes[length++] = (byte)((bits << 6 | digit) >> (6 - 2 * (digits & 3)));
            bits = bits << 6 | digit;
            digits++;
        }

        if ((digits & 3) != 0 || padding > 2)
            return null;
        Array.Resize(ref bytes, length);
        return bytes;
    }

    public static bool TryRead(ReadOnlySpan<byte> der, out Certificate certificate)
    {
        DerReader reader = new(der);
        reader.EnterLast(DerReader.Sequence);
        DerReader body = new(reader.Take(DerReader.Sequence));
        body.Skip(DerReader.Tagged0);
        certificate._serial = body.Take(DerReader.Integer);
        body.TakeAlgorithm();
        certificate._issuer = body.TakeWhole(DerReader.Sequence);
        return !reader.IsBroken && !body.IsBroken;
    }

    /// <summary>Whether a signer says that it is this one.</summary>
    public readonly bool IsOf(in Signer signer) =>
        _issuer.SequenceEqual(signer.Issuer) && _serial.SequenceEqual(signer.Serial);
}
