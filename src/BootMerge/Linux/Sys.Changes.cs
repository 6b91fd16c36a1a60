using System;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Linux;

/// <summary>System calls that make, change and remove files, relative to a directory's descriptor.</summary>
internal static unsafe partial class Sys
{
    private const int AT_REMOVEDIR = 0x200;

    /// <summary>Writes a new file; fails if the name exists.</summary>
    public static void CreateFile(SafeFileHandle directory, string name, ReadOnlySpan<byte> content, uint mode)
    {
        using SafeFileHandle file = OpenChild(directory, name, O_WRONLY | O_CREAT | O_EXCL, mode);
        WriteAll(file, content, name);
    }

    /// <summary>A reader sees the old content or the new one, even after a power cut.</summary>
    public static void ReplaceFile(SafeFileHandle directory, string name, ReadOnlySpan<byte> content, uint mode)
    {
        string temporary = "." + name + ".new";
        RemoveFile(directory, temporary);
        using (SafeFileHandle file = OpenChild(directory, temporary, O_WRONLY | O_CREAT | O_EXCL, mode))
        {
            WriteAll(file, content, name);
            Check(LibC.fsync(Raw(file)), "fsync", name);
        }

        Check(LibC.renameat(Raw(directory), PathText.Terminated(temporary), Raw(directory), PathText.Terminated(name)),
            "rename", name);
    }

    /// <summary>Makes changes in a directory survive a power cut.</summary>
    /// <param name="directory">Opened for reading.</param>
    public static void Synchronize(SafeFileHandle directory) => Check(LibC.fsync(Raw(directory)), "fsync", directory);

    /// <returns>false if it existed already.</returns>
    public static bool MakeDirectory(SafeFileHandle directory, string name, uint mode, string nameForErrors)
    {
        int result = LibC.mkdirat(Raw(directory), PathText.Terminated(name), mode);
        int errno = LastErrno;
        if (result == 0)
            return true;
        return errno == Errno.EEXIST ? false : throw new KernelException("mkdir", nameForErrors, errno);
    }

    /// <summary>Makes missing directories on a path below a directory. A symlink on the way is refused.</summary>
    /// <param name="path">Relative, of single names: "confexts/foo".</param>
    /// <returns>The last one, O_RDONLY.</returns>
    public static SafeFileHandle OpenOrMake(SafeFileHandle directory, string path, uint mode, string nameForErrors)
    {
        SafeFileHandle last = Reopen(directory, O_PATH | O_DIRECTORY);
        foreach (string name in path.Split('/'))
        {
            using SafeFileHandle parent = last;
            MakeDirectory(parent, name, mode, nameForErrors);
            last = OpenChild(parent, name, O_RDONLY | O_DIRECTORY);
        }

        return last;
    }

    /// <returns>false if something exists there already.</returns>
    public static bool MakeSymlink(SafeFileHandle directory, string name, string target, string nameForErrors)
    {
        int result = LibC.symlinkat(PathText.Terminated(target), Raw(directory), PathText.Terminated(name));
        int errno = LastErrno;
        if (result == 0)
            return true;
        return errno == Errno.EEXIST ? false : throw new KernelException("symlink", nameForErrors, errno);
    }

    /// <summary>It is not an error if the file does not exist.</summary>
    public static void RemoveFile(SafeFileHandle directory, string name) => Remove(directory, name, 0, "unlink");

    /// <summary>It is not an error if the directory does not exist.</summary>
    public static void RemoveDirectory(SafeFileHandle directory, string name) =>
        Remove(directory, name, AT_REMOVEDIR, "rmdir");

    private static void Remove(SafeFileHandle directory, string name, int flags, string call)
    {
        int result = LibC.unlinkat(Raw(directory), PathText.Terminated(name), flags);
        int errno = LastErrno;
        if (result < 0 && errno != Errno.ENOENT)
            throw new KernelException(call, NameOf(directory) + "/" + name, errno);
    }

    /// <param name="isDirectory">Whether it must be a directory, or must not be one.</param>
    /// <returns>0, or the error number.</returns>
    public static int TryRemove(SafeFileHandle directory, string name, bool isDirectory)
    {
        int result = LibC.unlinkat(Raw(directory), PathText.Terminated(name), isDirectory ? AT_REMOVEDIR : 0);
        int errno = LastErrno;
        return result == 0 ? 0 : errno;
    }

    /// <summary>Removes a directory and everything in it; follows no symlink and enters no other file system.</summary>
    public static void RemoveTree(SafeFileHandle parent, string name)
    {
        using Descent descent = new(Reopen(parent, O_RDONLY | O_DIRECTORY), []);
        if (!TryEnterWithAll(descent, name))
            return;
        while (!descent.IsAtTop)
        {
            if (!descent.TryNext(out string? entry))
            {
                string left = descent.Leave();
                RemoveDirectory(descent.Current!, left);
            }
            else if (TryStatusAt(descent.Current!, entry) is { IsDirectory: true })
            {
                TryEnterWithAll(descent, entry);
            }
            else
            {
                RemoveFile(descent.Current!, entry);
            }
        }
    }

    /// <returns>false if it is gone, or is not a directory.</returns>
    private static bool TryEnterWithAll(Descent descent, string name)
    {
        SafeFileHandle? directory = TryOpenAt(descent.Current!, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
            RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
        if (directory is null)
            return false;
        descent.Enter(directory, name, NamesIn(directory));
        return true;
    }

    /// <returns>0, or the error number.</returns>
    public static int TryTruncate(SafeFileHandle file)
    {
        int result = LibC.ftruncate(Raw(file), 0);
        int errno = LastErrno;
        return result == 0 ? 0 : errno;
    }

    public static void ChangeMode(SafeFileHandle file, uint mode) => Check(LibC.fchmod(Raw(file), mode), "chmod", file);

    public static void ChangeOwner(SafeFileHandle file, uint uid, uint gid) =>
        Check(LibC.fchown(Raw(file), uid, gid), "chown", file);
}
