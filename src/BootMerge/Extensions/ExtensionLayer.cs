using BootMerge.Extensions.Images;

namespace BootMerge.Extensions;

/// <summary>What an extension brings for one hierarchy.</summary>
/// <param name="path">Of its directory, inside the root or the image.</param>
/// <param name="image">Opened; null: a directory of the root.</param>
internal sealed class ExtensionLayer(string hierarchy, string path, DiskImage? image = null)
{
    public string Hierarchy { get; } = hierarchy;

    public string Path { get; } = path;

    public DiskImage? Image { get; } = image;

    /// <summary>The mount that it is on, as in <see cref="Linux.FileStatus.UniqueMountId"/>.</summary>
    public ulong MountId { get; init; }
}
