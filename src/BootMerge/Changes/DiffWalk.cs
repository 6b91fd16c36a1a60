using System.Collections.Generic;

namespace BootMerge.Changes;

/// <summary>Receives changes one after the other, because there may be very many.</summary>
internal abstract class ChangeSink
{
    public abstract void Add(Change change, Entry entry);
}

/// <summary>Finds every difference between an upper layer and the layers below.</summary>
/// <param name="only">Paths inside the hierarchy to compare, each with its subtree; empty: all.</param>
/// <param name="shadowed">What was below when the machine last ran, and below its files when they were written.</param>
internal sealed class DiffWalk(ChangedTree tree, Comparison comparison, List<string> only, ShadowedRecord shadowed,
    ChangeSink sink) : TreeWalk(tree)
{
    private bool _isMadeFirst;

    protected override bool Enter(Entry entry)
    {
        // What the directory lacks was not deleted: nothing was there.
        _isMadeFirst = shadowed.IsMadeFirst(Tree.Hierarchy, entry);
        if (_isMadeFirst)
            entry.IsOpaque = false;
        if (only.Count == 0)
            return Tell(entry);
        string path = entry.Path;
        if (only.Exists(wanted => wanted.Length == 0 || PathName.IsOrIsBelow(path, wanted)))
            return Tell(entry);
        if (!only.Exists(wanted => PathName.IsBelow(wanted, path)))
            return false;
        // What happened to a directory on the way decides for everything below it: deleted, of another type, or moved.
        return entry is { UpperHandle: not null, Redirect: null } || Tell(entry);
    }

    private bool Tell(Entry entry)
    {
        if (ChangeOf(entry) is Change change)
            sink.Add(change, entry);
        return true;
    }

    private Change? ChangeOf(Entry entry)
    {
        if (entry.Upper is null || entry.IsWhiteout && !Tree.IsWhole)
            return entry.Below is null ? null : Make(entry, ChangeKind.Deleted);
        if (entry.Redirect is not null)
            return Make(entry, ChangeKind.Moved, from: Tree.Hierarchy + entry.Source);
        if (_isMadeFirst && entry.Below is { IsDirectory: true })
            return Make(entry, ChangeKind.Hiding);
        if (entry.Below is null)
            return Make(entry, shadowed.IsFrozen(Tree.Hierarchy, entry) ? ChangeKind.Frozen : ChangeKind.Added);
        if (entry.IsOpaque && entry.Below.IsDirectory)
            return Make(entry, ChangeKind.Replaced);
        Difference difference = comparison.Of(entry);
        if (difference == Difference.None)
            return null;
        return Make(entry, shadowed.IsFrozen(Tree.Hierarchy, entry) ? ChangeKind.Frozen : ChangeKind.Modified,
            difference);
    }

    private Change Make(Entry entry, ChangeKind kind, Difference difference = Difference.None, string? from = null) =>
        new(Tree.Hierarchy + entry.Path, kind, difference, from);
}
