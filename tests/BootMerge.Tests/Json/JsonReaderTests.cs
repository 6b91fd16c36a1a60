using System;
using System.Text;
using BootMerge.Json;
using CsCheck;
using Xunit;

namespace BootMerge.Tests.Json;

public sealed class JsonReaderTests
{
    [Theory]
    [InlineData("null", "null")]
    [InlineData(" true\n", "true")]
    [InlineData("\t\r\nfalse", "false")]
    [InlineData("0", "0")]
    [InlineData("-0.5e+3", "-0.5e+3")]
    [InlineData("1E9", "1E9")]
    [InlineData("18446744073709551615", "18446744073709551615")]
    [InlineData("[ ]", "[]")]
    [InlineData("[ 1 , [ 2 ] ]", "[1,[2]]")]
    [InlineData("{ }", "{}")]
    [InlineData("""{ "a" : { "" : [ ] } , "b" : "" }""", """{"a":{"":[]},"b":""}""")]
    [InlineData("""{"a":1,"b":2,"a":3}""", """{"a":3,"b":2}""")]
    [InlineData("""  "x"  """, "\"x\"")]
    [InlineData("\"é💀\"", "\"é💀\"")]
    [InlineData(@"""\""\\\/\n\t""", @"""\""\\/\n\t""")]
    [InlineData(@"""\b\f\r""", @"""\u0008\u000c\u000d""")]
    [InlineData(@"""\u0041\u00e9\u00E9\u001f""", @"""Aéé\u001f""")]
    [InlineData(@"""\ud83d\udc80""", "\"💀\"")]
    [InlineData(@"""\udcff""", @"""\\xff""")]
    [InlineData(@"""\ud830""", "\"\ufffd\"")] // half of a character: UTF-8 cannot hold it
    [InlineData(@"""\ud830x\ude00""", "\"\ufffdx\ufffd\"")]
    public void JSON_of_others_is_read(string text, string expected) =>
        Assert.Equal(expected, Read(text)?.ToCompactText());

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("nul")]
    [InlineData("nulls")]
    [InlineData("True")]
    [InlineData("NaN")]
    [InlineData("1 2")]
    [InlineData("+1")]
    [InlineData("-")]
    [InlineData("1.")]
    [InlineData(".5")]
    [InlineData("1e")]
    [InlineData("1e+")]
    [InlineData("0x1")]
    [InlineData("[")]
    [InlineData("]")]
    [InlineData("[1")]
    [InlineData("[1,")]
    [InlineData("[1,]")]
    [InlineData("[,1]")]
    [InlineData("[1 2]")]
    [InlineData("[1}")]
    [InlineData("{")]
    [InlineData("{\"a\"")]
    [InlineData("{\"a\"}")]
    [InlineData("{\"a\":")]
    [InlineData("{\"a\":}")]
    [InlineData("{\"a\":1")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{\"a\" 1}")]
    [InlineData("{a:1}")]
    [InlineData("{1:1}")]
    [InlineData("\"")]
    [InlineData("\"a")]
    [InlineData("\"a\nb\"")]
    [InlineData("'a'")]
    [InlineData(@"""\")]
    [InlineData(@"""\q""")]
    [InlineData(@"""\u12""")]
    [InlineData(@"""\u12g4""")]
    [InlineData(@"""\u123")]
    [InlineData("/**/1")]
    [InlineData("1\0")]
    public void What_is_no_JSON_is_none(string text) => Assert.Null(Read(text));

    [Theory]
    [InlineData(64, true)]
    [InlineData(100, false)]
    [InlineData(1_000_000, false)]
    public void Values_nest_to_a_limit_that_no_stack_overflows(int depth, bool isRead)
    {
        string arrays = new string('[', depth) + new string(']', depth);
        StringBuilder objects = new();
        for (int i = 1; i < depth; i++)
            objects.Append("{\"a\":");
        objects.Append("{}").Append('}', depth - 1);

        Assert.Equal(isRead, Read(arrays) is not null);
        Assert.Equal(isRead, Read(objects.ToString()) is not null);
        Assert.Null(Read(arrays[..depth]));
    }

    [Fact]
    public void Garbage_throws_nothing()
    {
        Gen<byte[]> likely = Gen.Char["{}[]\":,\\ut 0123aAeE+-.rfalsn\n"].Array[0, 40]
            .Select(c => Encoding.UTF8.GetBytes(c));
        Gen.OneOf(likely, Gen.Byte.Array[0, 40])
            .Sample(bytes => JsonReader.TryParse(bytes) is null or { Items: not null }, iter: 10_000);
    }

    private static JsonValue? Read(string text) => JsonReader.TryParse(Encoding.UTF8.GetBytes(text));
}
