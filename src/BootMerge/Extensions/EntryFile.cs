using System;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Extensions;

/// <summary>What an entry is or leads to, with symlinks resolved inside the root.</summary>
internal static class EntryFile
{
    /// <summary>O_PATH; null if it cannot be opened, with the reason in <paramref name="problem"/>.</summary>
    /// <param name="isFailure">An extension was meant to be here: the kernel failed, or a link leads nowhere.</param>
    public static SafeFileHandle? TryOpen(Root root, string path, out string problem, out bool isFailure)
    {
        isFailure = false;
        // As in ReleaseFileSearch: one entry that cannot be opened must not keep the others from being merged.
        try
        {
            SafeFileHandle? handle = TryOpenIfThere(root, path, out problem);
            if (handle is null)
            {
                isFailure = problem.Length > 0;
                if (problem.Length == 0)
                    problem = Dangling(root, path, out isFailure);
            }

            return handle;
        }
        catch (KernelException e)
        {
            problem = e.Message;
            isFailure = true;
            return null;
        }
    }

    /// <summary>
    /// O_PATH; null without a problem if nothing exists there, or a dangling symlink. Other failures are thrown.
    /// </summary>
    public static SafeFileHandle? TryOpenIfThere(Root root, string path, out string problem)
    {
        problem = "";
        try
        {
            return root.TryOpen(path);
        }
        catch (KernelException e) when (e.Errno == Errno.ELOOP)
        {
            problem = "a loop of symlinks, or a link through /proc";
            return null;
        }
    }

    /// <summary>
    /// Why nothing can be opened at a path although something was put there: a symlink that dangles now may lead
    /// somewhere at the next boot. null if nothing is there.
    /// </summary>
    /// <param name="open">Gets a path and the flags; returns null if it does not exist.</param>
    /// <param name="path">Absolute.</param>
    public static string? WhyMissing(Func<string, int, SafeFileHandle?> open, string path)
    {
        for (string part = path; part.Length > 0; part = PathName.Parent(part))
        {
            using SafeFileHandle? found = open(part, Sys.O_PATH | Sys.O_NOFOLLOW);
            if (found is null)
                continue;
            using SafeFileHandle? directory = open(part, Sys.O_PATH | Sys.O_DIRECTORY);
            if (directory is not null)
                return null;
            string what = Sys.Status(found).IsSymlink
                ? "a symlink to " + PathText.Printable(Sys.ReadLink(found)) + ", which does not lead to a directory"
                : "not a directory";
            return (part == path ? "it" : PathText.Printable(part)) + " is " + what;
        }

        return null;
    }

    /// <returns>false if an extension cannot be of this type.</returns>
    public static bool TryGetKind(FileStatus status, out ExtensionKind kind)
    {
        kind = status.IsDirectory ? ExtensionKind.Directory : status.IsRegular
            ? ExtensionKind.Image : ExtensionKind.BlockDevice;
        return kind != ExtensionKind.BlockDevice || status.IsBlockDevice;
    }

    private static string Dangling(Root root, string path, out bool isFailure)
    {
        isFailure = false;
        using SafeFileHandle? link = root.TryOpen(path, Sys.O_PATH | Sys.O_NOFOLLOW);
        if (link is null || !Sys.Status(link).IsSymlink)
            return "it disappeared during the search";
        string target = Sys.ReadLink(link);
        isFailure = target != "/dev/null"; // a link to /dev/null disables something on purpose, here as elsewhere
        return "a dangling symlink to " + PathText.Printable(target);
    }
}
