using System.Collections.Generic;
using BootMerge.Json;
using CsCheck;
using Xunit;

namespace BootMerge.Tests.Json;

public sealed class JsonValueTests
{
    [Fact]
    public void Compact_text_is_one_line_without_blanks() => Assert.Equal(
        """{"name":"foo","size":-1,"id":18446744073709551615,"on":true,"off":false,"reason":null,"paths":["/a","/b c"],"none":[],"nothing":{}}""",
        Sample().ToCompactText());

    [Fact]
    public void Pretty_text_is_indented_as_systemds()
    {
        string[] expected =
        [
            "{",
            "\t\"name\" : \"foo\",",
            "\t\"size\" : -1,",
            "\t\"id\" : 18446744073709551615,",
            "\t\"on\" : true,",
            "\t\"off\" : false,",
            "\t\"reason\" : null,",
            "\t\"paths\" : [",
            "\t\t\"/a\",",
            "\t\t\"/b c\"",
            "\t],",
            "\t\"none\" : [],",
            "\t\"nothing\" : {}",
            "}",
        ];

        Assert.Equal(string.Join('\n', expected), Sample().ToPrettyText());
    }

    [Theory]
    [InlineData("plain é 💀 /", "\"plain é 💀 /\"")]
    [InlineData("\"\\", @"""\""\\""")]
    [InlineData("\n\t", @"""\n\t""")]
    [InlineData("\r\b\u001b\u007f", @"""\u000d\u0008\u001b\u007f""")]
    [InlineData("\u009b\u200f\u202e\u2066\u2028", @"""\u009b\u200f\u202e\u2066\u2028""")]
    public void Strings_are_escaped_where_they_must_be(string text, string expected) =>
        Assert.Equal(expected, JsonValue.String(text).ToCompactText());

    [Fact]
    public void A_byte_that_is_no_UTF_8_stays_readable() =>
        Assert.Equal(@"""a\\xff💀\\x80""",
            JsonValue.String(PathText.Decode([(byte)'a', 0xFF, 0xF0, 0x9F, 0x92, 0x80, 0x80])).ToCompactText());

    [Fact]
    public void A_key_that_is_added_again_replaces_the_first()
    {
        JsonValue value = JsonValue.Object().Add("a", JsonValue.Number(1L)).Add("b", JsonValue.Number(2L))
            .Add("a", JsonValue.Number(3L));

        Assert.Equal("""{"a":3,"b":2}""", value.ToCompactText());
        Assert.Equal("3", value.Get("a")?.Text);
        Assert.Null(value.Get("c"));
        Assert.Equal(["a", "b"], value.Keys);
    }

    [Theory]
    [InlineData("""{"a":1,"b":[2]}""", """{"b":[2],"a":1}""", true)]
    [InlineData("[1,2]", "[2,1]", false)]
    [InlineData("[1,2]", "[1]", false)]
    [InlineData("""{"a":1}""", """{"a":1,"b":1}""", false)]
    [InlineData("""{"a":1}""", """{"b":1}""", false)]
    [InlineData("""{"a":1}""", """["a"]""", false)]
    [InlineData("{}", "[]", false)]
    [InlineData("1", "\"1\"", false)]
    [InlineData("null", "\"null\"", false)]
    [InlineData("true", "false", false)]
    public void Values_match_but_for_the_order_of_keys(string left, string right, bool expected)
    {
        Assert.Equal(expected, Read(left).Matches(Read(right)));
        Assert.Equal(expected, Read(right).Matches(Read(left)));
    }

    [Fact]
    public void Any_value_is_read_back_from_either_text() =>
        Values(depth: 3).Sample(
            value => Read(value.ToCompactText()).Matches(value)
                && Read(value.ToPrettyText()).Matches(value)
                && Read(value.ToPrettyText()).ToCompactText() == value.ToCompactText()
                && !value.ToCompactText().Contains('\n'),
            iter: 2_000);

    private static JsonValue Sample() => JsonValue.Object()
        .Add("name", JsonValue.String("foo"))
        .Add("size", JsonValue.Number(-1L))
        .Add("id", JsonValue.Number(ulong.MaxValue))
        .Add("on", JsonValue.Boolean(true))
        .Add("off", JsonValue.Boolean(false))
        .Add("reason", JsonValue.StringOrNull(null))
        .Add("paths", JsonValue.Strings(["/a", "/b c"]))
        .Add("none", JsonValue.Array())
        .Add("nothing", JsonValue.Object());

    private static JsonValue Read(string text) =>
        JsonReader.TryParse(PathText.Encode(text)) ?? throw new Xunit.Sdk.XunitException("no JSON: " + text);

    /// <summary>
    /// Texts with everything that is escaped and reads back the same. A byte that is not UTF-8 does not.
    /// </summary>
    private static Gen<string> Texts() => Gen.OneOf(
        Gen.Byte.Array[0, 12].Select(bytes => System.Text.Encoding.UTF8.GetString(bytes)),
        Gen.OneOf("a", "\"", "\\", "/", "\n", "\t", "\u0001", "\u007f", "\u009b", "\u202e", "é", "💀").Array[0, 6]
            .Select(string.Concat));

    private static Gen<JsonValue> Values(int depth)
    {
        Gen<JsonValue> leaf = Gen.OneOf(
            Texts().Select(JsonValue.String),
            Gen.Long.Select(JsonValue.Number),
            Gen.ULong.Select(JsonValue.Number),
            Gen.Bool.Select(JsonValue.Boolean),
            Gen.Const(JsonValue.Null()));
        if (depth == 0)
            return leaf;

        Gen<JsonValue> inner = Values(depth - 1);
        return Gen.OneOf(leaf, inner.Array[0, 4].Select(ArrayOf),
            Gen.Select(Texts(), inner).Array[0, 4].Select(ObjectOf));
    }

    private static JsonValue ArrayOf(JsonValue[] items)
    {
        JsonValue array = JsonValue.Array();
        foreach (JsonValue item in items)
            array.Add(item);
        return array;
    }

    private static JsonValue ObjectOf((string Key, JsonValue Value)[] items)
    {
        JsonValue value = JsonValue.Object();
        foreach ((string key, JsonValue item) in items)
            value.Add(key, item);
        return value;
    }
}
