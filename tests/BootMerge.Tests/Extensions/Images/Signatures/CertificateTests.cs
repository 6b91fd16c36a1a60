using System;
using System.Text;
using BootMerge.Extensions.Images;
using Xunit;

namespace BootMerge.Tests.Extensions.Images.Signatures;

public sealed class CertificateTests
{
    private const string Begin = "-----BEGIN CERTIFICATE-----\n";
    private const string End = "-----END CERTIFICATE-----\n";

    [Theory]
    [InlineData(Begin + "AQID\n" + End, "010203")]
    [InlineData(Begin + "AQI=\n" + End, "0102")]
    [InlineData(Begin + "AQID\r\nBA==\r\n" + End, "01020304")]
    [InlineData(Begin + " A Q\tI\nD " + End, "010203")]
    [InlineData("subject=CN = Acme\n" + Begin + "AQID\n" + End + "more", "010203")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nBAUG\n-----END PRIVATE KEY-----\n" + Begin + "AQID\n" + End, "010203")]
    [InlineData(Begin + "AQID\n" + End + Begin + "BAUG\n" + End, "010203")] // only the first counts
    [InlineData(Begin + End, "")]
    [InlineData("", null)]
    [InlineData(Begin, null)]
    [InlineData(Begin + "AQID\n", null)]
    [InlineData("AQID\n" + End, null)]
    [InlineData(Begin + "AQI\n" + End, null)] // cut off
    [InlineData(Begin + "AQI*\n" + End, null)]
    [InlineData(Begin + "AQ=I\n" + End, null)]
    [InlineData(Begin + "AQ==BBBB\n" + End, null)]
    public void The_first_certificate_of_a_file(string pem, string? der) =>
        Assert.Equal(der, Certificate.FirstOf(Encoding.UTF8.GetBytes(pem)) is byte[] bytes
            ? Convert.ToHexStringLower(bytes) : null);

    [Theory]
    [InlineData("rsa2048")]
    [InlineData("rsa4096")]
    [InlineData("ec256")]
    [InlineData("ec384")]
    [InlineData("stranger")]
    [InlineData("leaf")]
    public void A_certificate_is_read(string name)
    {
        byte[] der = Certificate.FirstOf(Encoding.ASCII.GetBytes(SignatureSamples.Pem(name)))!;
        Assert.Equal(SignatureSamples.Get(name + ".crt"), der);
        Assert.True(Certificate.TryRead(der, out _));
        Assert.False(Certificate.TryRead([.. der, 0], out _));
        for (int length = 0; length < der.Length; length++)
            Assert.False(Certificate.TryRead(der.AsSpan(0, length), out _));
    }
}
