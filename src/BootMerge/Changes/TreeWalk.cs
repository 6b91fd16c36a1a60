using System;
using System.Collections.Generic;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>
/// Walks an upper layer beside the layers below, directory by directory, by descriptors, in order of the names. Follows no
/// symlink; of the tree only the directories on the way are kept.
/// </summary>
internal abstract class TreeWalk(ChangedTree tree)
{
    protected ChangedTree Tree { get; } = tree;

    public void Run()
    {
        // A walk before this one has read the tree's own descriptors to their end.
        using SafeFileHandle upper = Sys.Reopen(Tree.Upper, Sys.O_RDONLY | Sys.O_DIRECTORY);
        using SafeFileHandle below = Sys.Reopen(Tree.Below, Sys.O_RDONLY | Sys.O_DIRECTORY);
        Walk(upper, below, "", "", Tree.IsWhole);
    }

    /// <summary>Each entry, directories before what is in them.</summary>
    /// <returns>For directories: whether to go into it.</returns>
    protected abstract bool Enter(Entry entry);

    /// <summary>A directory that was gone into, after everything in it.</summary>
    protected virtual void Leave(Entry entry)
    {
    }

    /// <param name="isWhole">What only the layers below have is given, too: it was deleted.</param>
    private void Walk(SafeFileHandle upper, SafeFileHandle? below, string path, string belowPath, bool isWhole)
    {
        foreach (string name in Names(upper, isWhole ? below : null))
        {
            if (path.Length == 0 && name == Tree.Class.MarkerName && !IncludesMarker)
                continue;
            FileStatus? status = OverlayMark.TryStatus(upper, name);
            FileStatus? statusBelow = LayersBelow.TryStatus(below, name);
            if (status is { IsDirectory: true })
                WalkInto(upper, below, path, belowPath, name, status, statusBelow, isWhole);
            else if (status is not null || isWhole && statusBelow is not null)
                Enter(new Entry { Parent = path, Name = name, UpperDirectory = upper, BelowDirectory = below, BelowPath = belowPath, Upper = status, Below = statusBelow });
        }
    }

    /// <summary>A copy of a marker in the upper layer is an entry like any other.</summary>
    protected virtual bool IncludesMarker => false;

    private void WalkInto(SafeFileHandle upper, SafeFileHandle? below, string parent, string belowPath, string name, FileStatus status, FileStatus? statusBelow, bool isWhole)
    {
        using SafeFileHandle? directory = Sys.TryOpenChild(upper, name, Sys.O_RDONLY | Sys.O_DIRECTORY);
        if (directory is null)
            return; // gone or exchanged since
        bool isOpaque = !isWhole && OverlayMark.IsOpaque(directory);
        string? redirect = Tree.IsWhole ? null : OverlayMark.RedirectOf(directory);
        // In an opaque directory there is nothing for a name beside it to lead to.
        if (isWhole && redirect is not ['/', ..])
            redirect = null;
        // Moved away and back.
        if (redirect == name || !isWhole && redirect == belowPath + "/" + name)
            redirect = null;
        using SafeFileHandle? directoryBelow = OpenBelow(below, redirect ?? name);
        Entry entry = new()
        {
            Parent = parent,
            Name = name,
            UpperDirectory = upper,
            BelowDirectory = below,
            BelowPath = belowPath,
            Upper = status,
            Below = statusBelow,
            UpperHandle = directory,
            BelowHandle = directoryBelow,
            IsOpaque = isOpaque,
            Redirect = redirect,
        };
        if (!Enter(entry))
            return;
        // An opaque directory shows nothing of the one below: what it lacks was deleted.
        Walk(directory, directoryBelow, entry.Path, entry.Source, entry.IsOpaque || isWhole && redirect is null);
        Leave(entry);
    }

    private SafeFileHandle? OpenBelow(SafeFileHandle? below, string target)
    {
        SafeFileHandle? start = target[0] == '/' ? Tree.Below : below;
        if (start is null)
            return null;
        SafeFileHandle? directory = Sys.TryOpenAt(start, target.TrimStart('/'), Sys.O_RDONLY | Sys.O_DIRECTORY | Sys.O_NOFOLLOW, Sys.RESOLVE_BENEATH | Sys.RESOLVE_NO_SYMLINKS, out int errno);
        // What cannot be read must not pass for absent: a whiteout over it would seem to hide nothing.
        if (directory is null && errno is not (Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP))
            throw new KernelException("openat2", target, errno);
        return directory;
    }

    internal static List<string> Names(SafeFileHandle upper, SafeFileHandle? below)
    {
        List<string> names = [];
        foreach (DirectoryEntry entry in Sys.ReadDirectory(upper))
            names.Add(entry.Name);
        if (below is not null)
            foreach (DirectoryEntry entry in Sys.ReadDirectory(below))
                names.Add(entry.Name);
        names.Sort(string.CompareOrdinal);
        for (int i = names.Count - 1; i > 0 && below is not null; i--)
            if (names[i] == names[i - 1])
                names.RemoveAt(i);
        return names;
    }
}
