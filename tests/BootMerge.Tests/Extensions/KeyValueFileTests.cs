using System.Text;
using BootMerge.Extensions;
using CsCheck;
using Xunit;

namespace BootMerge.Tests.Extensions;

public sealed class KeyValueFileTests
{
    // The ID that systemd-confext 262 reads from each extension-release file; measured.
    [Theory]
    [InlineData("ID=acme", "acme")]
    [InlineData("ID='acme'", "acme")]
    [InlineData("ID=\"ac\\\\me\"", "ac\\me")]
    [InlineData("ID=\"ac\\\"me\"", "ac\"me")]
    [InlineData("ID=\"ac\\$me\"", "ac$me")]
    [InlineData("ID=\"ac\\nme\"", "ac\\nme")]
    [InlineData("ID=\"ac\\\nme\"", "acme")]
    [InlineData("ID='ac\"me'", "ac\"me")]
    [InlineData("ID='ac\\me'", "ac\\me")]
    [InlineData("ID=ac\"m\"e", "ac\"m\"e")]
    [InlineData("ID=ac'm'e", "ac'm'e")]
    [InlineData("ID=\"ac\"me", "acme")]
    [InlineData("ID=\"a\"'c'me", "acme")]
    [InlineData("ID=\"acme\" x", "acmex")]
    [InlineData("ID=\"acme\" # x", "acme# x")]
    [InlineData("ID=\"acme  \"", "acme  ")]
    [InlineData("ID=acme # c", "acme # c")]
    [InlineData("ID=acme#c", "acme#c")]
    [InlineData(" ID=acme", "acme")]
    [InlineData("ID=acme  ", "acme")]
    [InlineData("ID= acme", "acme")]
    [InlineData("ID =acme", "acme")]
    [InlineData("ID=a c m e", "a c m e")]
    [InlineData("ID=acme\tx", "acme\tx")]
    [InlineData("ID=acme=x", "acme=x")]
    [InlineData("ID=$acme", "$acme")]
    [InlineData("ID=acmé", "acmé")]
    [InlineData("ID=a\\cme", "acme")]
    [InlineData("ID=acme\\\n", "acme")]
    [InlineData("ID=ac\\\nme", "acme")]
    [InlineData("ID=acme\\", "acme")]
    [InlineData("ID=\"acme\n", "acme\n")]
    [InlineData("ID=\"ac\nme\"", "ac\nme")]
    [InlineData("ID=acme\r\nX=y\r\n", "acme")]
    [InlineData("ID=x\nID=acme", "acme")]
    [InlineData("ID=acme\nID=", "")]
    [InlineData("ID=", "")]
    [InlineData("ID=\"\"", "")]
    [InlineData("#ID=x\\\nID=acme", "acme")]
    [InlineData(";c\nID=acme", "acme")]
    [InlineData("-ID=x\nID=acme", "acme")]
    [InlineData("garbage\n=\n \nID=acme\nmore garbage", "acme")]
    [InlineData("ID=acme \\\n", "acme ")]
    [InlineData("ID=acme \\\n ", "acme ")]
    [InlineData("ID=acme \\", "acme ")]
    [InlineData("ID=acme\\ ", "acme ")]
    [InlineData("ID=acme \\ ", "acme  ")]
    [InlineData("ID=acme \\\nx", "acme x")]
    [InlineData("ID= \\\n acme", " acme")]
    [InlineData("ID=\\\nacme", "acme")]
    [InlineData("ID=\racme", "")]
    [InlineData("\rID=acme", "acme")]
    [InlineData("ID=acme\u000b", "acme\u000b")]
    [InlineData("# \uFFFE=\nID=acme", "acme")]
    [InlineData("export ID=acme", null)]
    [InlineData("\uFEFFID=acme", null)]
    [InlineData("ID", null)]
    [InlineData("#ID=acme", null)]
    [InlineData("", null)]
    public void Values_are_read_as_systemd_reads_them(string text, string? id)
    {
        ReleaseFile file = KeyValueFile.Parse(Encoding.UTF8.GetBytes(text));

        Assert.Null(file.Problem);
        Assert.Equal(id, file["ID"]);
    }

    [Fact]
    public void A_zero_byte_spoils_the_whole_file()
    {
        ReleaseFile file = KeyValueFile.Parse("ID=acme\nX=\0"u8);

        Assert.Equal("contains a NUL byte: it is not a text file", file.Problem);
        Assert.True(file.IsEmpty);
    }

    [Theory]
    [InlineData("ID=ac\u00ffme", "is not UTF-8 at key ID")]
    [InlineData("ID=acme\nX\u00ff=\"y\"", "is not UTF-8 at key X\\xff")]
    [InlineData("ID=acme\nX=\u00ef\u00bf\u00be", "is not UTF-8 at key X")]
    [InlineData("ID=acme\nX=\u00ef\u00b7\u0090", "is not UTF-8 at key X")]
    [InlineData("ID=acme\nX=\u00f0\u009f\u00bf\u00be", "is not UTF-8 at key X")]
    [InlineData("X\u00ef\u00bf\u00bf=1\nID=acme", "is not UTF-8 at key X\uFFFF")]
    public void A_pair_that_is_not_utf8_spoils_the_whole_file(string latin1, string problem)
    {
        ReleaseFile file = KeyValueFile.Parse(Encoding.Latin1.GetBytes(latin1));

        Assert.Equal(problem, file.Problem);
        Assert.Null(file["ID"]);
    }

    [Fact]
    public void Bytes_that_are_not_utf8_in_a_comment_or_a_stray_line_do_no_harm()
    {
        ReleaseFile file = KeyValueFile.Parse(Encoding.Latin1.GetBytes("# \u00ff=\n\u00ff\nID=acme\n"));

        Assert.Null(file.Problem);
        Assert.Equal("acme", file["ID"]);
    }

    [Fact]
    public void Any_bytes_are_read_without_an_exception()
    {
        // Half of the bytes mean something in the syntax.
        byte[] known = Encoding.ASCII.GetBytes("=\n\r\"'\\# \tID");
        Gen<byte> bytes = Gen.Int[0, 511].Select(i => i < 256 ? (byte)i : known[i % known.Length]);
        bytes.Array[0, 60].Sample(text =>
        {
            ReleaseFile file = KeyValueFile.Parse(text);
            return file.Problem is null || file.IsEmpty;
        });
    }
}
