using System;

namespace BootMerge.Extensions;

/// <summary>
/// The order of names and versions of UAPI.10 (Version Format Specification), which systemd calls
/// strverscmp_improved: 1~rc &lt; 1 &lt; 1-2 &lt; 1^post &lt; 1.1, and 1.9 &lt; 1.10.
/// </summary>
internal static class VersionOrder
{
    /// <returns>Below zero if <paramref name="left"/> is older. Zero also for names such as "a_1" and "a1".</returns>
    public static int Compare(string left, string right)
    {
        ReadOnlySpan<char> a = left;
        ReadOnlySpan<char> b = right;
        while (true)
        {
            a = SkipIgnored(a);
            b = SkipIgnored(b);

            // The steps are in the specification's order; only '~' also sorts before the end of the text.
            int order = CompareSeparator('~', ref a, ref b);
            if (order != 0)
                return order;
            if (a.IsEmpty || b.IsEmpty)
                return (a.IsEmpty ? 0 : 1) - (b.IsEmpty ? 0 : 1);

            order = CompareSeparator('-', ref a, ref b);
            if (order == 0)
                order = CompareSeparator('^', ref a, ref b);
            if (order == 0)
                order = CompareSeparator('.', ref a, ref b);
            if (order == 0)
                order = StartsWithDigit(a) || StartsWithDigit(b)
                    ? CompareNumber(ref a, ref b) : TakeWord(ref a).SequenceCompareTo(TakeWord(ref b));
            if (order != 0)
                return order;
        }
    }

    /// <summary>The text that starts with the separator is older; if both do, it is removed from both.</summary>
    private static int CompareSeparator(char separator, ref ReadOnlySpan<char> a, ref ReadOnlySpan<char> b)
    {
        bool first = !a.IsEmpty && a[0] == separator;
        bool second = !b.IsEmpty && b[0] == separator;
        if (first != second)
            return first ? -1 : 1;
        if (first)
        {
            a = a[1..];
            b = b[1..];
        }

        return 0;
    }

    /// <summary>No number at all is older than zero; numbers may have any length.</summary>
    private static int CompareNumber(ref ReadOnlySpan<char> a, ref ReadOnlySpan<char> b)
    {
        if (!StartsWithDigit(a) || !StartsWithDigit(b))
            return StartsWithDigit(a) ? 1 : -1;
        ReadOnlySpan<char> first = TakeNumber(ref a).TrimStart('0');
        ReadOnlySpan<char> second = TakeNumber(ref b).TrimStart('0');
        return first.Length != second.Length ? first.Length - second.Length : first.SequenceCompareTo(second);
    }

    private static bool StartsWithDigit(ReadOnlySpan<char> text) => !text.IsEmpty && char.IsAsciiDigit(text[0]);

    private static ReadOnlySpan<char> SkipIgnored(ReadOnlySpan<char> text)
    {
        int start = 0;
        while (start < text.Length && !char.IsAsciiLetterOrDigit(text[start])
            && text[start] is not ('~' or '-' or '^' or '.'))
            start++;
        return text[start..];
    }

    private static ReadOnlySpan<char> TakeNumber(ref ReadOnlySpan<char> text)
    {
        int length = 0;
        while (length < text.Length && char.IsAsciiDigit(text[length]))
            length++;
        ReadOnlySpan<char> number = text[..length];
        text = text[length..];
        return number;
    }

    private static ReadOnlySpan<char> TakeWord(ref ReadOnlySpan<char> text)
    {
        int length = 0;
        while (length < text.Length && char.IsAsciiLetter(text[length]))
            length++;
        ReadOnlySpan<char> word = text[..length];
        text = text[length..];
        return word;
    }
}
