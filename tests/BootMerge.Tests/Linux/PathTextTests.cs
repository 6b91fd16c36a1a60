using System;
using System.Collections.Generic;
using CsCheck;
using Xunit;

namespace BootMerge.Tests.Linux;

public sealed class PathTextTests
{
    private static readonly byte[][] Pieces =
    [
        "a"u8.ToArray(),
        "é"u8.ToArray(),
        "€"u8.ToArray(),
        "💀"u8.ToArray(),
        [0x80],
        [0xC3],
        [0xE2, 0x82],
        [0xF0, 0x9F, 0x92],
        [0xED, 0xB2, 0x80], // U+DC80 itself, which is not UTF-8
        [0xC0, 0xAF],
        [0xF4, 0x90, 0x80, 0x80],
        [0xFF],
        [0x00],
    ];

    [Fact]
    public void Any_bytes_survive_as_text()
    {
        Gen<byte[]> joined = Gen.OneOf(Pieces).Array[0, 8].Select(Join);
        Gen.OneOf(joined, Gen.Byte.Array[0, 40])
            .Sample(bytes => bytes.AsSpan().SequenceEqual(PathText.Encode(PathText.Decode(bytes))), iter: 10_000);
    }

    [Fact]
    public void Any_text_can_be_encoded_and_printed() =>
        Gen.String.Sample(text => PathText.Encode(text).Length >= text.Length
            && PathText.Printable(text).Length >= text.Length, iter: 5_000);

    [Theory]
    [InlineData("plain", new byte[] { 0x70, 0x6C, 0x61, 0x69, 0x6E })]
    [InlineData("é", new byte[] { 0xC3, 0xA9 })]
    [InlineData("💀", new byte[] { 0xF0, 0x9F, 0x92, 0x80 })]
    [InlineData("", new byte[0])]
    public void Valid_UTF_8_is_text_as_it_is(string text, byte[] bytes)
    {
        Assert.Equal(text, PathText.Decode(bytes));
        Assert.Equal(bytes, PathText.Encode(text));
        Assert.Equal([.. bytes, 0], PathText.Terminated(text));
    }

    [Theory]
    [InlineData(new byte[] { 0xC3, 0xA9 }, true)]
    [InlineData(new byte[] { 0xF0, 0x9F, 0x9A, 0x80 }, true)]
    [InlineData(new byte[0], true)]
    [InlineData(new byte[] { 0xC3 }, false)]
    [InlineData(new byte[] { 0x61, 0xFF, 0x62 }, false)]
    [InlineData(new byte[] { 0xED, 0xB2, 0x80 }, false)]
    [InlineData(new byte[] { 0xC0, 0xAF }, false)]
    public void Text_knows_whether_its_bytes_are_UTF_8(byte[] bytes, bool expected) =>
        Assert.Equal(expected, PathText.IsValidUtf8(PathText.Decode(bytes)));

    [Theory]
    [InlineData("plain é € 🚀 \\x", "plain é € 🚀 \\x")]
    [InlineData("two\nlines", @"two\x0alines")]
    [InlineData("\u001b[31m\t\r\0", @"\x1b[31m\x09\x0d\x00")]
    [InlineData("\u007f\u0085\u009f\u00a0", "\\x7f\\xc2\\x85\\xc2\\x9f\u00a0")]
    [InlineData("a\u202egnp.exe\u2066\u200e\u061c", "a\\xe2\\x80\\xaegnp.exe\\xe2\\x81\\xa6\\xe2\\x80\\x8e\\xd8\\x9c")]
    [InlineData("\u2028\u2029\u200d", "\\xe2\\x80\\xa8\\xe2\\x80\\xa9\u200d")]
    public void Control_characters_are_shown_and_not_sent(string text, string expected) =>
        Assert.Equal(expected, PathText.Printable(text));

    [Fact]
    public void Undecodable_bytes_are_shown_in_hexadecimal() =>
        Assert.Equal(@"a\xff\xc3b", PathText.Printable(PathText.Decode([(byte)'a', 0xFF, 0xC3, (byte)'b'])));

    [Fact]
    public void What_is_shown_has_no_control_characters() =>
        Gen.Byte.Array[0, 40].Sample(
            bytes =>
            {
                foreach (char c in PathText.Printable(PathText.Decode(bytes)))
                    if (char.IsControl(c))
                        return false;
                return true;
            },
            iter: 5_000);

    private static byte[] Join(byte[][] pieces)
    {
        List<byte> bytes = [];
        foreach (byte[] piece in pieces)
            bytes.AddRange(piece);
        return [.. bytes];
    }

    // The characters are passed as numbers: attributes cannot hold these.
    [Theory]
    [InlineData(0xFFFE, true)]
    [InlineData(0xFFFF, true)]
    [InlineData(0xFDD0, true)]
    [InlineData(0xFDEF, true)]
    [InlineData(0x1FFFE, true)]
    [InlineData(0x10FFFF, true)]
    [InlineData(0xFFFD, false)]
    [InlineData(0xFEFF, false)]
    [InlineData(0xFDCF, false)]
    [InlineData(0xFDF0, false)]
    [InlineData(0x1F600, false)]
    [InlineData(0x41, false)]
    public void Noncharacters_are_told_from_characters(int codePoint, bool expected) =>
        Assert.Equal(expected, PathText.HasNoncharacter("a" + char.ConvertFromUtf32(codePoint) + "b"));
}
