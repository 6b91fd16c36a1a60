using System;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Linux;

/// <summary>System calls that copy a file with all that belongs to it.</summary>
internal static unsafe partial class Sys
{
    /// <summary>A device, fifo or socket as the status says.</summary>
    public static void MakeNode(SafeFileHandle directory, string name, FileStatus status) =>
        Check(LibC.mknodat(Raw(directory), PathText.Terminated(name), status.Mode, DeviceNumber(status)), "mknod",
            name);

    // makedev(3) of glibc.
    private static ulong DeviceNumber(FileStatus status)
    {
        ulong major = status.RdevMajor;
        ulong minor = status.RdevMinor;
        return (minor & 0xFF) | (major & 0xFFF) << 8 | (minor & ~0xFFul) << 12 | (major & ~0xFFFul) << 32;
    }

    /// <summary>A further name for a file, which is not followed when it is a symlink.</summary>
    public static void MakeLink(SafeFileHandle oldDirectory, string oldName, SafeFileHandle directory, string name) =>
        Check(LibC.linkat(Raw(oldDirectory), PathText.Terminated(oldName), Raw(directory), PathText.Terminated(name),
            0), "link", name);

    public static void Rename(SafeFileHandle directory, string oldName, string newName) =>
        Check(LibC.renameat(Raw(directory), PathText.Terminated(oldName), Raw(directory), PathText.Terminated(newName)),
            "rename", newName);

    /// <summary>To a place where nothing is.</summary>
    /// <returns>false when something is there by now.</returns>
    public static bool TryMoveInto(SafeFileHandle oldDirectory, string name, SafeFileHandle directory)
    {
        const uint RENAME_NOREPLACE = 1;
        byte[] terminated = PathText.Terminated(name);
        int result = LibC.renameat2(Raw(oldDirectory), terminated, Raw(directory), terminated, RENAME_NOREPLACE);
        int errno = LastErrno;
        return result == 0 || (errno == Errno.EEXIST ? false : throw new KernelException("renameat2", name, errno));
    }

    /// <summary>To a place where nothing is, or something that is replaced.</summary>
    public static void Move(SafeFileHandle oldDirectory, string name, SafeFileHandle directory) =>
        Check(LibC.renameat(Raw(oldDirectory), PathText.Terminated(name), Raw(directory), PathText.Terminated(name)),
            "rename", name);

    /// <summary>What is in the one directory is in the other afterwards, in one step.</summary>
    /// <returns>false where the file system cannot.</returns>
    public static bool TryExchange(SafeFileHandle oldDirectory, string name, SafeFileHandle directory)
    {
        const uint RENAME_EXCHANGE = 2;
        byte[] terminated = PathText.Terminated(name);
        int result = LibC.renameat2(Raw(oldDirectory), terminated, Raw(directory), terminated, RENAME_EXCHANGE);
        int errno = LastErrno;
        return result == 0 || (errno is Errno.EINVAL or Errno.EXDEV
            ? false : throw new KernelException("renameat2", name, errno));
    }

    /// <summary>
    /// Owner, mode, attributes and times of a file, whatever it is. Both are open files and not names: whoever may
    /// write in a directory can replace what a name leads to. A symlink has no mode. Needs /proc.
    /// </summary>
    /// <param name="source">May be O_PATH, as <paramref name="target"/>.</param>
    /// <param name="status">What the source was when it was looked at.</param>
    /// <param name="withMarks">Also the attributes of overlayfs.</param>
    /// <param name="name">For messages.</param>
    /// <returns>An attribute that the other file system cannot hold; null when there is none.</returns>
    public static string? CopyAttributes(SafeFileHandle source, FileStatus status, SafeFileHandle target,
        bool withMarks, string name)
    {
        Check(LibC.fchownat(Raw(target), EmptyPath, status.Uid, status.Gid, AT_EMPTY_PATH), "chown", name);
        // A link of /proc leads to the open file itself. fchmodat2(2), which takes AT_EMPTY_PATH, came with 6.6.
        byte[] path = PathText.Terminated(ProcPath(target));
        if (!status.IsSymlink)
            Check(LibC.fchmodat(LibC.AT_FDCWD, path, status.Permissions, 0), "chmod", name);
        // Behind chown(2), which takes capabilities away, and chmod(2), which changes ACLs.
        string? lost = null;
        foreach (string attribute in ListXattrsOf(source))
        {
            if (attribute.Length == 0 || !withMarks && OverlayMark.IsOne(attribute)
                || TryGetXattrOf(source, attribute) is not byte[] value)
                continue;
            int result;
            int errno;
            fixed (byte* at = value)
            {
                result = LibC.setxattr(path, PathText.Terminated(attribute), at, (nuint)value.Length, 0);
                errno = LastErrno;
            }

            if (result < 0)
                lost = errno is Errno.EOPNOTSUPP or Errno.EPERM
                    ? attribute : throw new KernelException("setxattr " + attribute, name, errno);
        }

        LibC.StatxBuffer s;
        if (!TryStatx(source, EmptyPath, AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &s, out int statxErrno))
            throw new KernelException("statx", name, statxErrno);
        LibC.TimeSpec* times = stackalloc LibC.TimeSpec[2];
        times[0] = new LibC.TimeSpec { Seconds = s.AccessTime.Seconds, Nanoseconds = s.AccessTime.Nanoseconds };
        times[1] = new LibC.TimeSpec
        {
            Seconds = s.ModificationTime.Seconds,
            Nanoseconds = s.ModificationTime.Nanoseconds
        };
        Check(LibC.utimensat(Raw(target), EmptyPath, times, AT_EMPTY_PATH), "utimensat", name);
        return lost;
    }

    /// <summary>All bytes; where the source has nothing but zeros for a while, the target gets a hole.</summary>
    public static void CopyContent(SafeFileHandle source, SafeFileHandle target, byte[] buffer, string name)
    {
        const int SeekCurrent = 1;
        while (true)
        {
            int length = ReadFully(source, buffer, name);
            bool isZero = true;
            for (int i = 0; i < length && isZero; i++)
                isZero = buffer[i] == 0;
            if (isZero)
                Check(LibC.lseek(Raw(target), length, SeekCurrent) < 0 ? -1 : 0, "lseek", name);
            else
                WriteAll(target, buffer.AsSpan(0, length), name);
            if (length < buffer.Length)
                break;
        }

        Check(LibC.ftruncate(Raw(target), LibC.lseek(Raw(target), 0, SeekCurrent)), "ftruncate", name);
    }

    /// <summary>Everything of the file system is on the disk when this returns.</summary>
    public static void SyncFileSystem(SafeFileHandle file) => Check(LibC.syncfs(Raw(file)), "syncfs", file);
}
