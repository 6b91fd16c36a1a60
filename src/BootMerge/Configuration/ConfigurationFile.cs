using System;
using System.Collections.Generic;
using System.Text;
using System.Text.Unicode;

namespace BootMerge.Configuration;

/// <summary>A file's bytes, and its path for messages.</summary>
/// <param name="isPublished">The boot stage wrote it, so that systemd keeps the mode.</param>
internal sealed class SourceFile(string path, byte[] content, bool isPublished = false)
{
    /// <summary>The drop-in in /run with which the boot stage passes its mode on.</summary>
    public const string PublishedName = "99-bootmerge.conf";

    public bool IsPublished { get; } = isPublished;

    public string Path { get; } = path;

    public byte[] Content { get; } = content;
}

/// <summary>"Key=Value" in a known section.</summary>
internal sealed class Assignment(string key, string value, string origin)
{
    public string Key { get; } = key;

    public string Value { get; } = value;

    /// <summary>"/etc/bootmerge.conf:3"</summary>
    public string Origin { get; } = origin;
}

/// <summary>The syntax of systemd.syntax(7). As in systemd, what is not understood is ignored with a warning.</summary>
internal sealed class ConfigurationFile
{
    private readonly string _path;
    private readonly string _section;
    private readonly string[] _keys;
    private readonly WarningLog _warnings;
    private readonly List<Assignment> _assignments = [];
    private Place _place = Place.BeforeSections;

    private ConfigurationFile(string path, string section, string[] keys, WarningLog warnings)
    {
        _path = path;
        _section = section;
        _keys = keys;
        _warnings = warnings;
    }

    private enum Place
    {
        BeforeSections,
        KnownSection,
        IgnoredSection,
    }

    /// <param name="file">The whole file.</param>
    /// <param name="section">The only section whose keys count.</param>
    /// <param name="keys">The keys that exist in it.</param>
    /// <param name="warnings">Receives what was ignored.</param>
    /// <returns>In the order of the file; a later assignment overrides an earlier one.</returns>
    /// <exception cref="InputException">The file contains a NUL byte: it is not text, and its meaning is
    /// lost.</exception>
    public static List<Assignment> Parse(SourceFile file, string section, string[] keys, WarningLog warnings)
    {
        ConfigurationFile parser = new(file.Path, section, keys, warnings);
        parser.Parse(file.Content);
        return parser._assignments;
    }

    private void Parse(ReadOnlySpan<byte> text)
    {
        if (text.StartsWith("\uFEFF"u8))
            text = text["\uFEFF"u8.Length..];

        StringBuilder joined = new();
        bool continued = false;
        bool valid = true;
        int start = 0;
        for (int number = 1; !text.IsEmpty; number++)
        {
            ReadOnlySpan<byte> line = CutLine(ref text);
            if (line.Contains((byte)0))
                throw new InputException(Where(number) + " contains a NUL byte: it is not a text file");
            ReadOnlySpan<byte> trimmed = line.Trim(" \t"u8);
            if (!trimmed.IsEmpty && trimmed[0] is (byte)'#' or (byte)';')
                continue; // allowed even between the lines of one assignment, and in any encoding

            if (!continued)
            {
                TakeLine(joined, valid, start);
                valid = true;
                start = number;
            }

            continued = CutContinuation(ref line);
            valid &= Utf8.IsValid(line);
            joined.Append(Encoding.UTF8.GetString(line)).Append(' ');
        }

        TakeLine(joined, valid, start);
    }

    /// <summary>A line ends with LF, CR or both, as in systemd.</summary>
    private static ReadOnlySpan<byte> CutLine(ref ReadOnlySpan<byte> text)
    {
        int end = text.IndexOfAny((byte)'\n', (byte)'\r');
        ReadOnlySpan<byte> line = end < 0 ? text : text[..end];
        if (end >= 0 && text[end..].StartsWith("\r\n"u8))
            end++;
        text = end < 0 ? [] : text[(end + 1)..];
        return line;
    }

    /// <summary>Whether the line ends in an odd number of backslashes; the last one is cut off.</summary>
    private static bool CutContinuation(ref ReadOnlySpan<byte> line)
    {
        int backslashes = line.Length - line.TrimEnd((byte)'\\').Length;
        if (backslashes % 2 == 0)
            return false;
        line = line[..^1];
        return true;
    }

    private void TakeLine(StringBuilder joined, bool valid, int number)
    {
        string line = joined.ToString().Trim([' ', '\t']);
        joined.Clear();
        if (line.Length == 0)
            return;
        if (!valid)
        {
            _warnings.Add(Where(number), "not UTF-8, ignored");
            return;
        }

        if (line[0] == '[')
        {
            TakeSection(line, number);
            return;
        }

        if (_place == Place.IgnoredSection)
            return;
        if (_place == Place.BeforeSections)
        {
            _warnings.Add(Where(number), Words.Quote(line)
                + " is before the first section, ignored; it belongs in section [" + _section + "]");
            return;
        }

        int equals = line.IndexOf('=');
        string key = equals < 0 ? "" : line[..equals].TrimEnd([' ', '\t']);
        if (key.Length == 0)
            _warnings.Add(Where(number), Words.Quote(line) + " is not of the form Key=Value, ignored");
        else if (Words.IndexOf(_keys, key) >= 0)
            _assignments.Add(new Assignment(key, line[(equals + 1)..].TrimStart([' ', '\t']), Where(number)));
        else if (!IsForOthers(key))
            _warnings.Add(Where(number), "unknown key " + Words.Quote(key) + " in section [" + _section + "], ignored"
                + Words.Hint(key, _keys));
    }

    private void TakeSection(string line, int number)
    {
        string name = line.TrimStart('[').TrimEnd(']');
        if (line == "[" + _section + "]")
        {
            _place = Place.KnownSection;
            return;
        }

        _place = Place.IgnoredSection;
        if (!IsForOthers(name))
            _warnings.Add(Where(number), "unknown section " + Words.Quote(line)
                + ", ignored with all its keys (known: [" + _section + "])");
    }

    /// <summary>systemd.syntax(7) reserves names that begin so for other programs.</summary>
    private static bool IsForOthers(string name) => name.StartsWith("X-", StringComparison.Ordinal);

    private string Where(int number) => _path + ":" + number.ToString();
}
