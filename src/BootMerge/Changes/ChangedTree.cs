using System;
using System.Collections.Generic;
using BootMerge.Linux;
using BootMerge.Mounting;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>
/// A hierarchy in two parts: the upper layer with the machine's changes, and everything below it as one merged
/// directory. Both are separate mounts that nobody else sees, so they do not show what is mounted on the hierarchy.
/// </summary>
internal sealed class ChangedTree : IDisposable
{
    public required ExtensionClass Class { get; init; }

    /// <summary>As configured: "/etc".</summary>
    public required string Hierarchy { get; init; }

    /// <summary>Where it is, or would be, merged: resolved, inside the root.</summary>
    public required string Target { get; init; }

    /// <summary>
    /// Path of the upper layer inside the root; for a writable merge in memory, the hierarchy itself.
    /// </summary>
    public required string UpperPath { get; init; }

    /// <summary>Opened for reading; empty if <see cref="HasUpper"/> is false.</summary>
    public required SafeFileHandle Upper { get; init; }

    public required bool HasUpper { get; init; }

    /// <summary>Opened for reading.</summary>
    public required SafeFileHandle Below { get; init; }

    /// <summary>
    /// The layers that <see cref="Below"/> is made of, topmost first. If <see cref="IsWhole"/>, the machine's imported
    /// layer comes before them.
    /// </summary>
    public required List<NamedLayer> Layers { get; init; }

    /// <summary>
    /// The upper layer is in memory and cannot be reached: <see cref="Upper"/> is the merge itself, and what it lacks
    /// was deleted.
    /// </summary>
    public required bool IsWhole { get; init; }

    /// <summary>The merge as it is seen, opened for reading; null if nothing is merged.</summary>
    public required SafeFileHandle? Merged { get; init; }

    /// <summary>
    /// All layers as one directory, opened for reading, in which paths are followed; null if no path was typed.
    /// </summary>
    public required SafeFileHandle? Seen { get; init; }

    /// <summary>
    /// Paths inside the hierarchy that are mount points, in the hierarchy or in the upper layer. If such a path were
    /// removed, the kernel would detach the mount.
    /// </summary>
    public required List<string> MountedUpon { get; init; }

    /// <summary>Whether this is the upper layer of a mounted merge.</summary>
    public bool IsMerged => Merged is not null;

    /// <summary>An upper layer must not change while a merge uses it, and a merge must not be treated as one.</summary>
    public void CheckNotMerged()
    {
        if (IsMerged)
            throw new InputException(PathText.Printable(Hierarchy)
                + " is merged, and its upper layer must not change under the merge: unmerge it first, or prune in the "
                + "initramfs, before the merge");
        if (Sys.IsOnOverlay(Upper))
            throw new InputException(PathText.Printable(UpperPath)
                + " is on an overlay that this program has not mounted: its upper layer is unknown");
    }

    public void Dispose()
    {
        Upper.Dispose();
        Below.Dispose();
        Merged?.Dispose();
        Seen?.Dispose();
        foreach (NamedLayer layer in Layers)
            layer.Directory.Dispose();
    }
}
