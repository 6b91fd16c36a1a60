using System;
using System.Collections.Generic;
using BootMerge.Linux;
using BootMerge.Reporting;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>
/// Makes paths of a merge show what the layers below have. It writes through the merge, because an overlay's upper
/// layer must not be changed directly. Each file is exchanged in one step, so the upper layer ends up with copies of
/// the lower files. The upper layer is examined beside the merge: what the copy lacks stays.
/// </summary>
internal sealed class MergedReset(ChangedTree tree, KnownFiles known, ResetReport report, Log log)
{
    private readonly Comparison _comparison = new(withLabels: false);
    private readonly KnownRemoval _removal = new(known, isMerged: true, report);
    private bool _hasStaying;

    /// <summary>Whether copies were left in the upper layer.</summary>
    public bool HasCopied { get; private set; }

    /// <param name="path">Inside the hierarchy, as in <see cref="ResetList.Paths"/>. No directory on the way is opaque
    /// or moved.</param>
    /// <returns>false if something stays; the report says what.</returns>
    public bool GiveBack(string path)
    {
        _hasStaying = false;
        string trimmed = path.TrimEnd('/');
        string parent = "." + PathName.Parent(trimmed);
        string name = PathName.Last(trimmed);
        using SafeFileHandle? merged = TryOpen(tree.Merged!, parent);
        if (merged is null)
            return true; // gone with another path
        using SafeFileHandle? below = TryOpen(tree.Below, parent);
        using SafeFileHandle? upper = TryOpen(tree.Upper, parent);
        ResetTemporary.RemoveLeft(merged);
        if (path.EndsWith('/'))
            Complete(merged, below, upper, name, trimmed);
        else
            MakeLike(merged, below, upper, isPlain: upper is not null, [name], parent[1..]);
        return !_hasStaying;
    }

    /// <summary>For a directory in which something stays: adds the rest of what the layers below have in it.</summary>
    private void Complete(SafeFileHandle mergedParent, SafeFileHandle? belowParent, SafeFileHandle? upperParent,
        string name, string path)
    {
        using SafeFileHandle? merged = TryOpen(mergedParent, name);
        using SafeFileHandle? below = belowParent is null ? null : TryOpen(belowParent, name);
        using SafeFileHandle? upper = upperParent is null ? null : TryOpen(upperParent, name);
        if (merged is null || below is null)
            return;
        ResetTemporary.RemoveLeft(merged);
        List<string> names = Sys.NamesIn(below);
        names.RemoveAll(entry => Sys.TryStatusAt(merged, entry) is not null);
        MakeLike(merged, below, upper, isPlain: false, names, path);
    }

    /// <param name="isPlain">The upper layer has everything that differs; otherwise everything in the other two is
    /// compared.</param>
    /// <param name="names">The names in the directories to make equal to the layers below.</param>
    private void MakeLike(SafeFileHandle merged, SafeFileHandle? below, SafeFileHandle? upper, bool isPlain,
        List<string> names, string path)
    {
        using Descent mergedWay = new(Sys.Reopen(merged, Sys.O_RDONLY | Sys.O_DIRECTORY), names);
        using Descent belowWay = new(below is null ? null : Sys.Reopen(below, Sys.O_RDONLY | Sys.O_DIRECTORY), []);
        using Descent upperWay = new(upper is null ? null : Sys.Reopen(upper, Sys.O_RDONLY | Sys.O_DIRECTORY), []);
        List<Level> levels = [new Level(Place.At(path), isPlain)];
        while (true)
        {
            if (mergedWay.TryNext(out string? name))
            {
                Visit(mergedWay, belowWay, upperWay, levels, name);
            }
            else if (mergedWay.IsAtTop)
            {
                return;
            }
            else
            {
                levels.RemoveAt(levels.Count - 1);
                mergedWay.Leave();
                belowWay.Leave();
                upperWay.Leave();
            }
        }
    }

    private void Visit(Descent merged, Descent below, Descent upper, List<Level> levels, string name)
    {
        Level level = levels[^1];
        FileStatus? status = Sys.TryStatusAt(merged.Current!, name);
        FileStatus? wanted = LayersBelow.TryStatus(below.Current, name);
        if (wanted is null)
        {
            if (status is not null && !_removal.Remove(merged.Current!, upper.Current, name,
                tree.Hierarchy + level.Place.Child(name)))
                _hasStaying = true;
            return;
        }

        Entry entry = new()
        {
            Parent = level.Place,
            Name = name,
            UpperDirectory = merged.Current!,
            BelowDirectory = below.Current,
            BelowPlace = Place.Top,
            Upper = status,
            Below = wanted
        };
        bool isSame = status is not null && _comparison.Of(entry) == Difference.None;
        if (status is { IsDirectory: true } && wanted.IsDirectory)
            EnterDirectory(merged, below, upper, levels, entry, isSame);
        else if (isSame)
            HasCopied |= level.IsPlain;
        else if (Restore(entry, upper.Current))
            HasCopied = true;
        else
            _hasStaying = true;
    }

    private void EnterDirectory(Descent merged, Descent below, Descent upper, List<Level> levels, Entry entry,
        bool isSame)
    {
        SafeFileHandle? mergedChild = Sys.TryOpenChild(merged.Current!, entry.Name, Sys.O_RDONLY | Sys.O_DIRECTORY);
        SafeFileHandle? upperChild = upper.Current is null ? null
            : Sys.TryOpenChild(upper.Current, entry.Name, Sys.O_RDONLY | Sys.O_DIRECTORY);
        if (mergedChild is null || upperChild is not null && !known.HasDirectory(upperChild))
        {
            mergedChild?.Dispose();
            upperChild?.Dispose();
            Stays(entry);
            return;
        }

        SafeFileHandle belowChild = Sys.OpenChild(below.Current!, entry.Name, Sys.O_RDONLY | Sys.O_DIRECTORY);
        if (!isSame)
        {
            List<string> kept = Sys.ListXattrs(belowChild);
            foreach (string attribute in Sys.ListXattrs(mergedChild))
                if (attribute.Length > 0 && !kept.Has(attribute) && attribute != "security.selinux")
                    Sys.RemoveXattr(mergedChild, attribute);
            new TreeCopy(mergedChild, withMarks: false, log)
                .CopyAttributes(belowChild, entry.Below!, mergedChild, entry.Path);
        }

        HasCopied = true;
        // A plain directory of the upper layer has everything that differs; one that hides or was moved does not.
        bool isPlain = levels[^1].IsPlain && upperChild is not null && OverlayMark.HasNone(upperChild);
        levels.Add(new Level(entry.Place, isPlain));
        merged.Enter(mergedChild, entry.Name, isPlain ? TreeWalk.Names(upperChild!, null)
            : TreeWalk.Names(mergedChild, belowChild));
        below.Enter(belowChild, entry.Name, []);
        upper.Enter(upperChild, entry.Name, []);
    }

    /// <returns>false if what is there stays.</returns>
    private bool Restore(Entry entry, SafeFileHandle? upper)
    {
        // What is in the temporary directory is put in its place before anything may end this.
        Action? watch = Descent.AtEachName;
        Descent.AtEachName = null;
        SafeFileHandle directory = entry.UpperDirectory;
        string name = ResetTemporary.Make(directory);
        bool isDone;
        using (SafeFileHandle temporary = Sys.OpenChild(directory, name, Sys.O_RDONLY | Sys.O_DIRECTORY))
        using (SafeFileHandle? upperTemporary = upper is null
            ? null : Sys.TryOpenChild(upper, name, Sys.O_RDONLY | Sys.O_DIRECTORY))
        {
            new TreeCopy(temporary, withMarks: false, log)
                .Copy(entry.BelowDirectory!, entry.Name, temporary, "/" + entry.Name);
            isDone = entry.Upper is null ? MoveInto(entry, temporary)
                : Replace(entry, upper, temporary, upperTemporary);
        }

        Sys.RemoveTree(directory, name);
        Descent.AtEachName = watch;
        return isDone;
    }

    private bool MoveInto(Entry entry, SafeFileHandle temporary) =>
        Sys.TryMoveInto(temporary, entry.Name, entry.UpperDirectory) || Stays(entry);

    private bool Replace(Entry entry, SafeFileHandle? upper, SafeFileHandle temporary, SafeFileHandle? upperTemporary)
    {
        SafeFileHandle directory = entry.UpperDirectory;
        FileStatus? before = upper is null ? null : Sys.TryStatusAt(upper, entry.Name);
        if (before is { IsDirectory: false } && !known.Has(before))
            return Stays(entry);

        if (Sys.TryExchange(temporary, entry.Name, directory))
        {
            // What was there is in the temporary directory now, where nobody else can reach it by name.
            if (IsRemoved(entry, before, temporary, upperTemporary))
                return true;
            if (!Sys.TryExchange(temporary, entry.Name, directory))
                throw new KernelException("renameat2", tree.Hierarchy + entry.Path, Errno.EXDEV);
            return false;
        }

        // rename(2) does not replace a file by a directory, nor a directory by a file.
        if (entry.Upper!.IsDirectory || entry.Below!.IsDirectory)
            return _removal.Remove(directory, upper, entry.Name, tree.Hierarchy + entry.Path)
                && MoveInto(entry, temporary);
        Sys.Move(temporary, entry.Name, directory);
        return true;
    }

    /// <param name="before">What the upper layer had right before the exchange, if anything.</param>
    private bool IsRemoved(Entry entry, FileStatus? before, SafeFileHandle temporary, SafeFileHandle? upperTemporary)
    {
        if (Sys.TryStatusAt(temporary, entry.Name) is { IsDirectory: true })
            return _removal.Remove(temporary, upperTemporary, entry.Name, tree.Hierarchy + entry.Path);
        // It was changed or replaced at that very moment.
        using SafeFileHandle? file = upperTemporary is null ? null
            : Sys.TryOpenChild(upperTemporary, entry.Name, Sys.O_PATH);
        FileStatus? moved = file is null ? null : Sys.Status(file);
        if (before is not null && (moved is null || !known.HasMoved(moved)))
            return Stays(entry);
        Sys.RemoveFile(temporary, entry.Name);
        if (before is not null)
            known.NameRemoved(before, Sys.Status(file!));
        return true;
    }

    /// <returns>false</returns>
    private bool Stays(Entry entry)
    {
        report.Stays(tree.Hierarchy + entry.Path, ResetReport.Changed);
        _hasStaying = true;
        return false;
    }

    private static SafeFileHandle? TryOpen(SafeFileHandle directory, string path) =>
        Sys.TryOpenAt(directory, path, Sys.O_RDONLY | Sys.O_DIRECTORY | Sys.O_NOFOLLOW,
            Sys.RESOLVE_BENEATH | Sys.RESOLVE_NO_SYMLINKS);

    /// <summary>A directory on the way to the one that the walk has reached.</summary>
    private sealed class Level(Place place, bool isPlain)
    {
        /// <summary>Inside the hierarchy.</summary>
        public Place Place { get; } = place;

        public bool IsPlain { get; } = isPlain;
    }
}
