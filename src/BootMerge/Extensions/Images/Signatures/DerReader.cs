using System;

namespace BootMerge.Extensions.Images;

/// <summary>
/// The elements of DER (X.690), one after the other. Whoever wrote them is not trusted: nothing throws, an element that
/// is not wholly there is not taken, and lengths have at most three bytes. Lengths that are written longer than they
/// must be are accepted, as by OpenSSL and the kernel; the indefinite form is not DER.
/// </summary>
internal ref struct DerReader(ReadOnlySpan<byte> bytes)
{
    public const byte Integer = 0x02;
    public const byte OctetString = 0x04;
    public const byte ObjectIdentifier = 0x06;
    public const byte Sequence = 0x30;
    public const byte Set = 0x31;

    /// <summary>[0] and [1] of ASN.1, constructed.</summary>
    public const byte Tagged0 = 0xA0;
    public const byte Tagged1 = 0xA1;

    private const int LongLength = 0x80;
    private const int LongestLength = 3;

    private ReadOnlySpan<byte> _rest = bytes;

    public readonly bool IsAtEnd => _rest.IsEmpty;

    public readonly bool IsNext(byte tag) => !_rest.IsEmpty && _rest[0] == tag;

    /// <summary>The tag of the next element, 0 at the end.</summary>
    public readonly byte Next => _rest.IsEmpty ? (byte)0 : _rest[0];

    public bool TryTake(byte tag, out ReadOnlySpan<byte> content) => TryTake(tag, out content, out _);

    /// <param name="whole">With the tag and the length.</param>
    public bool TryTake(byte tag, out ReadOnlySpan<byte> content, out ReadOnlySpan<byte> whole)
    {
        content = whole = default;
        int start = 2;
        if (_rest.Length < start || _rest[0] != tag)
            return false;
        int length = _rest[1];
        if (length >= LongLength)
        {
            int octets = length - LongLength;
            if (octets is 0 or > LongestLength || octets > _rest.Length - start)
                return false;
            length = 0;
            for (; octets > 0; octets--)
                length = length << 8 | _rest[start++];
        }

        if (length > _rest.Length - start)
            return false;
        content = _rest.Slice(start, length);
        whole = _rest[..(start + length)];
        _rest = _rest[(start + length)..];
        return true;
    }

    public bool TryEnter(byte tag, out DerReader inner)
    {
        bool isThere = TryTake(tag, out ReadOnlySpan<byte> content, out _);
        inner = new DerReader(content);
        return isThere;
    }

    /// <summary>An element that need not be there.</summary>
    /// <returns>false when it is, and is broken.</returns>
    public bool TrySkip(byte tag) => !IsNext(tag) || TryTake(tag, out _, out _);

    /// <summary>An algorithm; its parameters do not count for those that are known here.</summary>
    public bool TryTakeAlgorithm(out ReadOnlySpan<byte> identifier)
    {
        identifier = default;
        return TryEnter(Sequence, out DerReader algorithm) && algorithm.TryTake(ObjectIdentifier, out identifier, out _);
    }
}
