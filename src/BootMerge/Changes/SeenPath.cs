using System;
using System.Collections.Generic;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>
/// Follows the symlinks on the way to a path as a program that runs in the root would. In a hierarchy it follows what
/// the merge shows, or would show; elsewhere, the root.
/// </summary>
internal static class SeenPath
{
    /// <summary>As many as the kernel follows (MAXSYMLINKS).</summary>
    private const int MaxLinks = 40;

    /// <param name="unmerged">The root without merges.</param>
    /// <param name="hierarchies">As configured.</param>
    /// <param name="typed">Absolute. Its last name is followed only if a slash comes after it.</param>
    /// <returns>Absolute, inside the root. From the first name that does not exist, it is as typed.</returns>
    public static string Of(Root unmerged, List<ChangedTree> trees, List<string> hierarchies, string typed)
    {
        List<string> names = [];
        Push(names, typed);
        string path = "";
        int links = 0;
        while (names.TryTakeLast(out string name))
        {
            if (name == "..")
                path = PathName.Parent(path);
            if (name is "" or "." or "..")
                continue;
            string next = path + "/" + name;
            // A hierarchy may itself be a symlink, or be reached by its real path.
            if (trees.Find(tree => tree.Target == next) is ChangedTree target)
                next = target.Hierarchy;
            bool isLink = names.Count > 0 && !hierarchies.Has(next);
            if (!isLink || TryReadLink(unmerged, trees, next) is not string link)
                path = next;
            else if (++links > MaxLinks)
                throw new InputException(PathText.Printable(typed)
                    + " cannot be followed: more than 40 symlinks, or a loop of symlinks");
            else
            {
                path = link.StartsWith('/') ? "" : path;
                Push(names, link);
            }
        }

        return path.Length == 0 ? "/" : path;
    }

    private static void Push(List<string> names, string path)
    {
        string[] parts = path.Split('/');
        for (int i = parts.Length - 1; i >= 0; i--)
            names.Add(parts[i]);
    }

    /// <param name="path">Without symlinks on the way.</param>
    /// <returns>null if nothing, or something else, is there.</returns>
    private static string? TryReadLink(Root unmerged, List<ChangedTree> trees, string path)
    {
        ChangedTree? tree = trees.Find(tree => PathName.IsBelow(path, tree.Hierarchy));
        SafeFileHandle top = tree is null ? unmerged.Handle : tree.Seen ?? throw new InvalidOperationException();
        string inside = tree is null ? path[1..] : path[(tree.Hierarchy.Length + 1)..];
        using SafeFileHandle? link = Sys.TryOpenAt(top, inside, Sys.O_PATH | Sys.O_NOFOLLOW,
            Sys.RESOLVE_BENEATH | Sys.RESOLVE_NO_SYMLINKS, out int errno);
        if (link is null && errno is not (Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP))
            throw new KernelException("openat2", path, errno);
        return link is not null && Sys.Status(link).IsSymlink ? Sys.ReadLink(link) : null;
    }
}
