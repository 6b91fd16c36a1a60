using System;
using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using BootMerge.Extensions.Images;
using BootMerge.Linux;
using BootMerge.Tests.Linux;
using Xunit;

namespace BootMerge.Tests.Extensions.Images.Signatures;

/// <summary>
/// The kernel checks the signatures: these tests need a kernel that supports keys, and no filter that blocks its system
/// calls for them.
/// </summary>
public sealed class SignatureCheckTests : IDisposable
{
    private const string NotAmong = "the signer's certificate (issuer CN=Acme RSA, serial c0ffee01) is not in "
        + "/etc/verity.d, /run/verity.d, /usr/local/lib/verity.d, /usr/lib/verity.d (*.crt)";

    private const string NoneThere = NotAmong + ", where there is none";

    private const string EcdsaIsMissing =
        "this kernel lacks ECDSA (CONFIG_CRYPTO_ECDSA, module ecdsa_generic)";

    private static readonly Asn1Tag Tagged0 = new(TagClass.ContextSpecific, 0, isConstructed: true);

    private readonly SampleRoot _root = new();

    public void Dispose() => _root.Dispose();

    [Theory]
    [InlineData("rsa2048")]
    [InlineData("rsa4096")]
    public void The_owner_of_a_certificate_is_recognised_by_RSA(string key)
    {
        Add(key);
        foreach (int bits in new[] { 256, 384, 512 })
            foreach (string attributes in new[] { "", "-attributes" })
            {
                string signature = key + "-sha" + bits + attributes;
                Assert.Equal(key + ".crt", Check(signature));
                Assert.Equal("the owner of " + key + ".crt has not signed this root hash",
                    Check(signature, "00" + SignatureSamples.RootHash[2..]));
            }
    }

    [Theory]
    [InlineData("ec256")]
    [InlineData("ec384")]
    public void The_owner_of_a_certificate_is_recognised_by_ECDSA_where_the_kernel_has_it(string key)
    {
        Add(key);
        bool isMissing = Check(key + "-sha256") == EcdsaIsMissing;
        foreach (int bits in new[] { 256, 384, 512 })
            foreach (string attributes in new[] { "", "-attributes" })
            {
                string signature = key + "-sha" + bits + attributes;
                Assert.Equal(isMissing ? EcdsaIsMissing : key + ".crt", Check(signature));
                // If there are attributes, they name another root hash, and the kernel is not asked.
                Assert.Equal(isMissing && attributes.Length == 0
                    ? EcdsaIsMissing : "the owner of " + key + ".crt has not signed this root hash",
                    Check(signature, "00" + SignatureSamples.RootHash[2..]));
            }
    }

    [Fact]
    public void A_signature_with_one_bit_changed_is_not_good()
    {
        Add("rsa2048");
        byte[] signature = SignatureSamples.Get("rsa2048-sha256");
        signature[^1] ^= 1;
        Assert.Equal("the owner of rsa2048.crt has not signed this root hash",
            Check(signature, SignatureSamples.RootHash));
    }

    [Theory]
    [InlineData("rsa4096")] // another key, whose signatures are longer
    [InlineData("stranger")]
    [InlineData("ec256")]
    public void A_certificate_that_claims_to_be_the_signers_does_not_help(string other)
    {
        // Anybody can copy an issuer and serial number: here the signature names the other certificate's.
        byte[] signature = WithName(SignatureSamples.Get("rsa2048-sha256"), other);
        Add(other);
        string reason = Check(signature, SignatureSamples.RootHash);
        Assert.True(reason == "the owner of " + other + ".crt has not signed this root hash" || other == "ec256"
            && reason == "this kernel lacks RSA (CONFIG_CRYPTO_RSA), or what ec256.crt is signed by", reason);
    }

    [Fact]
    public void The_certificate_of_an_authority_does_not_help_and_dates_do_not_count()
    {
        Add("rsa2048");
        Assert.Equal(NotAmong.Replace("c0ffee01", "77", StringComparison.Ordinal), Check("leaf"));
        Add("leaf");
        Assert.Equal("leaf.crt", Check("leaf"));
    }

    [Fact]
    public void Certificates_in_the_signature_do_not_count()
    {
        Assert.Equal(NoneThere, Check("with-certificate"));
        Add("rsa2048");
        Assert.Equal("rsa2048.crt", Check("with-certificate"));
    }

    [Fact]
    public void Each_of_several_signers_must_be_known()
    {
        Add("rsa2048");
        Assert.StartsWith("the signer's certificate (issuer CN=Acme RSA, ", Check("two"), StringComparison.Ordinal);
        _root.Remove("etc/verity.d/rsa2048.crt");
        Add("leaf");
        Assert.StartsWith("the signer's certificate (issuer CN=Acme RSA, ", Check("two"), StringComparison.Ordinal);
        Add("rsa2048");
        Assert.Contains(Check("two"), new[] { "leaf.crt, rsa2048.crt", "rsa2048.crt, leaf.crt" });
    }

    [Fact]
    public void A_certificate_may_be_in_four_places_of_which_the_strongest_counts()
    {
        Assert.Equal(NoneThere, Check("rsa2048-sha256"));
        foreach (string place in new[] { "usr/lib", "usr/local/lib", "run", "etc" })
        {
            _root.Write(place + "/verity.d/vendor.crt", SignatureSamples.Pem("rsa2048"));
            Assert.Equal("vendor.crt", Check("rsa2048-sha256"));
            _root.Write(place + "/verity.d/vendor.crt", SignatureSamples.Pem("stranger"));
            Assert.Equal(NotAmong, Check("rsa2048-sha256"));
        }
    }

    [Fact]
    public void An_empty_file_and_a_link_to_nothing_mask_a_certificate()
    {
        _root.Write("usr/lib/verity.d/vendor.crt", SignatureSamples.Pem("rsa2048"));
        _root.Write("run/verity.d/vendor.crt", "");
        Assert.Equal(NoneThere, Check("rsa2048-sha256"));
        _root.Remove("run/verity.d/vendor.crt");
        _root.Link("etc/verity.d/vendor.crt", "/dev/null");
        Assert.Equal(NoneThere, Check("rsa2048-sha256"));
        _root.Remove("etc/verity.d/vendor.crt");
        Assert.Equal("vendor.crt", Check("rsa2048-sha256"));
    }

    [Fact]
    public void A_certificate_that_is_not_text_is_passed_over_and_told_if_no_other_helps()
    {
        _root.WriteBytes("etc/verity.d/a.crt", SignatureSamples.Get("rsa2048.crt")); // DER
        _root.Write("etc/verity.d/b.crt", "no certificate\n");
        Assert.Equal(NoneThere + "; " + _root.Outside("etc/verity.d/a.crt")
            + " contains a NUL byte: it is not a text file, ignored", Check("rsa2048-sha256"));
        Add("rsa2048");
        Assert.Equal("rsa2048.crt", Check("rsa2048-sha256"));
    }

    [Fact]
    public void A_certificate_that_cannot_be_read_is_passed_over_and_told_if_no_other_helps()
    {
        _root.MakeDirectory("etc/verity.d/a.crt");
        Assert.Equal(NoneThere + "; " + _root.Outside("etc/verity.d/a.crt") + " is not a regular file, ignored",
            Check("rsa2048-sha256"));
        _root.Link("run/verity.d", "verity.d"); // a loop
        Assert.StartsWith(NoneThere, Check("rsa2048-sha256"), StringComparison.Ordinal);
        Add("rsa2048");
        Assert.Equal("rsa2048.crt", Check("rsa2048-sha256"));
    }

    [Theory]
    [InlineData("pem")]
    [InlineData("cer")]
    public void A_file_that_is_named_otherwise_is_ignored_and_told(string suffix)
    {
        _root.Write("etc/verity.d/vendor." + suffix, SignatureSamples.Pem("rsa2048"));
        string hint = "; " + _root.Outside("etc/verity.d/vendor." + suffix)
            + " is ignored: its name must end in .crt";
        Assert.Equal(NoneThere + hint, Check("rsa2048-sha256"));
        Add("stranger");
        Assert.Equal(NotAmong + hint, Check("rsa2048-sha256"));
    }

    [Theory]
    [InlineData("key-identifier", "it names its signer by a key identifier, not by issuer and serial number")]
    [InlineData("pss", "its algorithm 1.2.840.113549.1.1.10 is not supported")]
    [InlineData("sha1", "its algorithm 1.3.14.3.2.26 is not supported")]
    [InlineData("attached", "it is not a detached PKCS#7 signature")]
    [InlineData("rsa2048.crt", "it is not a detached PKCS#7 signature")]
    public void What_is_not_recognised_has_a_reason(string sample, string reason)
    {
        Assert.Equal(reason, Check(sample));
        Add("rsa2048");
        Assert.Equal(reason, Check(sample));
    }

    [Fact]
    public void A_certificate_that_the_kernel_refuses_is_named()
    {
        // Its dates become a set instead of a sequence.
        byte[] certificate = SignatureSamples.Get("rsa2048.crt");
        int at = certificate.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x30, 0x1E, 0x17, 0x0D]);
        certificate[at]++;
        _root.Write("etc/verity.d/odd.crt", "-----BEGIN CERTIFICATE-----\n" + Convert.ToBase64String(certificate)
            + "\n-----END CERTIFICATE-----\n");
        Assert.Equal("the kernel cannot use odd.crt: Bad message (EBADMSG)",
            Check("rsa2048-sha256"));
    }

    [Fact]
    public void A_kernel_option_switches_it_off()
    {
        Add("rsa2048");
        SignatureResult result = new SignatureCheck(SignerCertificates.Read(_root.Root), isAllowed: false)
            .Check(SignatureSamples.Get("rsa2048-sha256"), Encoding.ASCII.GetBytes(SignatureSamples.RootHash));
        Assert.Null(result.Certificate);
        Assert.Equal("systemd.allow_userspace_verity=0 on the kernel command line forbids it",
            result.Reason);
    }

    [Fact]
    public void Certificates_are_read_once()
    {
        Add("rsa2048");
        SignatureCheck check = new(SignerCertificates.Read(_root.Root), isAllowed: true);
        Assert.Equal("rsa2048.crt", Text(check, "rsa2048-sha256"));
        _root.Remove("etc/verity.d/rsa2048.crt");
        Assert.Equal("rsa2048.crt", Text(check, "rsa2048-sha512"));
    }

    [Fact]
    public void No_key_is_left_behind()
    {
        string name = "left-" + Guid.NewGuid().ToString("N");
        _root.Write("etc/verity.d/" + name + ".crt", SignatureSamples.Pem("rsa2048"));
        Assert.Equal(name + ".crt", Check("rsa2048-sha256"));
        Assert.NotEqual(name + ".crt", Check("rsa2048-sha256", "00" + SignatureSamples.RootHash[2..]));
        KeyTests.WaitUntilGone("bootmerge:" + name);
    }

    /// <summary>The same signature, naming another certificate as its signer's.</summary>
    private static byte[] WithName(byte[] signature, string other)
    {
        AsnReader body = new AsnReader(signature, AsnEncodingRules.DER).ReadSequence();
        ReadOnlyMemory<byte> type = body.ReadEncodedValue();
        body = body.ReadSequence(Tagged0).ReadSequence();
        AsnWriter writer = new(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteEncodedValue(type.Span);
            using (writer.PushSequence(Tagged0))
            using (writer.PushSequence())
            {
                for (int i = 0; i < 3; i++)
                    writer.WriteEncodedValue(body.ReadEncodedValue().Span);
                AsnReader signer = body.ReadSetOf().ReadSequence();
                using (writer.PushSetOf())
                using (writer.PushSequence())
                {
                    writer.WriteEncodedValue(signer.ReadEncodedValue().Span);
                    signer.ReadSequence();
                    using X509Certificate2 certificate = X509CertificateLoader.LoadCertificate(
                        SignatureSamples.Get(other + ".crt"));
                    using (writer.PushSequence())
                    {
                        writer.WriteEncodedValue(certificate.IssuerName.RawData);
                        writer.WriteInteger(certificate.SerialNumberBytes.Span);
                    }

                    while (signer.HasData)
                        writer.WriteEncodedValue(signer.ReadEncodedValue().Span);
                }
            }
        }

        return writer.Encode();
    }

    private void Add(string key) => _root.Write("etc/verity.d/" + key + ".crt", SignatureSamples.Pem(key));

    private string Check(string signature, string rootHash = SignatureSamples.RootHash) =>
        Check(SignatureSamples.Get(signature), rootHash);

    private string Check(byte[] signature, string rootHash) =>
        Text(new SignatureCheck(SignerCertificates.Read(_root.Root), isAllowed: true), signature, rootHash);

    private static string Text(SignatureCheck check, string signature) =>
        Text(check, SignatureSamples.Get(signature), SignatureSamples.RootHash);

    private static string Text(SignatureCheck check, byte[] signature, string rootHash)
    {
        SignatureResult result = check.Check(signature, Encoding.ASCII.GetBytes(rootHash));
        Assert.True(result.Certificate is null != result.Reason is null);
        return result.Certificate ?? result.Reason!;
    }
}
