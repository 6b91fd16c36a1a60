using System;
using System.Collections.Generic;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>
/// Takes overlayfs's note of the lower file that a file was copied up from off the files of an upper layer. By the note
/// overlayfs gives the copy the inode of that lower file. When the lower file is seen as well, because the copy was
/// moved or what hid it has been removed, both names are one file: what is written to one shows in the other. The note
/// is a file handle, for most images only an inode number, so in the vendor's next image it names another file. And two
/// copies with the same note, as cp -a of an upper layer makes them, are a stale handle at one of the names.
/// Directories keep theirs: overlayfs finds the layers below a directory by its path.
/// </summary>
internal static class CopyOrigins
{
    private const byte DT_UNKNOWN = 0;
    private const byte DT_DIR = 4;

    private static readonly byte[] Attribute = PathText.Terminated(OverlayMark.Origin);

    /// <summary>
    /// Safe at any time: without the note a copy has an inode of its own, as a new file has. The whole layer is read,
    /// also opaque and moved directories.
    /// </summary>
    /// <param name="upper">Without what is mounted upon it.</param>
    /// <returns>Why some may be left; null when none is.</returns>
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
                continue; // gone or exchanged since
            List<string> inside = [];
            problem = RemoveIn(directory, inside) ?? problem;
            way.Enter(directory, name, inside);
        }

        return problem;
    }

    /// <param name="directories">Gets those that are in the directory.</param>
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
                    + PathText.Printable(Sys.PathOf(directory).TrimEnd('/') + "/" + entry.Name) + " cannot be removed: "
                        + (Sys.TryStatusAt(directory, entry.Name) is { IsImmutable: true }
                        ? "it is immutable, chattr -i -a allows it" : Errno.Describe(errno));
            }

            entries.Clear();
        }

        return problem;
    }
}
