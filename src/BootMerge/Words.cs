using System;

namespace BootMerge;

/// <summary>Words that people write in options, files and variables: recognised, quoted, and corrected.</summary>
internal static class Words
{
    private const int ShownLength = 80;
    private const int LongestTypingError = 40;

    /// <summary>The booleans of systemd.syntax(7), in any case.</summary>
    public static bool TryParseBoolean(string text, out bool value)
    {
        string lower = text.Length <= 5 ? text.ToLowerInvariant() : "";
        value = lower is "1" or "yes" or "y" or "true" or "t" or "on";
        return value || lower is "0" or "no" or "n" or "false" or "f" or "off";
    }

    /// <summary>-1 if it is none of them.</summary>
    public static int IndexOf(string[] words, string word)
    {
        for (int i = 0; i < words.Length; i++)
            if (words[i] == word)
                return i;
        return -1;
    }

    /// <summary>Whether a list of words, separated by white space, contains a word.</summary>
    public static bool Contain(ReadOnlySpan<char> list, ReadOnlySpan<char> word)
    {
        while (true)
        {
            list = list.TrimStart(" \t\n\r");
            if (list.IsEmpty)
                return false;
            int length = list.IndexOfAny(" \t\n\r");
            ReadOnlySpan<char> first = length < 0 ? list : list[..length];
            if (first.SequenceEqual(word))
                return true;
            list = list[first.Length..];
        }
    }

    /// <summary>For messages: on one line, and shortened to what a person wants to read.</summary>
    public static string Shown(string text) =>
        text.Length <= ShownLength ? PathText.Printable(text) : PathText.Printable(text[..ShownLength]) + "...";

    public static string Quote(string text) => "'" + Shown(text) + "'";

    /// <summary>" (did you mean 'x'?)" if a known word is near, otherwise " (known: a, b, c)".</summary>
    public static string Hint(string typed, string[] known) =>
        Nearest(typed, known) is string nearest ? DidYouMean(nearest) : " (known: " + string.Join(", ", known) + ")";

    public static string DidYouMean(string nearest) => " (did you mean '" + nearest + "'?)";

    /// <summary>
    /// The known word that was probably meant: one that begins with what was typed, or is a few typing errors away.
    /// </summary>
    public static string? Nearest(string typed, string[] known)
    {
        if (typed.Length is 0 or > LongestTypingError)
            return null;

        string? nearest = null;
        int smallest = 2 * Math.Max(1, typed.Length / 2) + 2;
        foreach (string word in known)
        {
            // Of two equally near words, the one with the same beginning was meant: "umerge" is unmerge.
            bool isBeginning = typed.Length > 1 && word.StartsWith(typed, StringComparison.OrdinalIgnoreCase);
            int distance = isBeginning ? 1 : 2 * Distance(typed, word) + (Same(typed[0], word[0]) ? 0 : 1);
            if (distance < smallest)
            {
                nearest = word;
                smallest = distance;
            }
        }

        return nearest;
    }

    /// <summary>Damerau-Levenshtein distance (optimal string alignment); ignores case.</summary>
    private static int Distance(string a, string b)
    {
        int width = b.Length + 1;
        int[] cells = new int[(a.Length + 1) * width];
        for (int i = 0; i <= a.Length; i++)
        {
            for (int j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    cells[i * width + j] = i + j;
                    continue;
                }

                int above = (i - 1) * width + j;
                int cost = Same(a[i - 1], b[j - 1]) ? 0 : 1;
                int best = Math.Min(Math.Min(cells[above], cells[i * width + j - 1]) + 1, cells[above - 1] + cost);
                if (i > 1 && j > 1 && Same(a[i - 1], b[j - 2]) && Same(a[i - 2], b[j - 1]))
                    best = Math.Min(best, cells[(i - 2) * width + j - 2] + 1);
                cells[i * width + j] = best;
            }
        }

        return cells[^1];
    }

    private static bool Same(char a, char b) => char.ToLowerInvariant(a) == char.ToLowerInvariant(b);
}
