using System;
using System.Collections.Generic;
using System.Text;

namespace BootMerge;

/// <summary>Text with the escapes of C strings: one line, whatever it contains.</summary>
internal static class CText
{
    /// <summary>C's escapes for control characters, quotes, backslashes and bytes above 126.</summary>
    public static string Escape(string text)
    {
        StringBuilder escaped = new();
        foreach (byte b in PathText.Encode(text))
        {
            int named = "\a\b\f\n\r\t\v\\\"'".IndexOf((char)b, StringComparison.Ordinal);
            if (named >= 0)
                escaped.Append('\\').Append("abfnrtv\\\"'"[named]);
            else if (b is < (byte)' ' or >= 127)
                escaped.Append('\\').Append((char)('0' + (b >> 6))).Append((char)('0' + (b >> 3 & 7)))
                    .Append((char)('0' + (b & 7)));
            else
                escaped.Append((char)b);
        }

        return escaped.ToString();
    }

    /// <summary>null if an escape is not valid.</summary>
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
                int value = named >= 0 ? "\a\b\f\n\r\t\v\\\"'"[named] : rest[0] == 'x'
                    ? Number(rest, first: 1, digits: 16) : OctalNumber(rest);
                if (value <= 0)
                    return null;
                b = (byte)value;
                rest = rest[length..];
            }

            bytes.Add(b);
        }

        return PathText.Decode([.. bytes]);
    }

    /// <summary>The value of three octal digits "OOO" at the start; -1 if there are none.</summary>
    public static int OctalNumber(ReadOnlySpan<byte> text) => Number(text, first: 0, digits: 8);

    private static int Number(ReadOnlySpan<byte> text, int first, int digits)
    {
        if (text.Length < 3)
            return -1;
        int value = 0;
        for (int i = first; i < 3; i++)
        {
            int digit = char.IsAsciiHexDigit((char)text[i]) ? Convert.ToInt32(((char)text[i]).ToString(), 16) : 99;
            if (digit >= digits)
                return -1;
            value = value * digits + digit;
        }

        return value > 255 ? -1 : value;
    }

    /// <summary>In quotes and with C's escapes if anything in it could be misread.</summary>
    public static string Quoted(string path)
    {
        string escaped = Escape(path);
        bool isPlain = escaped == path && !path.Contains(' ') && !path.Contains('(');
        return isPlain ? path : PathText.IsValidUtf8(path) && PathText.Printable(path) == path
            ? "\"" + path.Replace("\\", "\\\\").Replace("\"", "\\\"") + "\"" : "\"" + escaped + "\"";
    }

    /// <summary>As one word for a shell, in a command that people copy.</summary>
    public static string ForShell(string path)
    {
        foreach (char c in path)
            if (!char.IsAsciiLetterOrDigit(c) && !"/._-+:,@%".Contains(c))
                return "$'" + Escape(path) + "'";
        return path;
    }
}
