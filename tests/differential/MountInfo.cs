using System;
using System.Collections.Generic;
using System.IO;
using System.Text;

namespace BootMerge.DifferentialTests;

/// <summary>A line of mountinfo, proc(5).</summary>
internal sealed record Mount(
    int Id, int Parent, string Root, string Point, string Flags, string Propagation, string Type, string Source,
        string Options)
{
    /// <summary>The mounts of the calling thread's namespace.</summary>
    public static List<Mount> ReadAll()
    {
        List<Mount> mounts = [];
        foreach (string line in File.ReadLines("/proc/thread-self/mountinfo"))
        {
            string[] fields = line.Split(' ');
            int dash = Array.IndexOf(fields, "-");
            mounts.Add(new Mount(
                int.Parse(fields[0]), int.Parse(fields[1]), Unescape(fields[3]), Unescape(fields[4]), fields[5],
                PropagationOf(fields.AsSpan(6, dash - 6)), fields[dash + 1], Unescape(fields[dash + 2]),
                    Unescape(fields[dash + 3])));
        }
        return mounts;
    }

    /// <summary>The values of an overlay option, e.g. each lowerdir, or nothing.</summary>
    public List<string> Values(string key)
    {
        List<string> values = [];
        foreach (string option in SplitEscaped(Options, ','))
        {
            if (!option.StartsWith(key, StringComparison.Ordinal))
                continue;
            string rest = option[key.Length..].TrimStart('+');
            if (rest.StartsWith('='))
                values.AddRange(option[key.Length] == '+' ? [rest[1..]] : SplitEscaped(rest[1..], ':'));
        }
        return values;
    }

    /// <summary>
    /// Splits at <paramref name="separator"/> where no backslash is before it, and takes such backslashes away.
    /// </summary>
    public static List<string> SplitEscaped(string text, char separator)
    {
        List<string> parts = [];
        StringBuilder part = new();
        for (int index = 0; index < text.Length; index++)
        {
            if (text[index] == '\\' && index + 1 < text.Length && text[index + 1] == separator)
                part.Append(text[++index]);
            else if (text[index] == separator)
            {
                parts.Add(part.ToString());
                part.Clear();
            }
            else
                part.Append(text[index]);
        }
        parts.Add(part.ToString());
        return parts;
    }

    private static string PropagationOf(ReadOnlySpan<string> tags)
    {
        List<string> words = [];
        foreach (string tag in tags)
            words.Add(tag.Split(':')[0]);
        return words.Count == 0 ? "private" : string.Join(',', words);
    }

    private static string Unescape(string field)
    {
        for (int index = field.IndexOf('\\', StringComparison.Ordinal); index >= 0
            && index + 3 < field.Length; index = field.IndexOf('\\', index + 1))
        {
            if (field[index + 1] is >= '0' and <= '3')
                field = field[..index] + (char)Convert.ToInt32(field.Substring(index + 1, 3), 8) + field[(index + 4)..];
        }
        return field;
    }
}
