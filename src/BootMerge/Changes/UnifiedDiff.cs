using System;
using System.Collections.Generic;
using System.Text;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>
/// The differences of two texts in the format of diff -u, by Myers's algorithm (1986), within limits.
/// </summary>
internal static class UnifiedDiff
{
    private const int Context = 3;
    private const int SizeLimit = 1 << 20;
    private const int EditLimit = 1000;

    /// <summary>The two files of an entry, the one below first.</summary>
    public static string Of(string path, Entry entry)
    {
        string? below = Read(entry.BelowDirectory!, entry.Name, entry.Below!);
        string? upper = Read(entry.UpperDirectory, entry.Name, entry.Upper!);
        if (below is null || upper is null)
            return "Not shown: not text, or longer than " + SizeLimit.ToString() + " bytes.\n";
        string name = PathText.Printable(path);
        return "--- below" + name + "\n+++ machine" + name + "\n" + Hunks(Lines(below), Lines(upper));
    }

    /// <summary>Without the two header lines.</summary>
    /// <param name="before">Lines with their newline; the last may have none.</param>
    public static string Hunks(List<string> before, List<string> after)
    {
        string? script = Script(before, after);
        if (script is null)
            return "Not shown: more than " + EditLimit.ToString() + " lines differ.\n";
        StringBuilder text = new();
        int atBefore = 0;
        int atAfter = 0;
        for (int at = 0; at < script.Length;)
        {
            int change = script.AsSpan(at).IndexOfAnyExcept(' ');
            if (change < 0)
                break;
            int start = Math.Max(at, at + change - Context);
            atBefore += start - at;
            atAfter += start - at;
            int end = EndOfHunk(script, at + change);
            AddHunk(text, before, after, script.AsSpan(start, end - start), ref atBefore, ref atAfter);
            at = end;
        }

        return text.ToString();
    }

    /// <summary>A hunk ends where more lines are equal than the contexts of two changes cover.</summary>
    private static int EndOfHunk(string script, int change)
    {
        int last = change;
        for (int i = change; i < script.Length && i - last <= 2 * Context; i++)
            if (script[i] != ' ')
                last = i;
        return Math.Min(last + 1 + Context, script.Length);
    }

    private static void AddHunk(StringBuilder text, List<string> before, List<string> after, ReadOnlySpan<char> script,
        ref int atBefore, ref int atAfter)
    {
        int removed = script.Length - Count(script, '+');
        int added = script.Length - Count(script, '-');
        text.Append("@@ -").Append(Range(atBefore, removed)).Append(" +").Append(Range(atAfter, added)).Append(" @@\n");
        foreach (char kind in script)
        {
            string line = kind == '+' ? after[atAfter] : before[atBefore];
            if (kind != '-')
                atAfter++;
            if (kind != '+')
                atBefore++;
            bool isEnded = line.EndsWith('\n');
            text.Append(kind).Append(Printable(isEnded ? line[..^1] : line))
                .Append(isEnded ? "\n" : "\n\\ No newline at end of file\n");
        }
    }

    /// <summary>Without anything that a terminal would obey, except tabs, which are common in texts.</summary>
    private static string Printable(string line) =>
        string.Join('\t', Array.ConvertAll(line.Split('\t'), PathText.Printable));

    private static int Count(ReadOnlySpan<char> script, char kind)
    {
        int count = 0;
        foreach (char c in script)
            count += c == kind ? 1 : 0;
        return count;
    }

    private static string Range(int at, int count) => count == 1
        ? (at + 1).ToString() : (count == 0 ? at : at + 1).ToString() + "," + count.ToString();

    /// <summary>
    /// A letter for each line of the two texts: ' ' if in both, '-' only before, '+' only after; null if too many
    /// differ.
    /// </summary>
    private static string? Script(List<string> before, List<string> after)
    {
        // furthest[k + offset]: how far the path on diagonal k gets in `before`; one copy for each number of edits.
        int limit = Math.Min(before.Count + after.Count, EditLimit);
        List<int[]> rounds = [];
        int[] furthest = new int[2 * limit + 3];
        int offset = limit + 1;
        for (int edits = 0; edits <= limit; edits++)
        {
            rounds.Add(furthest.AsSpan(offset - edits, 2 * edits + 1).ToArray());
            for (int k = -edits; k <= edits; k += 2)
            {
                bool isInsertion = k == -edits || k != edits && furthest[offset + k - 1] < furthest[offset + k + 1];
                int x = isInsertion ? furthest[offset + k + 1] : furthest[offset + k - 1] + 1;
                while (x < before.Count && x - k < after.Count && before[x] == after[x - k])
                    x++;
                furthest[offset + k] = x;
                if (x >= before.Count && x - k >= after.Count)
                    return Trace(rounds, before.Count, after.Count, edits);
            }
        }

        return null;
    }

    private static string Trace(List<int[]> rounds, int x, int y, int edits)
    {
        StringBuilder reversed = new();
        for (; edits > 0; edits--)
        {
            int[] furthest = rounds[edits];
            int k = x - y;
            bool isInsertion = k == -edits || k != edits && furthest[edits + k - 1] < furthest[edits + k + 1];
            int previousK = isInsertion ? k + 1 : k - 1;
            int previousX = furthest[edits + previousK];
            int previousY = previousX - previousK;
            while (x > previousX && y > previousY && (isInsertion ? x > previousX : x > previousX + 1))
            {
                reversed.Append(' ');
                x--;
                y--;
            }

            reversed.Append(isInsertion ? '+' : '-');
            x = previousX;
            y = previousY;
        }

        reversed.Append(' ', x);
        char[] script = reversed.ToString().ToCharArray();
        Array.Reverse(script);
        return new string(script);
    }

    private static string? Read(SafeFileHandle directory, string name, FileStatus status)
    {
        if (!status.IsRegular || status.Size > SizeLimit)
            return null;
        using SafeFileHandle? file = Sys.TryOpenFile(directory, name);
        if (file is null)
            return null;
        byte[] bytes = new byte[SizeLimit + 1];
        int length = Sys.ReadFully(file, bytes, name);
        return length > SizeLimit || Array.IndexOf(bytes, (byte)0, 0, length) >= 0
            ? null : PathText.Decode(bytes.AsSpan(0, length));
    }

    internal static List<string> Lines(string text)
    {
        List<string> lines = [];
        for (int start = 0; start < text.Length;)
        {
            int end = text.IndexOf('\n', start);
            lines.Add(end < 0 ? text[start..] : text[start..(end + 1)]);
            start = end < 0 ? text.Length : end + 1;
        }

        return lines;
    }
}
