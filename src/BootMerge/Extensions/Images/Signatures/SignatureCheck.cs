using System;
using System.Collections.Generic;
using BootMerge.Configuration;
using BootMerge.Linux;

namespace BootMerge.Extensions.Images;

/// <summary>
/// Whether a root hash was signed by the owner of a certificate in verity.d of the root, where systemd looks as well.
/// The signer's own certificate must be there: there are no chains, and dates do not count. The kernel checks the
/// signature; only what is signed, and by whom, is read here.
/// </summary>
/// <param name="root">The tree operated on.</param>
/// <param name="isAllowed">false: the kernel option systemd.allow_userspace_verity=0 forbids it.</param>
internal sealed class SignatureCheck(Root root, bool isAllowed)
{
    private const string Directory = "verity.d";
    private const string Suffix = ".crt";

    // As ConfigurationReader searches them. Not a constant, which each text with it would have a copy of.
    private static string Places => " in /etc/verity.d, /run/verity.d, /usr/local/lib/verity.d, /usr/lib/verity.d (*"
        + Suffix + ")";

    // Read when the first signature is checked.
    private List<SourceFile>? _files;

    // What is wrong with files that cannot be used.
    private readonly List<string> _problems = [];

    /// <summary>Who would be needed, "issuer CN=Acme, serial 1f"; null when the signature does not say.</summary>
    /// <param name="signature">PKCS#7, DER.</param>
    public static string? SignerOf(ReadOnlySpan<byte> signature) =>
        SignedData.TryRead(signature, out SignedData data) && data.TryTakeSigner(out Signer signer)
            && !signer.Issuer.IsEmpty ? signer.Name : null;

    /// <param name="signature">PKCS#7, DER.</param>
    /// <param name="signed">The root hash in lower-case hexadecimal, ASCII.</param>
    public SignatureResult Check(ReadOnlySpan<byte> signature, ReadOnlySpan<byte> signed)
    {
        string? names = null;
        if (!isAllowed)
            return Failed("the kernel option systemd.allow_userspace_verity=0 forbids a check against certificates");
        if (!SignedData.TryRead(signature, out SignedData data))
            return Failed("it is not a detached PKCS#7 signature");
        // Each of them must hold, so the first that does not is the answer.
        while (data.HasSigner)
        {
            if (!data.TryTakeSigner(out Signer signer))
                return Failed("it is not a detached PKCS#7 signature");
            string? name = FindOwner(signer, signed, out string reason);
            if (name is null)
                return Failed(reason);
            names = names is null ? name : names + ", " + name;
        }

        return new SignatureResult(names, null);
    }

    private static SignatureResult Failed(string reason) => new(null, reason);

    /// <returns>The file name of the signer's certificate; null when the signature is not known to be good.</returns>
    private string? FindOwner(in Signer signer, ReadOnlySpan<byte> signed, out string reason)
    {
        if (signer.Issuer.IsEmpty)
        {
            reason = "it names its signer by a key identifier, not by issuer and serial number";
            return null;
        }

        if (!signer.IsSupported(out int bits, out bool isEcdsa, out ReadOnlySpan<byte> unsupported))
        {
            reason = "its algorithm " + DistinguishedName.DescribeIdentifier(unsupported) + " is not supported";
            return null;
        }

        _files ??= ReadFiles(Suffix);
        reason = "there is no certificate" + Places + "; the signer's has " + signer.Name;
        bool isOwnerKnown = false;
        foreach (SourceFile file in _files)
        {
            if (Certificate.FirstOf(file.Content) is not byte[] der
                || !Certificate.TryRead(der, out Certificate certificate))
                continue;
            if (!certificate.IsOf(signer))
            {
                if (!isOwnerKnown)
                    reason = "no certificate" + Places + " is the signer's (" + signer.Name + ")";
                continue;
            }

            isOwnerKnown = true;
            string name = PathName.Last(file.Path);
            string? problem = signer.TryDigest(signed, bits) is byte[] digest
                ? KernelSays(der, name, isEcdsa, bits, digest, signer.Signature)
                : "it is for another root hash";
            if (problem is null)
                return name;
            reason = problem;
        }

        if (!isOwnerKnown)
            reason += Hint();
        return null;
    }

    /// <returns>null when the signature is good.</returns>
    private static string? KernelSays(byte[] certificate, string name, bool isEcdsa, int bits,
        ReadOnlySpan<byte> digest, ReadOnlySpan<byte> signature)
    {
        int key = Sys.AddKey("asymmetric", "bootmerge:" + name, certificate);
        bool isKnown = key >= 0;
        int errno = -key;
        if (isKnown)
        {
            errno = -Sys.VerifySignature(key, (isEcdsa ? "enc=x962 hash=sha" : "enc=pkcs1 hash=sha") + bits.ToString(),
                digest, signature);
            Sys.RemoveKey(key);
        }

        if (errno == 0)
            return null;
        if (errno is Errno.ENOENT or Errno.ENOPKG)
            return "this kernel cannot check it: it " + (isEcdsa
                ? "has no ECDSA (CONFIG_CRYPTO_ECDSA, module ecdsa_generic)"
                : "lacks an algorithm of " + name + " or RSA with SHA-" + bits.ToString() + " (CONFIG_CRYPTO_RSA)");
        if (errno is Errno.ENODEV or Errno.ENOSYS or Errno.EOPNOTSUPP)
            return "this kernel cannot check it: it has no asymmetric keys (CONFIG_ASYMMETRIC_KEY_TYPE)";
        if (!isKnown)
            return "the kernel does not accept the certificate " + name + ": " + Errno.Describe(errno);
        return errno is Errno.EKEYREJECTED or Errno.EBADMSG or Errno.EINVAL
            ? "the owner of " + name + " has not signed this root hash"
            : "the kernel cannot check it against " + name + ": " + Errno.Describe(errno);
    }

    /// <summary>Why a certificate that somebody put there may not be among those that were read; empty.</summary>
    private string Hint()
    {
        if (_problems.Count > 0)
            return "; " + _problems[0];
        List<SourceFile> misnamed = ReadFiles(".pem");
        if (misnamed.Count == 0)
            misnamed = ReadFiles(".cer");
        return misnamed.Count == 0 ? "" : "; " + misnamed[0].Path + " is ignored: its name must end in " + Suffix;
    }

    private List<SourceFile> ReadFiles(string suffix) =>
        ConfigurationReader.ReadDropIns(root, Directory, suffix, _problems);
}
