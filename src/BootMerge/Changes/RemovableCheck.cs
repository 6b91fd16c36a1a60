using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>
/// Before the first removal, looks for what the kernel would not remove: immutable or append-only files, and the
/// content of such directories. If chattr(1) was used through a merge, overlayfs stores its flags in an attribute and
/// applies them only in the merge. So the merge is asked too.
/// </summary>
internal sealed class RemovableCheck(ChangedTree tree)
{
    /// <summary>The first one found is an <see cref="InputException"/>.</summary>
    /// <param name="parent">The upper layer's directory that the path is in.</param>
    /// <param name="path">As in <see cref="ResetList.Paths"/>.</param>
    public void Check(SafeFileHandle parent, string path)
    {
        string trimmed = path.TrimEnd('/');
        string directory = tree.Hierarchy + PathName.Parent(trimmed);
        using SafeFileHandle? merged = tree.Merged is null ? null
            : Sys.TryOpenAt(tree.Merged, "." + PathName.Parent(trimmed),
            Sys.O_RDONLY | Sys.O_DIRECTORY | Sys.O_NOFOLLOW, Sys.RESOLVE_BENEATH | Sys.RESOLVE_NO_SYMLINKS);
        string name = PathName.Last(trimmed);
        if (path.EndsWith('/'))
        {
            CheckEntry(parent, merged, name, tree.Hierarchy + trimmed);
            return;
        }

        if (Sys.Status(parent).IsImmutable || merged is not null && Sys.Status(merged).IsImmutable)
            throw new InputException(PathText.Printable(directory)
                + " is immutable or append-only, so nothing in it can be reset: chattr -i -a allows it");
        CheckTree(parent, merged, name, directory);
    }

    private static void CheckTree(SafeFileHandle parent, SafeFileHandle? mergedParent, string name, string path)
    {
        using Descent upper = new(Sys.Reopen(parent, Sys.O_RDONLY | Sys.O_DIRECTORY), [name]);
        using Descent merged = new(mergedParent is null ? null
            : Sys.Reopen(mergedParent, Sys.O_RDONLY | Sys.O_DIRECTORY), []);
        while (true)
        {
            if (upper.TryNext(out string? entry))
            {
                CheckEntry(upper.Current, merged.Current, entry, path + "/" + entry);
                SafeFileHandle? directory = upper.Current is null
                    ? null : Sys.TryOpenChild(upper.Current, entry, Sys.O_RDONLY | Sys.O_DIRECTORY);
                SafeFileHandle? seen = merged.Current is null
                    ? null : Sys.TryOpenChild(merged.Current, entry, Sys.O_RDONLY | Sys.O_DIRECTORY);
                if (directory is null && seen is null)
                    continue;
                // If the layers below do not show under their own names, everything visible may be written to.
                bool isPlain = directory is not null && (seen is null || OverlayMark.HasNone(directory));
                upper.Enter(directory, entry, Sys.NamesIn(isPlain ? directory! : seen!));
                merged.Enter(seen, entry, []);
                path += "/" + entry;
            }
            else if (upper.IsAtTop)
            {
                return;
            }
            else
            {
                path = path[..^(upper.Leave().Length + 1)];
                merged.Leave();
            }
        }
    }

    private static void CheckEntry(SafeFileHandle? upper, SafeFileHandle? merged, string name, string path)
    {
        if (IsImmutable(upper, name) || IsImmutable(merged, name))
            throw new InputException(PathText.Printable(path)
                + " is immutable or append-only, so it cannot be reset: chattr -i -a allows it");
    }

    private static bool IsImmutable(SafeFileHandle? directory, string name) =>
        directory is not null && Sys.TryStatusAt(directory, name) is { IsImmutable: true };
}
