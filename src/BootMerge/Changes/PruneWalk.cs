using System;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>
/// Removes from an upper layer what it can do without. The merged tree is the same before, after, and at every moment
/// between, because each step removes one thing that the layers below show in the same way. There is one exception: an
/// empty directory that the machine did not make itself gives way if the layers below now have something else there.
/// The upper layer must not be part of a merge.
/// </summary>
/// <param name="isComplete">
/// All extensions are among the layers below. If one is left out this time, deletions that hide nothing stay: they may
/// be for its files.
/// </param>
/// <param name="withOpaque">Also remove opaque marks that hide nothing, and what is equal in those directories.</param>
internal sealed class PruneWalk(ChangedTree tree, bool isComplete, bool isDryRun, bool withOpaque,
    PruneReport report) : TreeWalk(tree)
{
    private readonly Comparison _comparison = new(withLabels: false);
    private readonly FileStatus _top = Sys.Status(tree.Upper);

    // How many entries stay in each directory, from the hierarchy down to the one that the walk is in.
    private int[] _staying = new int[16];
    private int _depth;

    // The depth of the directory in whose place the layers below have something else, while the walk is in it;
    // otherwise 0.
    private int _replacing;
    private bool _isLeftover;

    private MovedWalk? _moved;

    protected override bool IncludesMarker => true;

    protected override bool Enter(Entry entry)
    {
        if (entry.Upper is null)
            return false; // only the layers below have it
        if (entry.UpperHandle is SafeFileHandle directory)
        {
            if (IsToBeEntered(entry, directory))
            {
                Push();
                if (_replacing == 0 && entry.Below is { IsDirectory: false })
                {
                    _replacing = _depth;
                    _isLeftover = IsLeftover(entry);
                }

                return true;
            }

            _staying[_depth]++;
            return false;
        }

        // Kernels before 6.7 see a whiteout that is an empty file as just that: it stays.
        bool isToGo = entry.IsWhiteout ? entry.Below is null && isComplete && !entry.Upper!.IsMarkedDeleted
            : IsEqualFile(entry);
        if (!isToGo || !Remove(entry, entry.IsWhiteout ? Pruned.Whiteout : Pruned.File))
            _staying[_depth]++;
        return false;
    }

    /// <summary>
    /// A directory is removed last: if this is killed before, an empty directory is left over an equal one.
    /// </summary>
    protected override void Leave(Entry entry)
    {
        bool isLeftover = _replacing > 0 && _isLeftover;
        if (_depth == _replacing)
            _replacing = 0;
        bool isEmpty = _staying[_depth--] == 0;
        bool isEqual = isEmpty && entry.Below is { IsDirectory: true } && _comparison.Of(entry) == Difference.None;
        bool isToGo = isEqual || isEmpty && isLeftover;
        if (!isToGo || !Remove(entry, Pruned.Directory, isLeftover
            ? "is empty, and not a directory in the layers below any more" : null))
            _staying[_depth]++;
    }

    /// <summary>
    /// A directory that overlayfs copied up has no opaque mark. One that the machine made in a merge has a mark, and
    /// replaces something else on purpose. A directory gives way only if it contains nothing but directories without a
    /// mark.
    /// </summary>
    private bool IsLeftover(Entry entry)
    {
        if (!isComplete)
            return false;
        SafeFileHandle top = Sys.Reopen(entry.UpperHandle!, Sys.O_RDONLY | Sys.O_DIRECTORY);
        using Descent way = new(top, Names(top, null));
        while (way.TryNextOrLeave(out string? name))
        {
            FileStatus? status = Sys.TryStatusAt(way.Current!, name);
            if (status is null or { IsWhiteout: true })
                continue; // removed too
            if (!status.IsDirectory || !status.IsSameDevice(_top)
                || HasUnknownMark(way.Current!, name, isOpaque: false))
                return false;
            SafeFileHandle child = Sys.OpenChild(way.Current!, name, Sys.O_RDONLY | Sys.O_DIRECTORY);
            way.Enter(child, name, Names(child, null));
        }

        return true;
    }

    private bool IsMarker(Entry entry) => entry.Parent.IsTop && entry.Name == Tree.Class.MarkerName;

    private void Push()
    {
        if (++_depth == _staying.Length)
            Array.Resize(ref _staying, _depth * 2);
        _staying[_depth] = 0;
    }

    private bool IsToBeEntered(Entry entry, SafeFileHandle directory)
    {
        // A subvolume has another device number. And what was moved here is above a place of another name: that is left
        // to the owner.
        if (!entry.Upper!.IsSameDevice(_top) || entry.Redirect is not null || HasUnknownMark(entry))
            return false;
        if (IsMarker(entry))
        {
            ScrubMarker(entry, directory);
            return false;
        }

        if (!entry.IsOpaque)
            return true;
        // The mark distinguishes a directory that the machine made from one that replaces something else by chance.
        if (!withOpaque || !isComplete || _replacing > 0 || HidesSomething(entry) || IsMovedFrom(entry))
            return false;
        if (!isDryRun)
            Sys.RemoveXattr(directory, OverlayMark.Opaque);
        entry.IsOpaque = false;
        report.Add(Tree.Hierarchy, entry, Pruned.OpaqueMark);
        return true;
    }

    /// <summary>Nothing is merged here, so it is a copy. Only files that belong to a marker are removed.</summary>
    private void ScrubMarker(Entry entry, SafeFileHandle directory)
    {
        string[] known = [Tree.Class.NamesFile, "dev", "origin", "work_dir", "backing"];
        // A second descriptor, because the walk uses the first one's position in the list of names.
        using (SafeFileHandle listed = Sys.Reopen(directory, Sys.O_RDONLY | Sys.O_DIRECTORY))
        {
            foreach (DirectoryEntry file in Sys.ReadDirectory(listed))
                if (Words.IndexOf(known, file.Name) < 0
                    || Sys.TryStatusAt(directory, file.Name) is not { IsRegular: true })
                    return;
        }

        if (!isDryRun)
            foreach (string name in known)
                Sys.RemoveFile(directory, name);
        Remove(entry, Pruned.Marker);
    }

    /// <summary>
    /// What is below, or something in it, shows at another place. Shown here as well, it would be a stale handle at one
    /// of the two.
    /// </summary>
    private bool IsMovedFrom(Entry entry)
    {
        if (_moved is null)
        {
            _moved = new MovedWalk(Tree);
            _moved.Run();
        }

        string place = entry.Source;
        return _moved.Moved.Exists(moved => PathName.IsOrIsBelow(moved.Value, place));
    }

    /// <summary>
    /// Whether the layers below have a name that the directory lacks. A name that it has hides theirs with or without
    /// the mark.
    /// </summary>
    private static bool HidesSomething(Entry entry)
    {
        if (entry.Below is not { IsDirectory: true })
            return entry.Below is not null;
        using Descent upper = new(Sys.Reopen(entry.UpperHandle!, Sys.O_RDONLY | Sys.O_DIRECTORY), []);
        SafeFileHandle belowTop = Sys.OpenChild(entry.BelowDirectory!, entry.Name, Sys.O_RDONLY | Sys.O_DIRECTORY);
        using Descent below = new(belowTop, Names(belowTop, null));
        while (true)
        {
            if (below.TryNext(out string? name))
            {
                if (Sys.TryStatusAt(upper.Current!, name) is not FileStatus status)
                    return true;
                if (status.IsDirectory && Sys.TryStatusAt(below.Current!, name) is { IsDirectory: true })
                    EnterUnmarked(upper, below, name);
            }
            else if (below.IsAtTop)
            {
                return false;
            }
            else
            {
                upper.Leave();
                below.Leave();
            }
        }
    }

    /// <summary>A directory with a mark hides what is below by itself, so it is not entered.</summary>
    private static void EnterUnmarked(Descent upper, Descent below, string name)
    {
        SafeFileHandle child = Sys.OpenChild(upper.Current!, name, Sys.O_RDONLY | Sys.O_DIRECTORY);
        if (!OverlayMark.HasNone(child))
        {
            child.Dispose();
            return;
        }

        SafeFileHandle childBelow = Sys.OpenChild(below.Current!, name, Sys.O_RDONLY | Sys.O_DIRECTORY);
        upper.Enter(child, name, []);
        below.Enter(childBelow, name, Names(childBelow, null));
    }

    private bool IsEqualFile(Entry entry)
    {
        // The meaning of a device, fifo or socket is not in the tree.
        if (entry.Below is null || entry.Upper is { IsRegular: false, IsSymlink: false })
            return false;
        // Its other names would still share what is written to one of them, but this one would not.
        if (entry.Upper!.Links > 1)
            return report.Keep(Tree.Hierarchy, entry, "it has " + entry.Upper.Links.ToString() + " hard links");
        return _comparison.Of(entry) == Difference.None && !HasUnknownMark(entry);
    }

    /// <summary>
    /// A file with metacopy or redirect has its content elsewhere; the meaning of other marks is unknown.
    /// </summary>
    private static bool HasUnknownMark(Entry entry) => HasUnknownMark(entry.UpperDirectory, entry.Name, entry.IsOpaque);

    private static bool HasUnknownMark(SafeFileHandle directory, string name, bool isOpaque)
    {
        foreach (string attribute in Sys.ListXattrsAt(directory, name))
            if (OverlayMark.IsOne(attribute)
                && attribute is not (OverlayMark.Origin or OverlayMark.Prefix + "impure" or OverlayMark.Prefix + "uuid")
                && !(attribute == OverlayMark.Opaque && isOpaque))
                return true;
        return false;
    }

    /// <summary>Checks again right before the removal, so that what was changed since the comparison stays.</summary>
    /// <param name="reason">null: the usual one for this kind.</param>
    /// <returns>false if it stays.</returns>
    private bool Remove(Entry entry, Pruned kind, string? reason = null)
    {
        FileStatus upper = entry.Upper!;
        if (!isDryRun)
        {
            FileStatus? now = Sys.TryStatusAt(entry.UpperDirectory, entry.Name);
            if (now is null)
                return true;
            bool isSame = now.IsSameInode(upper) && now.Mode == upper.Mode && now.Uid == upper.Uid
                && now.Gid == upper.Gid;
            // A directory's times have changed with what was removed from it; rmdir(2) says whether it is empty.
            if (!upper.IsDirectory)
                isSame &= now.ChangeTime == upper.ChangeTime && now.ModificationTime == upper.ModificationTime
                    && now.Size == upper.Size && now.Links == upper.Links;
            if (!isSame)
                return report.Keep(Tree.Hierarchy, entry, "it is being changed");
            int errno = Sys.TryRemove(entry.UpperDirectory, entry.Name, upper.IsDirectory);
            if (errno is Errno.EPERM or Errno.EBUSY or Errno.ENOTEMPTY) // immutable; mount point; filled meanwhile
                return report.Keep(Tree.Hierarchy, entry, Errno.Describe(errno));
            if (errno is not (0 or Errno.ENOENT))
                throw new KernelException(upper.IsDirectory ? "rmdir" : "unlink", Tree.Hierarchy + entry.Path, errno);
        }

        report.Add(Tree.Hierarchy, entry, kind, reason);
        return true;
    }
}
