using System;
using System.Linq;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using BootMerge.Extensions.Images;
using Xunit;

namespace BootMerge.Tests.Extensions.Images.Signatures;

public sealed class SignedDataTests
{
    private static readonly byte[] RootHash = Encoding.ASCII.GetBytes(SignatureSamples.RootHash);

    public static TheoryData<string, bool, int, bool> Signatures()
    {
        TheoryData<string, bool, int, bool> rows = [];
        foreach (string key in new[] { "rsa2048", "rsa4096", "ec256", "ec384" })
            foreach (int bits in new[] { 256, 384, 512 })
                foreach (bool hasAttributes in new[] { false, true })
                    rows.Add(key, key.StartsWith("ec", StringComparison.Ordinal), bits, hasAttributes);
        return rows;
    }

    [Theory]
    [MemberData(nameof(Signatures))]
    public void A_signature_says_who_signed_and_how(string key, bool isEcdsa, int bits, bool hasAttributes)
    {
        SignedData data = Read(key + "-sha" + bits + (hasAttributes ? "-attributes" : ""));
        Assert.True(data.TryTakeSigner(out Signer signer));
        Assert.False(data.HasSigner);
        Assert.True(Certificate.TryRead(SignatureSamples.Get(key + ".crt"), out Certificate own));
        Assert.True(own.IsOf(signer));
        Assert.True(Certificate.TryRead(SignatureSamples.Get("stranger.crt"), out Certificate other));
        Assert.False(other.IsOf(signer));
        Assert.True(signer.IsSupported(out int signedBits, out bool isSignedByEcdsa, out _));
        Assert.Equal((bits, isEcdsa), (signedBits, isSignedByEcdsa));
        // Another library confirms that the key's owner signed this.
        byte[] digest = signer.TryDigest(RootHash, bits)!;
        Assert.True(Verifies(key, digest, signer.Signature, bits));
        digest[0] ^= 1;
        Assert.False(Verifies(key, digest, signer.Signature, bits));
    }

    [Theory]
    [InlineData("rsa2048-sha256", "issuer CN=Acme RSA, serial c0ffee01")]
    [InlineData("rsa4096-sha256", "issuer CN=Acme 4096, serial 02")]
    [InlineData("stranger", "issuer without a CN, serial 05")]
    [InlineData("leaf", "issuer CN=Acme RSA, serial 77")]
    [InlineData("key-identifier", null)]
    [InlineData("attached", null)]
    public void The_signer_has_a_name_for_messages(string signature, string? name) =>
        Assert.Equal(name, SignatureCheck.SignerOf(SignatureSamples.Get(signature)));

    [Fact]
    public void Attributes_of_another_text_are_not_signed_for_this_one()
    {
        SignedData data = Read("rsa2048-sha256-attributes");
        Assert.True(data.TryTakeSigner(out Signer signer));
        Assert.NotNull(signer.TryDigest(RootHash, 256));
        Assert.Null(signer.TryDigest(RootHash.AsSpan(1), 256));
        Assert.Null(signer.TryDigest([], 256));
    }

    [Theory]
    [InlineData("2A864886F70D010903", "2A864886F70D010909")] // no type
    [InlineData("2A864886F70D010904", "2A864886F70D010909")] // no digest
    [InlineData("2A864886F70D010905", "2A864886F70D010904")] // the time of signing as a second digest
    [InlineData("310B06092A864886F70D010701", "310B06092A864886F70D010702")] // another type
    [InlineData("31220420", "30220420")] // not a set of values
    [InlineData("31220420", "31220220")] // a digest that is a number
    public void Attributes_must_name_the_type_and_the_digest(string from, string to)
    {
        string text = Convert.ToHexString(SignatureSamples.Get("rsa2048-sha256-attributes"));
        Assert.Contains(from, text, StringComparison.Ordinal);
        byte[] changed = Convert.FromHexString(text.Replace(from, to, StringComparison.Ordinal));
        Assert.True(SignedData.TryRead(changed, out SignedData data) && data.TryTakeSigner(out Signer signer)
            && signer.IsSupported(out _, out _, out _) && signer.TryDigest(RootHash, 256) is null);
    }

    [Fact]
    public void Each_of_two_signers_is_read()
    {
        SignedData data = Read("two");
        Assert.True(data.TryTakeSigner(out Signer first));
        Assert.True(data.TryTakeSigner(out Signer second));
        Assert.False(data.HasSigner);
        Assert.Equal(["issuer CN=Acme RSA, serial 77", "issuer CN=Acme RSA, serial c0ffee01"],
            new[] { first.Name, second.Name }.Order(StringComparer.Ordinal));
        Assert.False(data.TryTakeSigner(out _));
    }

    [Theory]
    [InlineData("pss", "1.2.840.113549.1.1.10")]
    [InlineData("sha1", "1.3.14.3.2.26")]
    public void What_cannot_be_checked_is_named(string signature, string identifier)
    {
        SignedData data = Read(signature);
        Assert.True(data.TryTakeSigner(out Signer signer));
        Assert.False(signer.IsSupported(out _, out _, out ReadOnlySpan<byte> unsupported));
        Assert.Equal(identifier, DistinguishedName.DescribeIdentifier(unsupported));
    }

    [Theory]
    // The hash in the name of the algorithm is not the one that was used.
    [InlineData("rsa2048-sha256", "0D06092A864886F70D010101", "0D06092A864886F70D01010D")]
    [InlineData("ec256-sha256", "2A8648CE3D040302", "2A8648CE3D040304")]
    // The other way round.
    [InlineData("ec256-sha256", "0609608648016503040201", "0609608648016503040203")]
    // SHA-224, SHA-512/224
    [InlineData("rsa2048-sha256", "608648016503040201", "608648016503040204")]
    [InlineData("rsa2048-sha256", "608648016503040201", "608648016503040205")]
    public void Only_the_algorithms_of_the_specification_are_supported(string signature, string from, string to)
    {
        string text = Convert.ToHexString(SignatureSamples.Get(signature));
        Assert.Contains(from, text, StringComparison.Ordinal);
        byte[] changed = Convert.FromHexString(text.Replace(from, to, StringComparison.Ordinal));
        Assert.True(SignedData.TryRead(changed, out SignedData data) && data.TryTakeSigner(out Signer signer)
            && !signer.IsSupported(out _, out _, out _));
    }

    [Theory]
    [InlineData(11, 256)]
    [InlineData(12, 384)]
    [InlineData(13, 512)]
    public void An_RSA_algorithm_may_name_its_hash(byte algorithm, int hash)
    {
        string text = Convert.ToHexString(SignatureSamples.Get("rsa2048-sha" + hash));
        byte[] changed = Convert.FromHexString(text.Replace("2A864886F70D010101", "2A864886F70D0101"
            + Convert.ToHexString([algorithm]), StringComparison.Ordinal));
        Assert.True(SignedData.TryRead(changed, out SignedData data) && data.TryTakeSigner(out Signer signer)
            && signer.IsSupported(out int bits, out bool isEcdsa, out _) && bits == hash && !isEcdsa);
    }

    [Theory]
    [InlineData("attached")] // it contains the signed text
    [InlineData("rsa2048.crt")]
    public void What_is_not_a_detached_signature_is_not_read(string sample) =>
        Assert.False(SignedData.TryRead(SignatureSamples.Get(sample), out _));

    [Fact]
    public void A_signature_that_is_cut_off_or_longer_is_not_read()
    {
        byte[] whole = SignatureSamples.Get("two");
        for (int length = 0; length < whole.Length; length++)
            Assert.False(SignedData.TryRead(whole.AsSpan(0, length), out _));
        Assert.False(SignedData.TryRead([.. whole, 0], out _));
    }

    private static SignedData Read(string name)
    {
        Assert.True(SignedData.TryRead(SignatureSamples.Get(name), out SignedData data));
        return data;
    }

    private static bool Verifies(string key, byte[] digest, ReadOnlySpan<byte> signature, int bits)
    {
        using X509Certificate2 certificate = X509CertificateLoader.LoadCertificate(SignatureSamples.Get(key + ".crt"));
        using RSA? rsa = certificate.GetRSAPublicKey();
        using ECDsa? ecdsa = certificate.GetECDsaPublicKey();
        return rsa?.VerifyHash(digest, signature, new HashAlgorithmName("SHA" + bits), RSASignaturePadding.Pkcs1)
            ?? ecdsa!.VerifyHash(digest, signature, DSASignatureFormat.Rfc3279DerSequence);
    }

    /// <summary>
    /// A signature partition has room for an identifier of megabytes. To spell that out would take hours.
    /// </summary>
    [Fact]
    public void An_identifier_that_is_longer_than_any_is_not_spelled_out()
    {
        Assert.Equal("of 3000000 bytes", DistinguishedName.DescribeIdentifier(new byte[3_000_000]));
        Assert.Equal(32, DistinguishedName.DescribeIdentifier(new byte[32]).Split('.').Length - 1);
    }
}
