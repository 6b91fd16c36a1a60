using System;
using System.Collections.Generic;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>What is to be reset in one upper layer, and resetting it.</summary>
internal sealed class ResetList(ChangedTree tree)
{
    public ChangedTree Tree { get; } = tree;

    /// <summary>
    /// Paths inside the hierarchy, each with everything in it: "/motd". With "/" at its end, only the directory's
    /// opaque mark, because something in it stays.
    /// </summary>
    public List<string> Paths { get; } = [];

    /// <param name="path">Inside the hierarchy.</param>
    /// <returns>false if the machine has nothing there; an <see cref="InputException"/> if the layers below could not
    /// show.</returns>
    public bool Add(string path)
    {
        using SafeFileHandle? parent = OpenParent(path, isChecked: true);
        if (parent is null || Sys.TryStatusAt(parent, PathName.Last(path)) is null)
            return false;
        if (Tree.Merged is not null && IsRestored(parent, path))
            return false;
        foreach (string mount in Tree.MountedUpon)
            if (PathName.IsOrIsBelow(mount, path))
                throw new InputException(PathText.Printable(Tree.Hierarchy + mount)
                    + " is a mount point, which would be removed, too: unmount it first");
        // A path inside another one is reset together with it.
        foreach (string other in Paths)
            if (PathName.IsOrIsBelow(path, other))
                return true;
        Paths.RemoveAll(other => PathName.IsBelow(other, path));
        Paths.Add(path);
        return true;
    }

    /// <summary>
    /// A file that equals the one below already: through a merge nothing more can be done, only another copy be kept.
    /// </summary>
    private bool IsRestored(SafeFileHandle parent, string path)
    {
        using SafeFileHandle? below = Sys.TryOpenAt(Tree.Below, "." + PathName.Parent(path),
            Sys.O_RDONLY | Sys.O_DIRECTORY | Sys.O_NOFOLLOW, Sys.RESOLVE_BENEATH | Sys.RESOLVE_NO_SYMLINKS);
        string name = PathName.Last(path);
        Entry entry = new()
        {
            Parent = Place.At(PathName.Parent(path)),
            Name = name,
            UpperDirectory = parent,
            BelowDirectory = below,
            BelowPlace = Place.Top,
            Upper = OverlayMark.TryStatus(parent, name),
            Below = LayersBelow.TryStatus(below, name),
        };
        return entry is { Upper: { IsDirectory: false }, Below: not null }
            && new Comparison(withLabels: false).Of(entry) == Difference.None;
    }

    /// <param name="keep">Patterns, <see cref="Glob"/>: for paths in the root, or, without a leading "/", in the
    /// hierarchy.</param>
    /// <param name="used">Set for each pattern that keeps something. Mount points stay in any case.</param>
    public void AddAll(List<string> keep, bool[] used)
    {
        SafeFileHandle top = Sys.Reopen(Tree.Upper, Sys.O_RDONLY | Sys.O_DIRECTORY);
        using Descent descent = new(top, TreeWalk.Names(top, null));
        List<Level> levels = [new Level(Place.Top, Paths)];
        while (true)
        {
            Level level = levels[^1];
            if (descent.TryNext(out string? name))
            {
                string child = level.Place.Child(name).ToString();
                if (IsKept(child, keep, used) || Tree.MountedUpon.Has(child))
                    level.HasKept = true;
                else if ((keep.Count > 0 || Tree.MountedUpon.Exists(mount => PathName.IsBelow(mount, child)))
                    && TryOpenDirectory(descent.Current!, name) is SafeFileHandle directory)
                {
                    descent.Enter(directory, name, TreeWalk.Names(directory, null));
                    levels.Add(new Level(level.Place.Child(name), []));
                }
                else
                    level.Found.Add(child);
            }
            else if (descent.IsAtTop)
            {
                return;
            }
            else
            {
                levels.RemoveAt(levels.Count - 1);
                AddInside(level, levels[^1], descent.Current!);
                descent.Leave();
            }
        }
    }

    /// <summary>A directory in which nothing stays is reset as a whole.</summary>
    private static void AddInside(Level level, Level above, SafeFileHandle directory)
    {
        above.HasKept |= level.HasKept;
        if (!level.HasKept)
            above.Found.Add(level.Place.ToString());
        else if (Sys.TryGetXattr(directory, OverlayMark.Opaque) is not null)
            above.Found.Add(level.Place + "/");
        if (level.HasKept)
            above.Found.AddAll(level.Found);
    }

    private bool IsKept(string path, List<string> keep, bool[] used)
    {
        bool isKept = false;
        for (int i = 0; i < keep.Count; i++)
        {
            if (!Glob.Matches(keep[i].TrimEnd('/'), keep[i].StartsWith('/') ? Tree.Hierarchy + path : path[1..]))
                continue;
            isKept = true;
            used[i] = true;
        }

        return isKept;
    }

    /// <summary>
    /// overlayfs shows a directory of a lower layer at one place only. If its old name reappears while it is still at
    /// its new one, one of the two cannot be opened. That is an <see cref="InputException"/>.
    /// </summary>
    public void CheckMoved()
    {
        if (Paths.Count == 0 || Tree.Merged is not null)
            return;
        MovedWalk walk = new(Tree);
        walk.Run();
        foreach (KeyValuePair<string, string> moved in walk.Moved)
            if (Covers(moved.Value) && !Covers(moved.Key))
                throw new InputException(PathText.Printable(Tree.Hierarchy + moved.Value) + " was moved to "
                    + PathText.Printable(Tree.Hierarchy + moved.Key)
                    + ", and can show at only one of the two: reset both, or keep both");
    }

    /// <summary>If anything could not be removed, nothing is: an <see cref="InputException"/>.</summary>
    public void CheckRemovable()
    {
        RemovableCheck check = new(Tree);
        foreach (string path in Paths)
        {
            using SafeFileHandle? parent = OpenParent(path.TrimEnd('/'), isChecked: false);
            if (parent is not null)
                check.Check(parent, path);
        }
    }

    private bool Covers(string path) => Paths.Exists(reset => PathName.IsOrIsBelow(path, reset));

    /// <summary>For a reset without a copy: treats everything that is there now as known.</summary>
    public void Know(KnownFiles known)
    {
        foreach (string path in Paths)
            if (!path.EndsWith('/') && OpenParent(path, isChecked: false) is SafeFileHandle parent)
                using (parent)
                    known.AddTree(parent, PathName.Last(path));
    }

    /// <param name="path">One of <see cref="Paths"/>.</param>
    /// <returns>false if something stays.</returns>
    public bool GiveBack(string path, KnownRemoval removal)
    {
        string trimmed = path.TrimEnd('/');
        string name = PathName.Last(trimmed);
        using SafeFileHandle? parent = OpenParent(trimmed, isChecked: false);
        if (parent is null)
            return true;
        if (!path.EndsWith('/'))
            return removal.Remove(parent, parent, name, Tree.Hierarchy + path);
        using SafeFileHandle? directory = TryOpenDirectory(parent, name);
        if (directory is not null)
            Sys.RemoveXattr(directory, OverlayMark.Opaque);
        return true;
    }

    /// <param name="isChecked">A directory on the way through which the layers below do not show is an
    /// <see cref="InputException"/>.</param>
    /// <returns>null if there is none.</returns>
    private SafeFileHandle? OpenParent(string path, bool isChecked)
    {
        SafeFileHandle directory = Sys.Reopen(Tree.Upper, Sys.O_RDONLY | Sys.O_DIRECTORY);
        string[] names = path[1..].Split('/');
        string way = Tree.Hierarchy;
        for (int i = 0; i < names.Length - 1; i++)
        {
            using SafeFileHandle parent = directory;
            way += "/" + names[i];
            if (TryOpenDirectory(parent, names[i]) is not SafeFileHandle next)
            {
                if (isChecked && OverlayMark.TryStatus(parent, names[i]) is { IsWhiteout: true })
                    throw new InputException("the machine has deleted " + PathText.Printable(way)
                        + " as a whole, so nothing shows at " + PathText.Printable(Tree.Hierarchy + path)
                        + ": reset " + PathText.Printable(way));
                return null;
            }

            directory = next;
            string? what = !isChecked ? null : OverlayMark.IsOpaque(directory) ? "replaced"
                : OverlayMark.RedirectOf(directory) is string redirect && redirect != names[i]
                && redirect != way[Tree.Hierarchy.Length..] ? "moved" : null;
            if (what is null)
                continue;
            directory.Dispose();
            throw new InputException(PathText.Printable(way) + " was " + what + " as a whole, no layer below shows at "
                + PathText.Printable(Tree.Hierarchy + path)
                + ": reset " + PathText.Printable(way));
        }

        return directory;
    }

    private static SafeFileHandle? TryOpenDirectory(SafeFileHandle parent, string name) =>
        Sys.TryOpenChild(parent, name, Sys.O_RDONLY | Sys.O_DIRECTORY);

    /// <summary>A directory on the way to the one that the walk has reached.</summary>
    /// <param name="found">What is to be reset in it.</param>
    private sealed class Level(Place place, List<string> found)
    {
        public Place Place { get; } = place;

        public List<string> Found { get; } = found;

        public bool HasKept { get; set; }
    }
}
