using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Text;

namespace BootMerge.Json;

internal enum JsonKind
{
    Null,
    Boolean,
    Number,
    Text,
    Array,
    Object,
}

/// <summary>
/// A JSON value (RFC 8259), with what this program needs: building, writing, reading, comparing. System.Text.Json would
/// make the binary a third larger. Numbers are kept as text: identifiers of 64 bits must not pass through a double.
/// </summary>
internal sealed class JsonValue
{
    private readonly List<string> _keys = [];

    [MethodImpl(MethodImplOptions.NoInlining)] // reports make very many
    private JsonValue(JsonKind kind, string text)
    {
        Kind = kind;
        Text = text;
    }

    public JsonKind Kind { get; }

    /// <summary>A string's content, a number's digits, or "true"/"false".</summary>
    public string Text { get; }

    /// <summary>An array's elements, or an object's values in the order in which they were added.</summary>
    public List<JsonValue> Items { get; } = [];

    public List<string> Keys => _keys;

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static JsonValue Null() => new(JsonKind.Null, "null");

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static JsonValue String(string text) => new(JsonKind.Text, text);

    /// <summary>null becomes JSON's null.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static JsonValue StringOrNull(string? text) => text is null ? Null() : String(text);

    public static JsonValue Number(long value) => new(JsonKind.Number, value.ToString());

    public static JsonValue Number(ulong value) => new(JsonKind.Number, value.ToString());

    public static JsonValue Boolean(bool value) => new(JsonKind.Boolean, value ? "true" : "false");

    public static JsonValue Array() => new(JsonKind.Array, "");

    public static JsonValue Object() => new(JsonKind.Object, "");

    public static JsonValue Strings(List<string> texts)
    {
        JsonValue array = Array();
        foreach (string text in texts)
            array.Add(String(text));
        return array;
    }

    internal static JsonValue RawNumber(string digits) => new(JsonKind.Number, digits);

    public JsonValue Add(JsonValue item)
    {
        Items.Add(item);
        return this;
    }

    /// <summary>Replaces an existing key.</summary>
    public JsonValue Add(string key, JsonValue value)
    {
        int at = _keys.Find(key);
        if (at >= 0)
            Items[at] = value;
        else
        {
            _keys.Add(key);
            Items.Add(value);
        }

        return this;
    }

    /// <summary>A string; null becomes JSON's null.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)] // at each of many places it would be three calls
    public JsonValue Add(string key, string? text) => Add(key, StringOrNull(text));

    public JsonValue? Get(string key)
    {
        int at = _keys.Find(key);
        return at < 0 ? null : Items[at];
    }

    /// <summary>The order of an object's keys does not count.</summary>
    public bool Matches(JsonValue other)
    {
        if (Kind != other.Kind || Text != other.Text || Items.Count != other.Items.Count)
            return false;
        for (int i = 0; i < Items.Count; i++)
        {
            JsonValue? twin = Kind == JsonKind.Object ? other.Get(_keys[i]) : other.Items[i];
            if (twin is null || !Items[i].Matches(twin))
                return false;
        }

        return true;
    }

    /// <summary>One line, without blanks and without a newline at the end.</summary>
    public string ToCompactText()
    {
        StringBuilder text = new();
        Write(text, indent: -1);
        return text.ToString();
    }

    /// <summary>Indented with tabs, like systemd's --json=pretty; without a newline at the end.</summary>
    public string ToPrettyText()
    {
        StringBuilder text = new();
        Write(text, indent: 0);
        return text.ToString();
    }

    private void Write(StringBuilder text, int indent)
    {
        if (Kind == JsonKind.Text)
            WriteString(text, Text);
        else if (Kind is not (JsonKind.Array or JsonKind.Object))
            text.Append(Text);
        else
            WriteItems(text, indent);
    }

    private void WriteItems(StringBuilder text, int indent)
    {
        bool pretty = indent >= 0;
        int inner = pretty ? indent + 1 : indent;
        text.Append(Kind == JsonKind.Array ? '[' : '{');
        for (int i = 0; i < Items.Count; i++)
        {
            if (i > 0)
                text.Append(',');
            if (pretty)
                text.Append('\n').Append('\t', inner);
            if (Kind == JsonKind.Object)
            {
                WriteString(text, _keys[i]);
                text.Append(pretty ? " : " : ":");
            }

            Items[i].Write(text, inner);
        }

        if (pretty && Items.Count > 0)
            text.Append('\n').Append('\t', indent);
        text.Append(Kind == JsonKind.Array ? ']' : '}');
    }

    private static void WriteString(StringBuilder text, string value)
    {
        text.Append('"');
        for (int i = 0; i < value.Length; i++)
        {
            char c = value[i];
            if (c is '"' or '\\')
                text.Append('\\').Append(c);
            else if (c == '\n')
                text.Append("\\n");
            else if (c == '\t')
                text.Append("\\t");
            // An undecodable byte of a file name. JSON readers refuse or replace what is not Unicode, so it is escaped
            // as in messages.
            else if (PathText.UndecodableByteAt(value, i) is int b and >= 0)
                text.Append("\\\\x").Append(b.ToString("x2"));
            else if (PathText.IsUnprintable(c))
                text.Append("\\u").Append(((int)c).ToString("x4"));
            else if (IsLoneSurrogate(value, i))
                text.Append('\ufffd');
            else
                text.Append(c);
        }

        text.Append('"');
    }

    private static bool IsLoneSurrogate(string text, int i) => char.IsHighSurrogate(text[i])
        ? i + 1 == text.Length || !char.IsLowSurrogate(text[i + 1])
        : char.IsLowSurrogate(text[i]) && (i == 0 || !char.IsHighSurrogate(text[i - 1]));
}
