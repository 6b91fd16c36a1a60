using System;
using System.Collections.Generic;
using System.Text;
using BootMerge.Configuration;
using CsCheck;
using Xunit;

namespace BootMerge.Tests.Configuration;

public sealed class ConfigurationFileTests
{
    private static readonly string[] Keys = ["Mutable", "ImagePolicy"];

    [Theory]
    [InlineData("plain", "[ConfExt]\nMutable=auto\n", "Mutable=auto@2")]
    [InlineData("no newline at the end", "[ConfExt]\nMutable=auto", "Mutable=auto@2")]
    [InlineData("spaces around", "  [ConfExt]  \n \t Mutable \t = \tauto \t\n", "Mutable=auto@2")]
    [InlineData("CR", "[ConfExt]\rMutable=auto\r", "Mutable=auto@2")]
    [InlineData("LF and CR", "[ConfExt]\n\rMutable=auto\n\r", "Mutable=auto@3")]
    [InlineData("CRLF", "[ConfExt]\r\nMutable=auto\r\n", "Mutable=auto@2")]
    [InlineData("byte order mark", "\uFEFF[ConfExt]\nMutable=auto\n", "Mutable=auto@2")]
    [InlineData("comments", "# a\n[ConfExt]\n; Mutable=no\n  # Mutable=no\nMutable=auto # kept\n",
        "Mutable=auto # kept@5")]
    [InlineData("equals in the value", "[ConfExt]\nImagePolicy=root=verity\n", "ImagePolicy=root=verity@2")]
    [InlineData("empty value", "[ConfExt]\nMutable=\n", "Mutable=@2")]
    [InlineData("twice, in order", "[ConfExt]\nMutable=auto\n[ConfExt]\nMutable=no\n", "Mutable=auto@2 Mutable=no@4")]
    [InlineData("continued", "[ConfExt]\nMutable=\\\n  auto\n", "Mutable=auto@2")]
    [InlineData("continued over a comment", "[ConfExt]\nMutable=a\\\n# why\nb\n", "Mutable=a b@2")]
    [InlineData("continued with CRLF", "[ConfExt]\r\nMutable=\\\r\nauto\r\n", "Mutable=auto@2")]
    [InlineData("continued at the end", "[ConfExt]\nMutable=auto\\", "Mutable=auto@2")]
    [InlineData("continued into a comment at the end", "[ConfExt]\nMutable=auto\\\n#", "Mutable=auto@2")]
    [InlineData("an even number of backslashes ends the line", "[ConfExt]\nMutable=a\\\\\nMutable=no\n",
        "Mutable=a\\\\@2 Mutable=no@3")]
    [InlineData("of other programs", "[X-Mine]\nMutable=no\n[ConfExt]\nX-Key=1\nMutable=auto\n", "Mutable=auto@5")]
    [InlineData("empty file", "", "")]
    [InlineData("only blank lines", "\n\n \n", "")]
    public void Assignments_of_the_section_are_found_without_warnings(string why, string text, string expected)
    {
        (string found, List<string> warnings) = Parse(Encoding.UTF8.GetBytes(text));

        Assert.True(expected == found, why + ": " + found);
        Assert.Empty(warnings);
    }

    [Theory]
    [InlineData("[ConfExt]\nMutabel=no\n",
        "f.conf:2: unknown key 'Mutabel' in section [ConfExt], ignored (did you mean 'Mutable'?)")]
    [InlineData("[ConfExt]\nFoo=no\n",
        "f.conf:2: unknown key 'Foo' in section [ConfExt], ignored (known: Mutable, ImagePolicy)")]
    [InlineData("[SysExt]\nMutable=no\nFoo=x\nrubbish\n",
        "f.conf:1: unknown section '[SysExt]', ignored with all its keys (known: [ConfExt])")]
    [InlineData("[ConfExt\nMutable=no\n",
        "f.conf:1: unknown section '[ConfExt', ignored with all its keys (known: [ConfExt])")]
    [InlineData("Mutable=no\n", "f.conf:1: 'Mutable=no' is before the first section, ignored; it belongs in "
        + "section [ConfExt]")]
    [InlineData("[ConfExt]\nMutable\n", "f.conf:2: 'Mutable' is not of the form Key=Value, ignored")]
    [InlineData("[ConfExt]\n=no\n", "f.conf:2: '=no' is not of the form Key=Value, ignored")]
    [InlineData("[ConfExt]\nMu\u001btable=no\n",
        @"f.conf:2: unknown key 'Mu\x1btable' in section [ConfExt], ignored (did you mean 'Mutable'?)")]
    public void What_is_not_understood_is_one_warning_with_file_and_line(string text, string warning)
    {
        (string found, List<string> warnings) = Parse(Encoding.UTF8.GetBytes(text));

        Assert.Equal("", found);
        Assert.Equal([warning], warnings);
    }

    [Fact]
    public void A_line_that_is_not_utf8_is_passed_over_and_the_rest_counts()
    {
        (string found, List<string> warnings) =
            Parse([.. "[ConfExt]\nMutable=no\\\n"u8, 0xFF, .. "\nMutable=auto\n"u8]);

        Assert.Equal("Mutable=auto@4", found);
        Assert.Equal(["f.conf:2: not UTF-8, ignored"], warnings);
    }

    [Fact]
    public void A_comment_may_be_in_any_encoding() => Assert.Empty(Parse([.. "# Gr"u8, 0xFC, .. "n\n"u8]).Warnings);

    [Fact]
    public void A_nul_byte_is_an_error_with_file_and_line()
    {
        InputException exception = Assert.Throws<InputException>(() => Parse("[ConfExt]\n\0\n"u8.ToArray()));

        Assert.Equal("f.conf:2 contains a NUL byte: it is not a text file", exception.Message);
    }

    [Fact]
    public void A_file_of_rubbish_does_not_flood_the_log()
    {
        List<string> warnings =
            Parse(Encoding.UTF8.GetBytes("[ConfExt]\n" + new StringBuilder().Insert(0, "x\n", 100_000))).Warnings;

        Assert.Equal(51, warnings.Count);
    }

    [Fact]
    public void Any_bytes_give_assignments_warnings_or_one_line()
    {
        Gen<byte[]> piece = Gen.OneOf(
            Gen.OneOf("[ConfExt]\n", "Mutable", "=", "\\\n", "\r\n", "\n", "#", ";", "[", "]", " ", "X-", "\uFEFF",
                "auto").Select(Encoding.UTF8.GetBytes),
            Gen.Byte.Array[0, 4]);
        piece.Array[0, 40].Sample(
            pieces =>
            {
                List<byte> text = [];
                foreach (byte[] bytes in pieces)
                    text.AddRange(bytes);
                try
                {
                    (string _, List<string> warnings) = Parse([.. text]);
                    return warnings.TrueForAll(warning => warning.StartsWith("f.conf:", StringComparison.Ordinal)
                        && !warning.Contains('\n'));
                }
                catch (InputException)
                {
                    return text.Contains(0);
                }
            },
            seed: "0000KOIPe036",
            iter: 20_000,
            threads: 1);
    }

    private static (string Found, List<string> Warnings) Parse(byte[] text)
    {
        WarningLog log = new();
        List<string> found = [];
        foreach (Assignment assignment in ConfigurationFile.Parse(new SourceFile("f.conf", text), "ConfExt", Keys, log))
        {
            Assert.StartsWith("f.conf:", assignment.Origin, StringComparison.Ordinal);
            found.Add(assignment.Key + "=" + assignment.Value + "@" + assignment.Origin["f.conf:".Length..]);
        }

        return (string.Join(' ', found), log.Lines);
    }
}
