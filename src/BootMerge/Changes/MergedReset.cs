using System.Collections.Generic;
using BootMerge.Linux;
using BootMerge.Reporting;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>
/// Makes paths of a merge show what the layers below have, by writing through the merge: the upper layer of an overlay must
/// not be changed behind its back. Each file is exchanged in one step. What is below lies in the upper layer as a copy then.
/// </summary>
internal sealed class MergedReset(ChangedTree tree, Log log)
{
    /// <summary>A directory that what is below is copied to before it takes its place; in the directory that it is for.</summary>
    private const string Temporary = ".bootmerge-reset";

    private const uint PrivateMode = 0x1C0; // 0700

    private readonly Comparison _comparison = new(withLabels: false);

    /// <summary>Whether copies are left in the upper layer.</summary>
    public bool HasCopied { get; private set; }

    /// <param name="path">Inside the hierarchy, as <see cref="ResetList.Paths"/> has it. No directory on the way is opaque or moved.</param>
    public void GiveBack(string path)
    {
        bool isMark = path.EndsWith('/');
        string trimmed = path.TrimEnd('/');
        string parent = "." + trimmed[..trimmed.LastIndexOf('/')];
        string name = trimmed[(trimmed.LastIndexOf('/') + 1)..];
        using SafeFileHandle? merged = TryOpen(tree.Merged!, parent);
        if (merged is null)
            return; // gone with another path
        using SafeFileHandle? below = TryOpen(tree.Below, parent);
        using SafeFileHandle? upper = TryOpen(tree.Upper, parent);
        RemoveTemporary(merged);
        if (isMark)
            Complete(merged, below, name, trimmed);
        else
            MakeLike(merged, below, upper, name, parent);
    }

    /// <summary>A directory in which something stays: what else is below is shown in it.</summary>
    private void Complete(SafeFileHandle mergedParent, SafeFileHandle? belowParent, string name, string path)
    {
        using SafeFileHandle? merged = TryOpen(mergedParent, name);
        using SafeFileHandle? below = belowParent is null ? null : TryOpen(belowParent, name);
        if (merged is null || below is null)
            return;
        RemoveTemporary(merged);
        foreach (DirectoryEntry entry in Sys.ReadDirectory(below))
            if (Sys.TryStatusAt(merged, entry.Name) is null)
                MakeLike(merged, below, null, entry.Name, path);
    }

    /// <param name="upper">The upper layer's directory; null: all that the other two have is compared.</param>
    private void MakeLike(SafeFileHandle merged, SafeFileHandle? below, SafeFileHandle? upper, string name, string parent)
    {
        FileStatus? status = Sys.TryStatusAt(merged, name);
        FileStatus? wanted = LayersBelow.TryStatus(below, name);
        if (wanted is null)
        {
            if (status is not null)
                Remove(merged, name, status);
            return;
        }

        Entry entry = new() { Parent = Place.At(parent), Name = name, UpperDirectory = merged, BelowDirectory = below, BelowPlace = Place.Top, Upper = status, Below = wanted };
        bool isSame = status is not null && _comparison.Of(entry) == Difference.None;
        if (status is { IsDirectory: true } && wanted.IsDirectory)
            MakeDirectoryLike(entry, upper, isSame);
        else if (isSame)
            HasCopied |= upper is not null;
        else
            Restore(entry);
    }

    private void MakeDirectoryLike(Entry entry, SafeFileHandle? upperParent, bool isSame)
    {
        using SafeFileHandle merged = Sys.OpenChild(entry.UpperDirectory, entry.Name, Sys.O_RDONLY | Sys.O_DIRECTORY);
        using SafeFileHandle below = Sys.OpenChild(entry.BelowDirectory!, entry.Name, Sys.O_RDONLY | Sys.O_DIRECTORY);
        using SafeFileHandle? upper = upperParent is null ? null : TryOpen(upperParent, entry.Name);
        if (!isSame)
        {
            List<string> kept = Sys.ListXattrs(below);
            foreach (string attribute in Sys.ListXattrs(merged))
                if (attribute.Length > 0 && !kept.Contains(attribute) && attribute != "security.selinux")
                    Sys.RemoveXattr(merged, attribute);
            new TreeCopy(merged, withMarks: false, log).CopyAttributes(entry.BelowDirectory!, entry.Name, entry.Below!, entry.UpperDirectory);
        }

        HasCopied = true;
        // A plain directory of the upper layer has all that differs; one that hides or was moved has not.
        bool isPlain = upper is not null && OverlayMark.HasNone(upper);
        List<string> names = isPlain ? TreeWalk.Names(upper!, null) : TreeWalk.Names(merged, below);
        foreach (string name in names)
            MakeLike(merged, below, isPlain ? upper : null, name, entry.Path);
    }

    private void Restore(Entry entry)
    {
        SafeFileHandle directory = entry.UpperDirectory;
        Sys.MakeDirectory(directory, Temporary, PrivateMode, Temporary);
        using (SafeFileHandle temporary = Sys.OpenChild(directory, Temporary, Sys.O_RDONLY | Sys.O_DIRECTORY))
        {
            new TreeCopy(temporary, withMarks: false, log).Copy(entry.BelowDirectory!, entry.Name, temporary, "/" + entry.Name);
            // rename(2) puts no directory in the place of a file, nor a file in that of a directory.
            bool isExchanged = entry.Upper is not null && Sys.TryExchange(temporary, entry.Name, directory);
            if (!isExchanged)
            {
                if (entry.Upper is { IsDirectory: true } || entry.Upper is not null && entry.Below!.IsDirectory)
                    Remove(directory, entry.Name, entry.Upper);
                Sys.Move(temporary, entry.Name, directory);
            }
        }

        RemoveTemporary(directory);
        HasCopied = true;
    }

    private static void Remove(SafeFileHandle directory, string name, FileStatus status)
    {
        if (status.IsDirectory)
            Sys.RemoveTree(directory, name);
        else
            Sys.RemoveFile(directory, name);
    }

    private static void RemoveTemporary(SafeFileHandle directory)
    {
        if (Sys.TryStatusAt(directory, Temporary) is { IsDirectory: true })
            Sys.RemoveTree(directory, Temporary);
    }

    private static SafeFileHandle? TryOpen(SafeFileHandle directory, string path) =>
        Sys.TryOpenAt(directory, path, Sys.O_RDONLY | Sys.O_DIRECTORY | Sys.O_NOFOLLOW, Sys.RESOLVE_BENEATH | Sys.RESOLVE_NO_SYMLINKS);
}
