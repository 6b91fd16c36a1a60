using System;
using System.Runtime.CompilerServices;

namespace BootMerge.Linux;

// Keys in the kernel: keyrings(7), add_key(2), keyctl(2).
internal static unsafe partial class Sys
{
    private const int KEY_SPEC_PROCESS_KEYRING = -2;
    private const int KEYCTL_UNLINK = 9;
    private const int KEYCTL_PKEY_VERIFY = 28;

    // No C library has functions for these two, and their numbers differ by architecture.
    internal static long AddKeyNumber(bool arm64) => arm64 ? 217 : 248;

    internal static long KeyctlNumber(bool arm64) => arm64 ? 219 : 250;

    /// <summary>
    /// Adds a key to this process's keyring. The key is gone when the process ends, programs started by it do not
    /// inherit it, and it is never in a user's keyring.
    /// </summary>
    /// <param name="type">"asymmetric": the payload is a certificate in DER; "user": anything.</param>
    /// <returns>Its number, or the negative error number.</returns>
    public static int AddKey(string type, string description, ReadOnlySpan<byte> payload)
    {
        fixed (byte* typeAt = PathText.Terminated(type))
        fixed (byte* descriptionAt = PathText.Terminated(description))
        fixed (byte* at = payload)
            return CallOnKeys(AddKeyNumber(IsArm64), (nint)typeAt, (nint)descriptionAt, (nint)at, payload.Length,
                KEY_SPEC_PROCESS_KEYRING);
    }

    /// <summary>The kernel forgets a key of this process as soon as nobody uses it any more.</summary>
    public static void RemoveKey(int key) =>
        CallOnKeys(KeyctlNumber(IsArm64), KEYCTL_UNLINK, key, KEY_SPEC_PROCESS_KEYRING, 0, 0);

    /// <param name="key">The certificate's.</param>
    /// <param name="scheme">"enc=pkcs1 hash=sha256" for RSA, "enc=x962 hash=sha256" for ECDSA.</param>
    /// <param name="digest">Of what was signed.</param>
    /// <returns>0 if it is the owner's signature, otherwise the negative error number.</returns>
    public static int VerifySignature(int key, string scheme, ReadOnlySpan<byte> digest, ReadOnlySpan<byte> signature)
    {
        LibC.KeyOperation operation = new()
        {
            Key = key,
            InputLength = (uint)digest.Length,
            OtherLength = (uint)signature.Length,
        };
        fixed (byte* schemeAt = PathText.Terminated(scheme))
        fixed (byte* digestAt = digest)
        fixed (byte* signatureAt = signature)
            return CallOnKeys(KeyctlNumber(IsArm64), KEYCTL_PKEY_VERIFY, (nint)(&operation), (nint)schemeAt,
                (nint)digestAt, (nint)signatureAt);
    }

    [MethodImpl(MethodImplOptions.NoInlining)] // what is around each system call counts once
    private static int CallOnKeys(long number, nint first, nint second, nint third, nint fourth, nint fifth)
    {
        long result = LibC.syscall(number, first, second, third, fourth, fifth);
        int errno = LastErrno;
        return result >= 0 ? (int)result : -errno;
    }
}
