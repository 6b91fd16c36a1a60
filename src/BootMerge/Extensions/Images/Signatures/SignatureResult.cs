namespace BootMerge.Extensions.Images;

/// <summary>Who has signed a root hash, or why nobody is known to have.</summary>
internal sealed class SignatureResult(string? certificate, string? reason)
{
    /// <summary>
    /// The file name of the certificate that verified it, "vendor.crt"; null when it was not verified.
    /// </summary>
    public string? Certificate { get; } = certificate;

    /// <summary>
    /// Without a subject, to come after "its signature is not recognized: "; null when it was verified.
    /// </summary>
    public string? Reason { get; } = reason;
}
