namespace BootMerge.Extensions.Images;

/// <summary>How what is read of an image was checked against its maker's hash, or why it is not.</summary>
internal sealed class ImageProtection
{
    /// <summary>In lower-case hexadecimal; null: nothing is checked.</summary>
    public string? RootHash { get; init; }

    /// <summary>The file of /etc/verity.d or its like whose certificate the signer has, or "kernel"; or null.</summary>
    public string? SignedBy { get; init; }

    /// <summary>Why there is less than a signature that somebody trusts, or null.</summary>
    public string? Reason { get; init; }

    /// <summary>The image's maker meant it to be protected better.</summary>
    public bool IsLess { get; init; }

    /// <summary>"verified, signature by vendor.crt"</summary>
    public string Describe() => (RootHash is null ? "unverified" : "verified")
        + (SignedBy is null ? "" : ", signature by " + (SignedBy == "kernel" ? "a key of the kernel's"
            : PathText.Printable(SignedBy)))
        + (Reason is null ? "" : ": " + Reason);
}
