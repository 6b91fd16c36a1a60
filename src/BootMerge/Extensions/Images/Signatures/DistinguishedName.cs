using System;
using System.Text;

namespace BootMerge.Extensions.Images;

/// <summary>What messages say of a name of X.509, and of an object identifier.</summary>
internal static class DistinguishedName
{
    // 2.5.4.3
    private static ReadOnlySpan<byte> CommonName => [0x55, 0x04, 0x03];

    /// <summary>"CN=Acme"; "without a CN" when it has none, or is broken.</summary>
    /// <param name="name">DER.</param>
    public static string Describe(ReadOnlySpan<byte> name)
    {
        DerReader reader = new(name);
        reader.TryEnter(DerReader.Sequence, out DerReader parts);
        while (parts.TryEnter(DerReader.Set, out DerReader part))
            while (part.TryEnter(DerReader.Sequence, out DerReader attribute))
                if (attribute.TryTake(DerReader.ObjectIdentifier, out ReadOnlySpan<byte> type)
                    && type.SequenceEqual(CommonName)
                    // There are several types of text.
                    && attribute.TryTake(attribute.Next, out ReadOnlySpan<byte> text))
                    return "CN=" + Words.Shown(PathText.Decode(text));
        return "without a CN";
    }

    /// <summary>"1.2.840.113549.1.1.10"</summary>
    /// <param name="identifier">The content of its element.</param>
    public static string DescribeIdentifier(ReadOnlySpan<byte> identifier)
    {
        StringBuilder text = new();
        ulong number = 0;
        foreach (byte b in identifier)
        {
            number = number << 7 | b & 0x7Fu;
            if (b >= 0x80)
                continue;
            // The first two are in one number.
            if (text.Length == 0)
            {
                ulong first = Math.Min(number / 40, 2);
                text.Append(first.ToString());
                number -= 40 * first;
            }

            text.Append('.').Append(number.ToString());
            number = 0;
        }

        return Words.Shown(text.ToString());
    }
}
