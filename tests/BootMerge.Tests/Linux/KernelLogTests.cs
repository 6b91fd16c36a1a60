using System.Text;
using BootMerge.Linux;
using CsCheck;
using Xunit;

namespace BootMerge.Tests.Linux;

public sealed class KernelLogTests
{
    [Theory]
    [InlineData("6,339,5140900,-;overlayfs: missing 'workdir'\n", "overlayfs: missing 'workdir'")]
    [InlineData("3,340,5140901,-,caller=T1;overlay: Unknown parameter 'x'\n SUBSYSTEM=y\n DEVICE=z\n",
        "overlay: Unknown parameter 'x'")]
    [InlineData("6,1,2,-;overlayfs: a; b\n", "overlayfs: a; b")]
    [InlineData("6,1,2,-;overlayfs: \\x1b\n", "overlayfs: \\x1b")]
    [InlineData("6,1,2,-;EXT4-fs (sda1): mounted\n", null)]
    [InlineData("6,1,2,-;bootmerge: overlayfs: x\n", null)]
    [InlineData("6,1,2,-;\n", null)]
    [InlineData("6,1,2,-;overlayfs: cut", null)]
    [InlineData("6,1,2,-\n;overlayfs: x\n", null)]
    [InlineData("overlayfs: x\n", null)]
    [InlineData("", null)]
    public void Only_what_overlayfs_says_is_taken_from_a_record(string record, string? expected) =>
        Assert.Equal(expected, KernelLog.Message(Encoding.UTF8.GetBytes(record)));

    [Fact]
    public void Garbage_throws_nothing()
    {
        Gen<byte[]> likely = Gen.Char["6,;-o\n "].Array[0, 20].Select(c => Encoding.UTF8.GetBytes(c));
        Gen.OneOf(likely, Gen.Byte.Array[0, 20]).Sample(bytes => KernelLog.Message(bytes) is null or { Length: > 0 },
            iter: 5_000);
    }
}
