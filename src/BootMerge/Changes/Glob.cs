namespace BootMerge.Changes;

/// <summary>
/// Patterns as in glob(7): "*" and "?" match anything but "/", "[a-c]" and "[!a]" match one character of a set; "\"
/// makes the next character literal.
/// </summary>
internal static class Glob
{
    public static bool Matches(string pattern, string text)
    {
        int p = 0;
        int t = 0;
        int star = -1;
        int starText = 0;
        while (t < text.Length)
        {
            int next = p;
            if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                starText = t;
            }
            else if (p < pattern.Length && MatchesOne(pattern, ref next, text[t]))
            {
                p = next;
                t++;
            }
            else if (star >= 0 && text[starText] != '/')
            {
                p = star + 1;
                t = ++starText;
            }
            else
            {
                return false;
            }
        }

        while (p < pattern.Length && pattern[p] == '*')
            p++;
        return p == pattern.Length;
    }

    private static bool MatchesOne(string pattern, ref int at, char c)
    {
        char first = pattern[at++];
        if (first == '?')
            return c != '/';
        int end = first == '[' ? EndOfSet(pattern, at) : -1;
        if (end >= 0)
        {
            bool isIn = IsIn(pattern, at, end, c);
            at = end + 1;
            return isIn && c != '/';
        }

        if (first == '\\' && at < pattern.Length)
            first = pattern[at++];
        return first == c;
    }

    /// <summary>A "]" that comes first belongs to the set. -1: the set has no end, so "[" is literal.</summary>
    private static int EndOfSet(string pattern, int at)
    {
        if (at < pattern.Length && pattern[at] is '!' or '^')
            at++;
        return at + 1 < pattern.Length ? pattern.IndexOf(']', at + 1) : -1;
    }

    private static bool IsIn(string pattern, int at, int end, char c)
    {
        bool isNegated = pattern[at] is '!' or '^';
        if (isNegated)
            at++;
        bool isIn = false;
        for (; at < end; at++)
        {
            bool isRange = at + 2 < end && pattern[at + 1] == '-';
            isIn |= isRange ? c >= pattern[at] && c <= pattern[at + 2] : c == pattern[at];
            if (isRange)
                at += 2;
        }

        return isIn != isNegated;
    }
}
