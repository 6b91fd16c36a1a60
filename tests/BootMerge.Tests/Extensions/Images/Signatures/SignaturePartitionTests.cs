using System;
using System.Text;
using BootMerge.Extensions.Images;
using Xunit;

namespace BootMerge.Tests.Extensions.Images.Signatures;

public sealed class SignaturePartitionTests
{
    private const string Hash = "00112233445566778899aabbccddeeff";

    [Theory]
    [InlineData("""{"rootHash":"00112233445566778899aabbccddeeff","signature":"AQID"}""")]
    [InlineData("""{"rootHash":"00112233445566778899AABBCCDDEEFF","signature":"AQID"}""")]
    [InlineData("""{"rootHash":"0011 2233 4455 6677 8899 aabb ccdd eeff\n","signature":"AQ\nID"}""")]
    [InlineData("""{"certificateFingerprint":"zz","signature":"AQID","new":[{}],"rootHash":"00112233445566778899aabbccddeeff"}""")]
    [InlineData("{\"rootHash\":\"00112233445566778899aabbccddeeff\",\"signature\":\"AQID\"}\n\0\0\0\0")]
    public void Root_hash_and_signature(string text)
    {
        SignaturePartition partition = SignaturePartition.Parse(Encoding.UTF8.GetBytes(text))!;
        Assert.Equal(Hash, partition.RootHash);
        Assert.Equal([1, 2, 3], partition.Signature);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\0\0")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("\"rootHash\"")]
    [InlineData("""{"rootHash":"00112233445566778899aabbccddeeff"}""")]
    [InlineData("""{"signature":"AQID"}""")]
    [InlineData("""{"rootHash":"00112233445566778899aabbccddeef","signature":"AQID"}""")] // half a byte
    [InlineData("""{"rootHash":"00112233445566778899aabbccddee","signature":"AQID"}""")] // too short
    [InlineData("""{"rootHash":"00112233445566778899aabbccddeefg","signature":"AQID"}""")]
    [InlineData("""{"rootHash":11112222333344445555666677778888,"signature":"AQID"}""")] // a number
    [InlineData("""{"rootHash":["00112233445566778899aabbccddeeff"],"signature":"AQID"}""")]
    [InlineData("""{"rootHash":"00112233445566778899aabbccddeeff","signature":""}""")]
    [InlineData("""{"rootHash":"00112233445566778899aabbccddeeff","signature":"AQI"}""")]
    [InlineData("""{"rootHash":"00112233445566778899aabbccddeeff","signature":"AQ\u00e9D"}""")]
    [InlineData("""{"rootHash":"00112233445566778899aabbccddeeff","signature":"AQID"}{}""")]
    [InlineData("{\"rootHash\":\"00112233445566778899aabbccddeeff\",\"signature\":\"AQID\"}\0\0x")]
    [InlineData("{\"rootHash\":\"00112233445566778899aabbccddeeff\",\"signature\":\"AQID\"\0}")]
    [InlineData("\0{\"rootHash\":\"00112233445566778899aabbccddeeff\",\"signature\":\"AQID\"}")]
    public void Anything_else_is_not_such_a_partition(string text) =>
        Assert.Null(SignaturePartition.Parse(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void A_partition_has_four_mebibytes_at_most()
    {
        byte[] content = new byte[SignaturePartition.Limit];
        Encoding.ASCII.GetBytes("{\"rootHash\":\"" + Hash + "\",\"signature\":\"AQID\"}").CopyTo(content, 0);
        Assert.NotNull(SignaturePartition.Parse(content));
        Array.Resize(ref content, content.Length + 1);
        Assert.Null(SignaturePartition.Parse(content));
    }

    /// <summary>Three signatures with serial numbers of megabytes used up all memory.</summary>
    [Theory]
    [InlineData(1 << 16, true)]
    [InlineData((1 << 16) + 1, false)]
    public void A_signature_is_not_larger_than_any(int length, bool isRead) =>
        Assert.Equal(isRead, SignaturePartition.Parse(System.Text.Encoding.ASCII.GetBytes("{\"rootHash\":\""
            + new string('a', 64) + "\",\"signature\":\"" + System.Convert.ToBase64String(new byte[length]) + "\"}"))
            is not null);
}
