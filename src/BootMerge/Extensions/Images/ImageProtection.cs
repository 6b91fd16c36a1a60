namespace BootMerge.Extensions.Images;

/// <summary>How reads from an image are verified against its maker's hash, or why they are not.</summary>
internal sealed class ImageProtection
{
    /// <summary>In lower-case hexadecimal; null: nothing is verified.</summary>
    public string? RootHash { get; init; }

    /// <summary>
    /// The file in /etc/verity.d or its like that holds the signer's certificate, or "kernel"; or null.
    /// </summary>
    public string? SignedBy { get; init; }

    /// <summary>Why there is no trusted signature, or null.</summary>
    public string? Reason { get; init; }

    /// <summary>Whether the image's maker meant it to be protected better.</summary>
    public bool IsLess { get; init; }

    /// <summary>"verified, signature by vendor.crt"</summary>
    public string Describe() => (RootHash is null ? "unverified" : "verified")
        + (SignedBy is null ? "" : ", signature by " + (SignedBy == "kernel" ? "a key of the kernel's"
            : PathText.Printable(SignedBy)))
        + (Reason is null ? "" : ": " + Reason);
}
