using System;
using System.Text;

namespace BootMerge.Json;

/// <summary>
/// Reads JSON text from other programs (RFC 8259), limited to 64 levels and 10,000 values. An origin has eight values
/// for each layer.
/// </summary>
internal ref struct JsonReader
{
    private const int MaximumDepth = 64;
    private const int MaximumValues = 10_000;

    private readonly string _text;
    private int _at;
    private int _values;

    private JsonReader(string text) => _text = text;

    /// <summary>null if the text is not exactly one JSON value.</summary>
    public static JsonValue? TryParse(ReadOnlySpan<byte> text)
    {
        JsonReader reader = new(PathText.Decode(text));
        JsonValue? value = reader.ReadValue(0);
        reader.SkipBlanks();
        return reader._at == reader._text.Length ? value : null;
    }

    private JsonValue? ReadValue(int depth)
    {
        SkipBlanks();
        if (depth >= MaximumDepth || _values++ == MaximumValues || _at >= _text.Length)
            return null;
        char c = _text[_at];
        if (c == '{')
            return ReadObject(depth);
        if (c == '[')
            return ReadArray(depth);
        if (c == '"')
            return ReadString() is string text ? JsonValue.String(text) : null;
        if (c == '-' || char.IsAsciiDigit(c))
            return ReadNumber();
        if (Take("true"))
            return JsonValue.Boolean(true);
        if (Take("false"))
            return JsonValue.Boolean(false);
        return Take("null") ? JsonValue.Null() : null;
    }

    private JsonValue? ReadObject(int depth)
    {
        JsonValue value = JsonValue.Object();
        _at++;
        if (TakeSign('}'))
            return value;
        while (true)
        {
            SkipBlanks();
            if (ReadString() is not string key || !TakeSign(':') || ReadValue(depth + 1) is not JsonValue item)
                return null;
            value.Add(key, item);
            if (TakeSign('}'))
                return value;
            if (!TakeSign(','))
                return null;
        }
    }

    private JsonValue? ReadArray(int depth)
    {
        JsonValue value = JsonValue.Array();
        _at++;
        if (TakeSign(']'))
            return value;
        while (true)
        {
            if (ReadValue(depth + 1) is not JsonValue item)
                return null;
            value.Add(item);
            if (TakeSign(']'))
                return value;
            if (!TakeSign(','))
                return null;
        }
    }

    private JsonValue? ReadNumber()
    {
        int start = _at;
        if (_text[_at] == '-')
            _at++;
        int first = _at;
        int digits = SkipDigits();
        if (digits == 0 || digits > 1 && _text[first] == '0')
            return null;
        if (_at < _text.Length && _text[_at] == '.')
        {
            _at++;
            if (SkipDigits() == 0)
                return null;
        }

        if (_at < _text.Length && _text[_at] is 'e' or 'E')
        {
            _at++;
            if (_at < _text.Length && _text[_at] is '+' or '-')
                _at++;
            if (SkipDigits() == 0)
                return null;
        }

        return JsonValue.RawNumber(_text[start.._at]);
    }

    private int SkipDigits()
    {
        int start = _at;
        while (_at < _text.Length && char.IsAsciiDigit(_text[_at]))
            _at++;
        return _at - start;
    }

    private string? ReadString()
    {
        if (_at >= _text.Length || _text[_at] != '"')
            return null;
        StringBuilder value = new();
        for (_at++; _at < _text.Length; _at++)
        {
            char c = _text[_at];
            if (c == '"')
            {
                _at++;
                return value.ToString();
            }

            if (c < ' ')
                return null;
            if (c != '\\')
                value.Append(c);
            else if (!ReadEscape(value))
                return null;
        }

        return null;
    }

    /// <summary>Starts at the backslash and stays on the escape's last character.</summary>
    private bool ReadEscape(StringBuilder value)
    {
        if (++_at >= _text.Length)
            return false;
        switch (_text[_at])
        {
            case '"' or '\\' or '/': value.Append(_text[_at]); return true;
            case 'b': value.Append('\b'); return true;
            case 'f': value.Append('\f'); return true;
            case 'n': value.Append('\n'); return true;
            case 'r': value.Append('\r'); return true;
            case 't': value.Append('\t'); return true;
            case 'u': break;
            default: return false;
        }

        int code = 0;
        for (int i = 0; i < 4; i++)
        {
            if (++_at >= _text.Length || !char.IsAsciiHexDigit(_text[_at]))
                return false;
            code = code * 16 + (char.IsAsciiDigit(_text[_at]) ? _text[_at] - '0' : (_text[_at] | 0x20) - 'a' + 10);
        }

        value.Append((char)code);
        return true;
    }

    private void SkipBlanks()
    {
        while (_at < _text.Length && _text[_at] is ' ' or '\t' or '\n' or '\r')
            _at++;
    }

    private bool TakeSign(char sign)
    {
        SkipBlanks();
        if (_at >= _text.Length || _text[_at] != sign)
            return false;
        _at++;
        return true;
    }

    private bool Take(string word)
    {
        if (string.CompareOrdinal(_text, _at, word, 0, word.Length) != 0)
            return false;
        _at += word.Length;
        return true;
    }
}
