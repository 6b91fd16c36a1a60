using System;
using System.Collections.Generic;
using BootMerge.Linux;
using BootMerge.Mounting;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>
/// A hierarchy in two parts: the upper layer, which holds what the machine has changed, and everything below it as one
/// merged directory. Both are mounts of their own that nobody else sees: what is mounted upon them does not show.
/// </summary>
internal sealed class ChangedTree : IDisposable
{
    public required ExtensionClass Class { get; init; }

    /// <summary>As configured: "/etc".</summary>
    public required string Hierarchy { get; init; }

    /// <summary>Where it is, or would be, merged: resolved, inside the root.</summary>
    public required string Target { get; init; }

    /// <summary>Of the upper layer, inside the root; of a writable merge in memory the hierarchy itself.</summary>
    public required string UpperPath { get; init; }

    /// <summary>Opened for reading; empty where <see cref="HasUpper"/> says that there is none.</summary>
    public required SafeFileHandle Upper { get; init; }

    public required bool HasUpper { get; init; }

    /// <summary>Opened for reading.</summary>
    public required SafeFileHandle Below { get; init; }

    /// <summary>
    /// The layers that <see cref="Below"/> is made of, topmost first; above them, where <see cref="IsWhole"/>, the one
    /// of the machine's that is imported.
    /// </summary>
    public required List<NamedLayer> Layers { get; init; }

    /// <summary>
    /// The upper layer cannot be reached, as it is in memory: <see cref="Upper"/> is the merge itself, and what it
    /// lacks was deleted.
    /// </summary>
    public required bool IsWhole { get; init; }

    /// <summary>The merge as it is seen, opened for reading; null when nothing is merged.</summary>
    public required SafeFileHandle? Merged { get; init; }

    /// <summary>
    /// All layers as one directory, opened for reading, by which paths are followed; null when no path was typed.
    /// </summary>
    public required SafeFileHandle? Seen { get; init; }

    /// <summary>
    /// Paths inside the hierarchy on which something is mounted, in it or where the upper layer lies. The kernel would
    /// take such mounts away with the path.
    /// </summary>
    public required List<string> MountedUpon { get; init; }

    /// <summary>It is the upper layer of a merge that is mounted.</summary>
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
