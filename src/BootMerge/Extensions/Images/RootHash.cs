using System;

namespace BootMerge.Extensions.Images;

/// <summary>A dm-verity root hash for an image that comes from outside the image.</summary>
/// <param name="text">In lower-case hexadecimal.</param>
/// <param name="data">What it is for.</param>
/// <param name="source">Where it comes from, for messages: "site.roothash".</param>
internal sealed class RootHash(string text, Designator data, string source)
{
    public string Text => text;

    public Designator Data => data;

    public string Source => source;

    /// <summary>At least 16 bytes as hexadecimal digits; blanks between them are ignored.</summary>
    /// <returns>In lower case; null if it is not a root hash.</returns>
    public static string? Parse(ReadOnlySpan<char> text)
    {
        const int Shortest = 32;
        Span<char> digits = new char[text.Length];
        int length = 0;
        foreach (char c in text)
            if (char.IsAsciiHexDigit(c))
                digits[length++] = (char)(c | 0x20);
            else if (c is not (' ' or '\t' or '\r' or '\n'))
                return null;

        return length >= Shortest && length % 2 == 0 ? new string(digits[..length]) : null;
    }
}
