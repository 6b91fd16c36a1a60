using System;
using System.Collections.Generic;
using System.Text;

namespace BootMerge.Changes;

/// <summary>
/// The text of a <see cref="ShadowedRecord"/>: "bootmerge-shadowed 2", then lines of a letter, values and a path inside
/// the root with C's escapes, and last "end DIGEST" over everything before it. Sorted, so that the same record is the
/// same text.
/// </summary>
/// <remarks>
/// b VERSION HIERARCHY: everything below that hierarchy is listed. d PATH, o PATH, f DIGEST STAMP PATH: a directory,
/// something else, a file or symlink below. i INODE BIRTH PATH, k PATH: an opaque directory that was made while nothing
/// was below, or that is kept because it may hide something on purpose. m DIGEST TIME PATH: a file of the machine's.
/// </remarks>
internal static class RecordText
{
    /// <summary>In bytes; one escaped path is at most four times <see cref="ShadowedRecord.MaximumPath"/>.</summary>
    public const int MaximumLength = 32 << 20;

    /// <summary>How much of it is for the machine's files and directories.</summary>
    private const int MachineLength = 4 << 20;

    private const string FirstLine = "bootmerge-shadowed 2\n";
    private const string Trailer = "end ";

    /// <summary>null if the text is not a complete record of this version.</summary>
    public static ShadowedRecord? Parse(string text)
    {
        if (!text.StartsWith(FirstLine, StringComparison.Ordinal) || text[^1] != '\n')
            return null;
        int last = text.LastIndexOf('\n', text.Length - 2) + 1;
        if (last < FirstLine.Length || !text.AsSpan(last).SequenceEqual(Trailer + Digest.Of(text[..last]) + "\n"))
            return null;

        ShadowedRecord record = new();
        for (int at = FirstLine.Length; at < last;)
        {
            int end = text.IndexOf('\n', at);
            ReadOnlySpan<char> line = text.AsSpan(at, end - at);
            at = end + 1;
            int slash = line.IndexOf('/');
            if (slash < 2 || line[1] != ' ' || line[slash - 1] != ' ' || Path(line[slash..]) is not string path)
                return null;
            if (!Add(record, line[0], slash == 2 ? "" : line[2..(slash - 1)].ToString(), path))
                return null;
        }

        return record;
    }

    /// <summary>Leaves out what would not fit: single files of the machine's, or all of the layers below.</summary>
    public static string Of(ShadowedRecord record)
    {
        StringBuilder text = new(FirstLine);
        Append(text, record.Versions, "b", MaximumLength);
        Append(text, record.Below, "f", MaximumLength);
        if (text.Length > MaximumLength - 2 * MachineLength)
        {
            record.ForgetBelow();
            text.Clear().Append(FirstLine);
        }

        Append(text, record.Opaque, "i", text.Length + MachineLength);
        Append(text, record.Machine, "m", text.Length + MachineLength);
        string lines = text.ToString();
        return lines + Trailer + Digest.Of(lines) + "\n";
    }

    private static void Append(StringBuilder text, Dictionary<string, string> entries, string letter, int maximumLength)
    {
        string[] paths = new string[entries.Count];
        entries.Keys.CopyTo(paths, 0);
        Array.Sort(paths, string.CompareOrdinal);
        foreach (string path in paths)
        {
            string value = entries[path];
            string line = (value.Length == 0 ? "k " : value is ShadowedRecord.IsDirectory or ShadowedRecord.IsOther
                ? value + " " : letter + " " + value + " ")
                + (IsPlain(path) ? path : CText.Escape(path)) + "\n";
            if (text.Length + line.Length <= maximumLength)
                text.Append(line);
        }
    }

    private static bool Add(ShadowedRecord record, char letter, string value, string path)
    {
        switch (letter)
        {
            case 'b' when IsDigest(value):
                return record.Versions.TryAdd(path, value);
            case 'd' when value.Length == 0:
                return record.Below.TryAdd(path, ShadowedRecord.IsDirectory);
            case 'o' when value.Length == 0:
                return record.Below.TryAdd(path, ShadowedRecord.IsOther);
            case 'f' when IsDigestAnd(value, IsDigest):
                return record.Below.TryAdd(path, value);
            case 'k' when value.Length == 0:
                return record.Opaque.TryAdd(path, value);
            case 'i' when value.IndexOf(' ') is > 0 and int blank && IsNumber(value.AsSpan(0, blank))
                && IsNumber(value.AsSpan(blank + 1)):
                return record.Opaque.TryAdd(path, value);
            case 'm' when IsDigestAnd(value, IsNumber):
                return record.Machine.TryAdd(path, value);
            default:
                return false;
        }
    }

    private delegate bool Check(ReadOnlySpan<char> text);

    private static bool IsDigestAnd(ReadOnlySpan<char> value, Check rest) =>
        value.Length > Digest.Length && value[Digest.Length] == ' ' && IsDigest(value[..Digest.Length])
            && rest(value[(Digest.Length + 1)..]);

    private static bool IsDigest(ReadOnlySpan<char> text)
    {
        foreach (char letter in text)
            if (!char.IsAsciiHexDigitLower(letter))
                return false;
        return text.Length == Digest.Length;
    }

    private static bool IsNumber(ReadOnlySpan<char> text) => text.Length > 0
        && !text.ContainsAnyExceptInRange('0', '9');

    private static string? Path(ReadOnlySpan<char> text) => IsPlain(text)
        ? text.ToString() : CText.Unescape(text.ToString());

    /// <summary>Nearly all are plain: characters that stand for themselves.</summary>
    private static bool IsPlain(ReadOnlySpan<char> path)
    {
        foreach (char c in path)
            if (c is < ' ' or > '~' or '\\' or '"' or '\'')
                return false;
        return true;
    }
}
