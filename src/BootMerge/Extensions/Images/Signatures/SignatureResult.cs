namespace BootMerge.Extensions.Images;

/// <summary>Who signed a root hash, or why no signer is known.</summary>
internal sealed class SignatureResult(string? certificate, string? reason)
{
    /// <summary>The file name of the certificate that verified it, "vendor.crt"; null if it was not verified.</summary>
    public string? Certificate { get; } = certificate;

    /// <summary>Without a subject, to follow "its signature is not recognized: "; null if it was verified.</summary>
    public string? Reason { get; } = reason;
}
