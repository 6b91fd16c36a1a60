using System;
using System.Collections.Generic;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>
/// Removes, from the files of an upper layer, overlayfs's note of the lower file that each was copied up from. The note
/// makes overlayfs give the copy the lower file's inode. If the lower file is visible too, because the copy was moved
/// or because what hid the lower file was removed, then both names are one file: a write to one shows in the other. The
/// note is a file handle, which on most images is only an inode number, so in the vendor's next image it names another
/// file. And if two copies have the same note, as in an upper layer copied with cp -a, one of the names gives a stale
/// handle. Directories keep their notes: overlayfs finds the layers below a directory by its path.
/// </summary>
internal static class CopyOrigins
{
    private const byte DT_UNKNOWN = 0;
    private const byte DT_DIR = 4;

    private static readonly byte[] Attribute = PathText.Terminated(OverlayMark.Origin);

    /// <summary>
    /// Safe at any time: without the note a copy has its own inode, like a new file. Reads the whole layer, including
    /// opaque and moved directories.
    /// </summary>
    /// <param name="upper">Without what is mounted in it.</param>
    /// <returns>Why some notes may be left; null if none are.</returns>
    public static string? Remove(SafeFileHandle upper)
    {
        using SafeFileHandle before = Sys.Open(".", Sys.O_PATH | Sys.O_DIRECTORY);
        try
        {
            return Walk(upper);
        }
        catch (KernelException e)
        {
            return e.Message;
        }
        catch (InputException e)
        {
            return e.Message;
        }
        catch (OutOfMemoryException)
        {
            return "a directory is too large for bootmerge's memory limit";
        }
        finally
        {
            Sys.ChangeDirectory(before);
        }
    }

    private static string? Walk(SafeFileHandle upper)
    {
        SafeFileHandle top = Sys.Reopen(upper, Sys.O_RDONLY | Sys.O_DIRECTORY);
        List<string> inTop = [];
        string? problem = RemoveIn(top, inTop);
        using Descent way = new(top, inTop);
        while (way.TryNextOrLeave(out string? name))
        {
            if (Sys.TryOpenChild(way.Current!, name, Sys.O_RDONLY | Sys.O_DIRECTORY) is not SafeFileHandle directory)
                continue; // removed or replaced meanwhile
            List<string> inside = [];
            problem = RemoveIn(directory, inside) ?? problem;
            way.Enter(directory, name, inside);
        }

        return problem;
    }

    /// <param name="directories">Receives the directories in this one.</param>
    private static string? RemoveIn(SafeFileHandle directory, List<string> directories)
    {
        string? problem = null;
        Sys.ChangeDirectory(directory);
        List<DirectoryEntry> entries = [];
        int size = 0;
        while (Sys.ReadSome(directory, entries))
        {
            foreach (DirectoryEntry entry in entries)
            {
                if (entry.Type == DT_DIR || entry.Type == DT_UNKNOWN
                    && Sys.TryStatusAt(directory, entry.Name) is { IsDirectory: true })
                {
                    Sys.Count(entry.Name, ref size, directory);
                    directories.Add(entry.Name);
                }
                else if (Sys.HasXattrHere(entry.Name, Attribute)
                    && Sys.TryRemoveXattrAt(directory, entry.Name, OverlayMark.Origin) is int errno and not 0)
                    problem = "the attribute " + OverlayMark.Origin + " of "
                    + PathText.Printable(PathName.Child(Sys.PathOf(directory), entry.Name)) + " cannot be removed: "
                        + (Sys.TryStatusAt(directory, entry.Name) is { IsImmutable: true }
                        ? "it is immutable, chattr -i -a allows it" : Errno.Describe(errno));
            }

            entries.Clear();
        }

        return problem;
    }
}
