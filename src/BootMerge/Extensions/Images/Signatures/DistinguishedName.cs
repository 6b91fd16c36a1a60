using System;

namespace BootMerge.Extensions.Images;

/// <summary>Describes an X.509 name, or an object identifier, for messages.</summary>
internal static class DistinguishedName
{
    // 2.5.4.3
    private static ReadOnlySpan<byte> CommonName => [0x55, 0x04, 0x03];

    /// <summary>"CN=Acme"; "without a CN" if it has none, or is broken.</summary>
    /// <param name="name">DER.</param>
    public static string Describe(ReadOnlySpan<byte> name)
    {
        DerReader parts = new(name);
        parts.EnterLast(DerReader.Sequence);
        while (!parts.IsAtEnd)
        {
            // A part is a set, nearly always of one attribute.
            DerReader attribute = new(parts.Take(DerReader.Set));
            attribute.EnterLast(DerReader.Sequence);
            if (attribute.TakeIs(DerReader.ObjectIdentifier, CommonName))
                // The text may have one of several types.
                return "CN=" + Words.Shown(PathText.Decode(attribute.Take(attribute.Next)));
        }

        return "without a CN";
    }

    /// <summary>"1.2.840.113549.1.1.10"</summary>
    /// <param name="identifier">The content of its element.</param>
    public static string DescribeIdentifier(ReadOnlySpan<byte> identifier)
    {
        const int Longest = 32;
        string text = "";
        ulong number = 0;
        if (identifier.Length > Longest)
            return "of " + identifier.Length.ToString() + " bytes";
        foreach (byte b in identifier)
        {
            number = number << 7 | b & 0x7Fu;
            if (b >= 0x80)
                continue;
            if (text.Length == 0)
            {
                // One number encodes the first two.
                ulong first = Math.Min(number / 40, 2);
                text = first.ToString();
                number -= 40 * first;
            }

            text += "." + number.ToString();
            number = 0;
        }

        return Words.Shown(text);
    }
}
