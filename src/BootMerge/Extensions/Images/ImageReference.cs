namespace BootMerge.Extensions.Images;

/// <summary>
/// What a plan knows of an opened disk image. Each has one of its own: the same file may be opened for both classes,
/// under policies that differ.
/// </summary>
/// <param name="path">Inside the root.</param>
internal sealed class ImageReference(string path, ImageProtection protection)
{
    public string Path { get; } = path;

    public ImageProtection Protection { get; } = protection;
}
