namespace BootMerge.Extensions.Images;

/// <summary>What a plan knows of a disk image.</summary>
/// <param name="number">Of this opened image, one number for each: the same file may be opened for both classes, under
/// policies that differ.</param>
/// <param name="path">Inside the root.</param>
internal sealed class ImageReference(int number, string path, ImageProtection protection)
{
    public int Number { get; } = number;

    public string Path { get; } = path;

    public ImageProtection Protection { get; } = protection;
}
