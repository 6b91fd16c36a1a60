using System;
using System.Collections.Generic;
using System.Text;

namespace BootMerge.Markers;

/// <summary>
/// The content of a marker directory, as systemd 262 writes and reads it: one small file for each property that is set.
/// </summary>
internal sealed class Marker
{
    /// <summary>File "dev": device number of the overlay that carries the marker, "0:47".</summary>
    public required string Device { get; init; }

    /// <summary>File "confexts" or "extensions": the merged extensions, lowest first.</summary>
    public required List<string> Names { get; init; }

    /// <summary>File "origin": JSON by which a refresh knows that nothing has changed. null when the file is missing.</summary>
    public string? Origin { get; init; }

    /// <summary>File "work_dir": the persistent workdir, relative to the root, unescaped. null without one.</summary>
    public string? WorkDirectory { get; init; }

    /// <summary>File "backing": device of the hierarchy where that is one of the lower layers on a block device.</summary>
    public string? Backing { get; init; }

    /// <summary>File "bootmerge-mode": the mode of a fallback, or auto with nothing routed, which the origin does not tell. null where it does.</summary>
    public string? Mode { get; init; }

    /// <summary>Microseconds since the epoch: when the marker was written.</summary>
    public ulong Since { get; init; }

    /// <summary>Names as the file has them: a line each.</summary>
    public static string NamesText(List<string> names)
    {
        StringBuilder text = new();
        foreach (string name in names)
            text.Append(name).Append('\n');
        return text.ToString();
    }

    public static List<string> ParseNames(string text)
    {
        List<string> names = [];
        foreach (string name in text.Split('\n'))
            if (name.Length > 0)
                names.Add(name);
        return names;
    }

    /// <summary>A path of the marker: relative, no empty, "." or ".." component. Anything else could lead out of the root.</summary>
    public static bool IsSafeRelativePath(string path)
    {
        if (path.Length == 0 || path.Contains('\0'))
            return false;
        foreach (string component in path.Split('/'))
            if (component is "" or "." or "..")
                return false;
        return true;
    }

    /// <summary>C's escapes for control characters, quotes, backslashes and bytes above 126.</summary>
    public static string Escape(string path)
    {
        StringBuilder text = new();
        foreach (byte b in PathText.Encode(path))
        {
            int named = "\a\b\f\n\r\t\v\\\"'".IndexOf((char)b, StringComparison.Ordinal);
            if (named >= 0)
                text.Append('\\').Append("abfnrtv\\\"'"[named]);
            else if (b is < (byte)' ' or >= 127)
                text.Append('\\').Append((char)('0' + (b >> 6))).Append((char)('0' + (b >> 3 & 7))).Append((char)('0' + (b & 7)));
            else
                text.Append((char)b);
        }

        return text.ToString();
    }

    /// <summary>null when an escape is none.</summary>
    public static string? Unescape(string text)
    {
        List<byte> bytes = new(text.Length);
        ReadOnlySpan<byte> rest = PathText.Encode(text);
        while (!rest.IsEmpty)
        {
            byte b = rest[0];
            rest = rest[1..];
            if (b == '\\')
            {
                if (rest.IsEmpty)
                    return null;
                int named = "abfnrtv\\\"'".IndexOf((char)rest[0], StringComparison.Ordinal);
                int length = named >= 0 ? 1 : 3;
                int value = named >= 0 ? "\a\b\f\n\r\t\v\\\"'"[named] : Number(rest);
                if (value <= 0)
                    return null;
                b = (byte)value;
                rest = rest[length..];
            }

            bytes.Add(b);
        }

        return PathText.Decode([.. bytes]);
    }

    /// <summary>"xHH" or "OOO"; -1 when it is neither.</summary>
    private static int Number(ReadOnlySpan<byte> text)
    {
        if (text.Length < 3)
            return -1;
        bool hex = text[0] == 'x';
        int value = 0;
        for (int i = hex ? 1 : 0; i < 3; i++)
        {
            int digit = char.IsAsciiHexDigit((char)text[i]) ? Convert.ToInt32(((char)text[i]).ToString(), 16) : 99;
            if (digit >= (hex ? 16 : 8))
                return -1;
            value = value * (hex ? 16 : 8) + digit;
        }

        return value > 255 ? -1 : value;
    }
}
