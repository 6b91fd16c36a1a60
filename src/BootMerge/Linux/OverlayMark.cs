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

    /// <summary>Hides what the layers below have in this directory.</summary>
    public const string Opaque = Prefix + "opaque";

    /// <summary>The directory's name or path in the layers below.</summary>
    public const string Redirect = Prefix + "redirect";

    /// <summary>
    /// The file handle of the lower file that this file was copied up from. Nothing needs it after the merge it was
    /// made in.
    /// </summary>
    public const string Origin = Prefix + "origin";

    /// <summary>
    /// On an empty file, whatever the value: the file is a whiteout [6.7]. It is used where no device node can be made,
    /// as in a lower layer that is on an overlay.
    /// </summary>
    private const string Whiteout = Prefix + "whiteout";

    public static bool IsOne(string attribute) => attribute.StartsWith(Prefix, StringComparison.Ordinal);

    /// <param name="directory">Opened for reading.</param>
    public static bool IsOpaque(SafeFileHandle directory) => Sys.TryGetXattr(directory, Opaque) is [(byte)'y'];

    /// <summary>
    /// A name beside the directory, or a path from the overlay's root; null if it was not moved, or the mark is empty.
    /// </summary>
    /// <param name="directory">Opened for reading.</param>
    public static string? RedirectOf(SafeFileHandle directory) =>
        Sys.TryGetXattr(directory, Redirect) is { Length: > 0 } target ? PathText.Decode(target) : null;

    /// <summary>Like <see cref="Sys.TryStatusAt"/>, but recognises both kinds of whiteout.</summary>
    public static FileStatus? TryStatus(SafeFileHandle directory, string name)
    {
        FileStatus? status = Sys.TryStatusAt(directory, name);
        if (status is { IsRegular: true, Size: 0 })
            status.IsMarkedDeleted = Sys.TryGetXattrAt(directory, name, Whiteout) is not null;
        return status;
    }

    /// <summary>Like <see cref="TryStatus"/>, for an open file.</summary>
    /// <param name="file">May be O_PATH.</param>
    public static FileStatus Status(SafeFileHandle file)
    {
        FileStatus status = Sys.Status(file);
        if (status is { IsRegular: true, Size: 0 })
            status.IsMarkedDeleted = Sys.TryGetXattrOf(file, Whiteout) is not null;
        return status;
    }

    /// <summary>
    /// Whether the directory has neither mark, so that the layers below show through in their own place.
    /// </summary>
    /// <param name="directory">Opened for reading.</param>
    public static bool HasNone(SafeFileHandle directory) => Sys.TryGetXattr(directory, Opaque) is null
        && Sys.TryGetXattr(directory, Redirect) is null;
}
