using System;
using BootMerge.Configuration;
using BootMerge.Linux;

namespace BootMerge.Extensions.Images;

/// <summary>
/// Whether a root hash was signed by the owner of a certificate in the root's verity.d, where systemd looks too. The
/// signer's own certificate must be there: chains are not followed, and dates are ignored. The kernel checks the
/// signature; this only reads what was signed, and by whom.
/// </summary>
/// <param name="isAllowed">false: the kernel option systemd.allow_userspace_verity=0 forbids it.</param>
internal sealed class SignatureCheck(SignerCertificates certificates, bool isAllowed)
{
    /// <summary>
    /// The signer whose certificate is needed, "issuer CN=Acme, serial 1f"; null if the signature does not say.
    /// </summary>
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
            return Failed("systemd.allow_userspace_verity=0 on the kernel command line forbids it");
        if (!SignedData.TryRead(signature, out SignedData data))
            return Failed("it is not a detached PKCS#7 signature");
        // All of them must be good, so the first that is not decides.
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

    /// <param name="reason">Why there is no answer, or why the kernel does not call it good.</param>
    /// <returns>The file name of the signer's certificate; null if the signature is not known to be good.</returns>
    private string? FindOwner(Signer signer, ReadOnlySpan<byte> signed, out string reason)
    {
        reason = "it names its signer by a key identifier, not by issuer and serial number";
        if (signer.Issuer.IsEmpty)
            return null;
        if (!signer.IsSupported(out int bits, out bool isEcdsa, out ReadOnlySpan<byte> unsupported))
        {
            reason = "its algorithm " + DistinguishedName.DescribeIdentifier(unsupported) + " is not supported";
            return null;
        }

        reason = "";
        bool isAnyThere = false;
        foreach (SourceFile file in certificates.Files)
        {
            if (Certificate.FirstOf(file.Content) is not byte[] der
                || !Certificate.TryRead(der, out Certificate certificate))
                continue;
            isAnyThere = true;
            if (!certificate.IsOf(signer))
                continue;
            string name = PathName.Last(file.Path);
            reason = KernelSays(der, name, isEcdsa, bits, signer.TryDigest(signed, bits), signer.Signature);
            if (reason.Length == 0)
                return name;
        }

        if (reason.Length == 0)
            // The order in which ConfigurationReader searches them.
            reason = "the signer's certificate (" + signer.Name
                + ") is not in /etc/verity.d, /run/verity.d, /usr/local/lib/verity.d, /usr/lib/verity.d (*"
                + SignerCertificates.Suffix + ")" + (isAnyThere ? "" : ", where there is none") + certificates.Hint;
        return null;
    }

    /// <param name="digest">null: something else was signed.</param>
    /// <returns>Empty if the signature is good.</returns>
    private static string KernelSays(byte[] certificate, string name, bool isEcdsa, int bits, byte[]? digest,
        ReadOnlySpan<byte> signature)
    {
        // Only the kernel's answer about the signature can make it good, whatever its other answers are.
        bool isGood = false;
        int result = digest is null ? -Errno.EKEYREJECTED : Sys.AddKey("asymmetric", "bootmerge:" + name, certificate);
        if (result > 0)
        {
            int key = result;
            result = Sys.VerifySignature(key, (isEcdsa ? "enc=x962 hash=sha" : "enc=pkcs1 hash=sha") + bits.ToString(),
                digest, signature);
            isGood = result == 0;
            Sys.RemoveKey(key);
            // The ways in which it is not a valid signature do not matter.
            if (result is -Errno.EBADMSG or -Errno.EINVAL)
                result = -Errno.EKEYREJECTED;
        }

        if (isGood)
            return "";
        return result switch
        {
            -Errno.EKEYREJECTED => "the owner of " + name + " has not signed this root hash",
            -Errno.ENOENT or -Errno.ENOPKG => "this kernel lacks " + (isEcdsa
                ? "ECDSA (CONFIG_CRYPTO_ECDSA, module ecdsa_generic)"
                : "RSA (CONFIG_CRYPTO_RSA), or what " + name + " is signed by"),
            -Errno.ENODEV or -Errno.ENOSYS or -Errno.EOPNOTSUPP =>
                "this kernel lacks asymmetric keys (CONFIG_ASYMMETRIC_KEY_TYPE)",
            _ => "the kernel cannot use " + name + ": " + Errno.Describe(-result),
        };
    }
}
