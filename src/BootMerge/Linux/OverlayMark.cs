using System;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Linux;

/// <summary>
/// What overlayfs writes onto the directories of an upper layer, and reads in every layer
/// (Documentation/filesystems/overlayfs.rst).
/// </summary>
internal static class OverlayMark
{
    public const string Prefix = "trusted.overlay.";

    /// <summary>Hides what the layers below have inside the directory.</summary>
    public const string Opaque = Prefix + "opaque";

    /// <summary>Says where the layers below have the directory.</summary>
    public const string Redirect = Prefix + "redirect";

    /// <summary>
    /// The file handle of the lower file that a file was copied up from; nobody needs it from one merge to the next.
    /// </summary>
    public const string Origin = Prefix + "origin";

    /// <summary>
    /// On an empty file, whatever the value: it is a whiteout [6.7]. Written where no device can be made, as in a lower
    /// layer on an overlay.
    /// </summary>
    private const string Whiteout = Prefix + "whiteout";

    public static bool IsOne(string attribute) => attribute.StartsWith(Prefix, StringComparison.Ordinal);

    /// <param name="directory">Opened for reading.</param>
    public static bool IsOpaque(SafeFileHandle directory) => Sys.TryGetXattr(directory, Opaque) is [(byte)'y'];

    /// <summary>
    /// A name beside the directory, or a path from the overlay's root on; null when it was not moved, or the mark is
    /// empty.
    /// </summary>
    /// <param name="directory">Opened for reading.</param>
    public static string? RedirectOf(SafeFileHandle directory) =>
        Sys.TryGetXattr(directory, Redirect) is { Length: > 0 } target ? PathText.Decode(target) : null;

    /// <summary>As <see cref="Sys.TryStatusAt"/>, and knows both kinds of whiteouts.</summary>
    public static FileStatus? TryStatus(SafeFileHandle directory, string name)
    {
        FileStatus? status = Sys.TryStatusAt(directory, name);
        if (status is { IsRegular: true, Size: 0 })
            status.IsMarkedDeleted = Sys.TryGetXattrAt(directory, name, Whiteout) is not null;
        return status;
    }

    /// <summary>As <see cref="TryStatus"/>, of an open file.</summary>
    /// <param name="file">May be O_PATH.</param>
    public static FileStatus Status(SafeFileHandle file)
    {
        FileStatus status = Sys.Status(file);
        if (status is { IsRegular: true, Size: 0 })
            status.IsMarkedDeleted = Sys.TryGetXattrOf(file, Whiteout) is not null;
        return status;
    }

    /// <summary>Whether the layers below show as if neither were there.</summary>
    /// <param name="directory">Opened for reading.</param>
    public static bool HasNone(SafeFileHandle directory) => Sys.TryGetXattr(directory, Opaque) is null
        && Sys.TryGetXattr(directory, Redirect) is null;
}
