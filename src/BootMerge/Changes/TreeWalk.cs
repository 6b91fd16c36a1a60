using System;
using System.Collections.Generic;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>
/// Walks an upper layer beside the layers below, directory by directory, through descriptors, sorted by name. Follows
/// no symlink. It keeps only the directories on the way, not the tree.
/// </summary>
internal abstract class TreeWalk(ChangedTree tree)
{
    protected ChangedTree Tree { get; } = tree;

    public void Run()
    {
        // An earlier walk has read the tree's own descriptors to their end.
        SafeFileHandle upperTop = Sys.Reopen(Tree.Upper, Sys.O_RDONLY | Sys.O_DIRECTORY);
        SafeFileHandle belowTop = Sys.Reopen(Tree.Below, Sys.O_RDONLY | Sys.O_DIRECTORY);
        using Descent below = new(belowTop, []);
        using Descent upper = new(upperTop, Names(upperTop, Tree.IsWhole ? belowTop : null));
        List<Level> levels = [new Level(null, Place.Top, Place.Top, Tree.IsWhole)];
        while (true)
        {
            if (upper.TryNext(out string? name))
            {
                Visit(upper, below, levels, name);
            }
            else if (levels[^1].Entry is Entry entry)
            {
                levels.RemoveAt(levels.Count - 1);
                entry.UpperHandle = upper.Current;
                entry.BelowHandle = below.Current;
                entry.UpperDirectory = upper.Parent!;
                entry.BelowDirectory = below.Parent;
                Leave(entry);
                upper.Leave();
                below.Leave();
            }
            else
            {
                return;
            }
        }
    }

    /// <summary>Called for each entry, for a directory before its content.</summary>
    /// <returns>For a directory: whether to enter it.</returns>
    protected abstract bool Enter(Entry entry);

    /// <summary>Called for a directory that was entered, after everything in it.</summary>
    protected virtual void Leave(Entry entry)
    {
    }

    /// <summary>A directory that the walk is in.</summary>
    /// <param name="entry">null for the hierarchy itself.</param>
    /// <param name="isWhole">Names that only the layers below have are visited too: they were deleted.</param>
    private sealed class Level(Entry? entry, Place place, Place belowPlace, bool isWhole)
    {
        public Entry? Entry { get; } = entry;

        public Place Place { get; } = place;

        public Place BelowPlace { get; } = belowPlace;

        public bool IsWhole { get; } = isWhole;
    }

    private void Visit(Descent upper, Descent below, List<Level> levels, string name)
    {
        Level level = levels[^1];
        if (level.Entry is null && name == Tree.Class.MarkerName && !IncludesMarker)
            return;
        FileStatus? status = OverlayMark.TryStatus(upper.Current!, name);
        FileStatus? statusBelow = LayersBelow.TryStatus(below.Current, name);
        if (status is { IsDirectory: true })
            VisitDirectory(upper, below, levels, name, status, statusBelow);
        else if (status is not null || level.IsWhole && statusBelow is not null)
            Enter(new Entry
            {
                Parent = level.Place,
                Name = name,
                UpperDirectory = upper.Current!,
                BelowDirectory = below.Current,
                BelowPlace = level.BelowPlace,
                Upper = status,
                Below = statusBelow,
            });
    }

    /// <summary>Whether a copy of a marker in the upper layer is visited like any other entry.</summary>
    protected virtual bool IncludesMarker => false;

    private void VisitDirectory(Descent upper, Descent below, List<Level> levels, string name, FileStatus status,
        FileStatus? statusBelow)
    {
        Level level = levels[^1];
        SafeFileHandle? directory = Sys.TryOpenChild(upper.Current!, name, Sys.O_RDONLY | Sys.O_DIRECTORY);
        if (directory is null)
            return; // removed or replaced meanwhile
        SafeFileHandle? directoryBelow = null;
        bool isEntered = false;
        try
        {
            bool isOpaque = !level.IsWhole && OverlayMark.IsOpaque(directory);
            string? redirect = RedirectOf(directory, level, name);
            directoryBelow = OpenBelow(below.Current, redirect ?? name);
            Entry entry = new()
            {
                Parent = level.Place,
                Name = name,
                UpperDirectory = upper.Current!,
                BelowDirectory = below.Current,
                BelowPlace = level.BelowPlace,
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
            bool isWhole = entry.IsOpaque || level.IsWhole && redirect is null;
            List<string> names = Names(directory, isWhole ? directoryBelow : null);
            levels.Add(new Level(entry, entry.Place, entry.SourcePlace, isWhole));
            isEntered = true;
            upper.Enter(directory, name, names);
            below.Enter(directoryBelow, redirect ?? name, []);
        }
        finally
        {
            if (!isEntered)
            {
                directory.Dispose();
                directoryBelow?.Dispose();
            }
        }
    }

    private string? RedirectOf(SafeFileHandle directory, Level level, string name)
    {
        string? redirect = Tree.IsWhole ? null : OverlayMark.RedirectOf(directory);
        // In an opaque directory a name beside it leads to nothing.
        if (level.IsWhole && redirect is not ['/', ..])
            return null;
        // It was moved away and back.
        return redirect == name || redirect is not null && !level.IsWhole
            && redirect == level.BelowPlace.Child(name).ToString() ? null : redirect;
    }

    private SafeFileHandle? OpenBelow(SafeFileHandle? below, string target)
    {
        SafeFileHandle? start = target[0] == '/' ? Tree.Below : below;
        if (start is null)
            return null;
        SafeFileHandle? directory = Sys.TryOpenAt(start, target.TrimStart('/'),
            Sys.O_RDONLY | Sys.O_DIRECTORY | Sys.O_NOFOLLOW, Sys.RESOLVE_BENEATH | Sys.RESOLVE_NO_SYMLINKS,
            out int errno);
        // What cannot be read must not count as absent: a whiteout over it would seem to hide nothing.
        if (directory is null && errno is not (Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP))
            throw new KernelException("openat2", target, errno);
        return directory;
    }

    internal static List<string> Names(SafeFileHandle upper, SafeFileHandle? below)
    {
        List<string> names = Sys.NamesIn(upper);
        if (below is not null)
            names.AddAll(Sys.NamesIn(below));
        names.SortBy(string.CompareOrdinal);
        for (int i = names.Count - 1; i > 0 && below is not null; i--)
            if (names[i] == names[i - 1])
                names.RemoveAt(i);
        return names;
    }
}
