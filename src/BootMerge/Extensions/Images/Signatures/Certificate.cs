using System;

namespace BootMerge.Extensions.Images;

/// <summary>What identifies a certificate of X.509 (RFC 5280). Its key and the rest are the kernel's to read.</summary>
internal ref struct Certificate
{
    private static ReadOnlySpan<byte> Beginning => "-----BEGIN CERTIFICATE-----"u8;

    private static ReadOnlySpan<byte> End => "-----END CERTIFICATE-----"u8;

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
            int lower = b | 0x20;
            int digit = lower is >= 'a' and <= 'z' ? b - (b == lower ? 'a' - 26 : 'A')
                : b is >= (byte)'0' and <= (byte)'9' ? b - '0' + 52
                : b == '+' ? 62
                : b == '/' ? 63 : -1;
            if (b is (byte)' ' or >= (byte)'\t' and <= (byte)'\r')
                continue;
            digits++;
            if (b == '=')
            {
                padding++;
                continue;
            }

            if (digit < 0 || padding > 0)
                return null;
            bits = bits << 6 | digit;
            // From the second of four digits on each one completes a byte.
            if (digits % 4 != 1)
                bytes[length++] = (byte)(bits >> 2 * (-digits & 3));
        }

        if (digits % 4 != 0 || padding > 2)
            return null;
        Array.Resize(ref bytes, length);
        return bytes;
    }

    public static bool TryRead(ReadOnlySpan<byte> der, out Certificate certificate)
    {
        certificate = default;
        DerReader reader = new(der);
        return reader.TryEnter(DerReader.Sequence, out DerReader signed) && reader.IsAtEnd
            && signed.TryEnter(DerReader.Sequence, out DerReader body)
            && body.TrySkip(DerReader.Tagged0)
            && body.TryTake(DerReader.Integer, out certificate._serial)
            && body.TryTakeAlgorithm(out _)
            && body.TryTake(DerReader.Sequence, out _, out certificate._issuer);
    }

    /// <summary>Whether a signer says that it is this one.</summary>
    public readonly bool IsOf(in Signer signer) =>
        _issuer.SequenceEqual(signer.Issuer) && _serial.SequenceEqual(signer.Serial);
}
