using System;
using System.Buffers;
using System.Buffers.Text;

namespace BootMerge.Extensions.Images;

/// <summary>What identifies an X.509 certificate (RFC 5280). The kernel reads its key and the rest.</summary>
internal ref struct Certificate
{
    private static ReadOnlySpan<byte> Beginning => "-----BEGIN CERTIFICATE-----"u8;

    private static ReadOnlySpan<byte> End => "-----END CERTIFICATE-----"u8;

    private static ReadOnlySpan<byte> Alphabet => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"u8;

    private ReadOnlySpan<byte> _issuer;
    private ReadOnlySpan<byte> _serial;

    /// <summary>The first certificate in a file, in DER; null if there is none (PEM, RFC 7468).</summary>
    public static byte[]? FirstOf(ReadOnlySpan<byte> pem)
    {
        int start = pem.IndexOf(Beginning);
        if (start < 0)
            return null;
        pem = pem[(start + Beginning.Length)..];
        int length = pem.IndexOf(End);
        return length < 0 ? null : DecodeBase64(pem[..length]);
    }

    /// <summary>null if it is not base64; white space is ignored.</summary>
    public static byte[]? DecodeBase64(ReadOnlySpan<byte> text)
    {
        byte[] bytes = new byte[text.Length];
        if (Base64.DecodeFromUtf8(text, bytes, out _, out int length) != OperationStatus.Done)
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

    /// <summary>Whether a signer names this certificate as its own.</summary>
    public readonly bool IsOf(in Signer signer) =>
        _issuer.SequenceEqual(signer.Issuer) && _serial.SequenceEqual(signer.Serial);
}
