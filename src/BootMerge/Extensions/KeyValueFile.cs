using System;

namespace BootMerge.Extensions;

/// <summary>
/// The syntax of os-release(5), read as systemd reads it, so that both judge an extension alike. Quotes count only at
/// the start of a value. A backslash joins lines. A line without '=' is not an error. Of two equal keys the last one
/// counts. A byte order mark becomes part of the first key. The whole file is invalid if one pair is not UTF-8 or has a
/// Unicode noncharacter, or if there is a zero byte anywhere.
/// </summary>
internal ref struct KeyValueFile
{
    private readonly ReadOnlySpan<byte> _text;
    private int _at;

    private KeyValueFile(ReadOnlySpan<byte> text) => _text = text;

    public static ReleaseFile Parse(ReadOnlySpan<byte> text)
    {
        if (text.Contains((byte)0))
            return ReleaseFile.Unusable("contains a NUL byte: it is not a text file");

        ReleaseFile file = new();
        KeyValueFile reader = new(text);
        byte[] buffer = new byte[text.Length];
        while (reader.ReadKey(out ReadOnlySpan<byte> key))
        {
            ReadOnlySpan<byte> value = reader.ReadValue(buffer);
            string keyText = PathText.Decode(key);
            string valueText = PathText.Decode(value);
            if (!IsText(keyText) || !IsText(valueText))
                return ReleaseFile.Unusable("is not UTF-8 at key " + PathText.Printable(keyText));
            file[keyText] = valueText;
        }

        return file;
    }

    private static bool IsText(string text) => PathText.IsValidUtf8(text) && !PathText.HasNoncharacter(text);

    private readonly bool AtEnd => _at == _text.Length;

    /// <summary>Advances to just after the next '='; comments and lines without one are ignored.</summary>
    private bool ReadKey(out ReadOnlySpan<byte> key)
    {
        while (!AtEnd)
        {
            ReadOnlySpan<byte> rest = _text[_at..];
            int length = rest.IndexOfAny((byte)'\n', (byte)'\r');
            ReadOnlySpan<byte> line = length < 0 ? rest : rest[..length];
            ReadOnlySpan<byte> start = line.TrimStart(" \t"u8);
            int equals = start.IsEmpty || start[0] is (byte)'#' or (byte)';' ? -1 : line.IndexOf((byte)'=');
            if (equals >= 0)
            {
                key = line[..equals].Trim(" \t"u8);
                _at += equals + 1;
                return true;
            }

            _at = length < 0 ? _text.Length : _at + length + 1;
        }

        key = default;
        return false;
    }

    /// <summary>Advances to the end of the line on which the value ends.</summary>
    private ReadOnlySpan<byte> ReadValue(byte[] buffer)
    {
        int length = 0;
        while (true)
        {
            while (!AtEnd && _text[_at] is (byte)' ' or (byte)'\t')
                _at++;
            if (AtEnd || _text[_at] is not ((byte)'"' or (byte)'\''))
                return ReadUnquoted(buffer, length);

            // What follows a closing quote still belongs to the value: "a"'b'c is abc.
            byte quote = _text[_at++];
            while (!AtEnd && _text[_at] != quote)
            {
                byte c = _text[_at++];
                if (quote != '"' || c != '\\' || AtEnd)
                {
                    buffer[length++] = c;
                    continue;
                }

                c = _text[_at++];
                if (c is not ((byte)'"' or (byte)'\\' or (byte)'`' or (byte)'$' or (byte)'\n'))
                    buffer[length++] = (byte)'\\';
                if (c != '\n')
                    buffer[length++] = c;
            }

            if (!AtEnd)
                _at++;
        }
    }

    private ReadOnlySpan<byte> ReadUnquoted(byte[] buffer, int length)
    {
        int end = length;
        while (!AtEnd && _text[_at] is not ((byte)'\n' or (byte)'\r'))
        {
            byte c = _text[_at++];
            bool escaped = c == '\\';
            if (escaped)
            {
                // Blanks before this are no longer at the value's end, even if nothing follows.
                end = length;
                if (AtEnd)
                    break;
                c = _text[_at++];
                if (c is (byte)'\n' or (byte)'\r')
                    continue;
            }

            buffer[length++] = c;
            if (escaped || c is not ((byte)' ' or (byte)'\t'))
                end = length;
        }

        return buffer.AsSpan(0, end);
    }
}
