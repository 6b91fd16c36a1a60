using System;
using System.Runtime.CompilerServices;

namespace BootMerge.Extensions.Images;

/// <summary>
/// Reads DER elements (X.690), one after the other. Their author is not trusted: nothing throws, and lengths have at
/// most three bytes. After an element that is missing or incomplete, every further one is empty, and
/// <see cref="IsBroken"/> says so at the end. Lengths that are longer than necessary are accepted, as by OpenSSL and
/// the kernel; the indefinite form is not DER.
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

    public bool IsBroken { get; private set; }

    public readonly bool IsAtEnd => _rest.IsEmpty;

    /// <summary>Everything that was taken was there, and nothing is left.</summary>
    public readonly bool IsWhole => !IsBroken && _rest.IsEmpty;

    /// <summary>The tag of the next element; 0 at the end, which is not a tag that anybody asks for.</summary>
    public readonly byte Next => _rest.IsEmpty ? (byte)0 : _rest[0];

    /// <returns>The content of the next element.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)] // at each of many places it would be four times as long
    public ReadOnlySpan<byte> Take(byte tag)
    {
        ReadOnlySpan<byte> whole = TakeWhole(tag, out int start);
        return whole[start..];
    }

    /// <returns>The next element with its tag and length.</returns>
    public ReadOnlySpan<byte> TakeWhole(byte tag) => TakeWhole(tag, out _);

    /// <summary>Whether the content of the next element is this.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public bool TakeIs(byte tag, ReadOnlySpan<byte> content) => Take(tag).SequenceEqual(content);

    /// <summary>Takes an element that may be missing.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Skip(byte tag)
    {
        if (Next == tag)
            TakeWhole(tag);
    }

    /// <summary>Enters an element that must be the last one.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void EnterLast(byte tag)
    {
        ReadOnlySpan<byte> content = Take(tag);
        IsBroken |= !_rest.IsEmpty;
        _rest = content;
    }

    /// <summary>The identifier of an algorithm; the algorithms known here have no parameters that matter.</summary>
    public ReadOnlySpan<byte> TakeAlgorithm()
    {
        DerReader algorithm = new(Take(Sequence));
        ReadOnlySpan<byte> identifier = algorithm.Take(ObjectIdentifier);
        IsBroken |= algorithm.IsBroken;
        return identifier;
    }

    private ReadOnlySpan<byte> TakeWhole(byte tag, out int start)
    {
        start = 2;
        if (_rest.Length >= start && _rest[0] == tag)
        {
            int length = _rest[1];
            // Where the content begins. The indefinite form is a long length of zero bytes.
            int end = start + Math.Max(length - LongLength, 0);
            if (length != LongLength && end <= start + LongestLength && end <= _rest.Length)
            {
                if (end > start)
                    length = 0;
                for (; start < end; start++)
                    length = length << 8 | _rest[start];
                if (length <= _rest.Length - start)
                {
                    ReadOnlySpan<byte> whole = _rest[..(start + length)];
                    _rest = _rest[whole.Length..];
                    return whole;
                }
            }
        }

        IsBroken = true;
        start = 0;
        return _rest = default;
    }
}
