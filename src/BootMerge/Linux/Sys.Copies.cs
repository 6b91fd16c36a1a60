using System;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Linux;

/// <summary>System calls that copy a file with all that belongs to it.</summary>
internal static unsafe partial class Sys
{
    /// <summary>A device, fifo or socket as the status says.</summary>
    public static void MakeNode(SafeFileHandle directory, string name, FileStatus status) =>
        Check(LibC.mknodat(Raw(directory), PathText.Terminated(name), status.Mode, DeviceNumber(status)), "mknod", name);

    // makedev(3) of glibc.
    private static ulong DeviceNumber(FileStatus status)
    {
        ulong major = status.RdevMajor;
        ulong minor = status.RdevMinor;
        return (minor & 0xFF) | (major & 0xFFF) << 8 | (minor & ~0xFFul) << 12 | (major & ~0xFFFul) << 32;
    }

    /// <summary>A further name for a file, which is not followed when it is a symlink.</summary>
    public static void MakeLink(SafeFileHandle oldDirectory, string oldName, SafeFileHandle directory, string name) =>
        Check(LibC.linkat(Raw(oldDirectory), PathText.Terminated(oldName), Raw(directory), PathText.Terminated(name), 0), "link", name);

    public static void Rename(SafeFileHandle directory, string oldName, string newName) =>
        Check(LibC.renameat(Raw(directory), PathText.Terminated(oldName), Raw(directory), PathText.Terminated(newName)), "rename", newName);

    /// <summary>To a place where nothing is, or something that is replaced.</summary>
    public static void Move(SafeFileHandle oldDirectory, string name, SafeFileHandle directory) =>
        Check(LibC.renameat(Raw(oldDirectory), PathText.Terminated(name), Raw(directory), PathText.Terminated(name)), "rename", name);

    /// <summary>What is in the one directory is in the other afterwards, in one step.</summary>
    /// <returns>false where the file system cannot.</returns>
    public static bool TryExchange(SafeFileHandle oldDirectory, string name, SafeFileHandle directory)
    {
        const uint RENAME_EXCHANGE = 2;
        byte[] terminated = PathText.Terminated(name);
        int result = LibC.renameat2(Raw(oldDirectory), terminated, Raw(directory), terminated, RENAME_EXCHANGE);
        int errno = LastErrno;
        return result == 0 || (errno is Errno.EINVAL or Errno.EXDEV ? false : throw new KernelException("renameat2", name, errno));
    }

    /// <summary>Owner, mode, attributes and times of a file, whatever it is. Needs /proc.</summary>
    /// <param name="withMarks">Also the attributes of overlayfs.</param>
    /// <returns>An attribute that the other file system cannot hold; null when there is none.</returns>
    public static string? CopyAttributes(SafeFileHandle source, string name, FileStatus status, SafeFileHandle directory, bool withMarks)
    {
        byte[] terminated = PathText.Terminated(name);
        Check(LibC.fchownat(Raw(directory), terminated, status.Uid, status.Gid, AT_SYMLINK_NOFOLLOW), "chown", name);
        if (!status.IsSymlink)
            Check(LibC.fchmodat(Raw(directory), terminated, status.Permissions, 0), "chmod", name);
        // Behind chown(2), which takes capabilities away, and chmod(2), which changes ACLs.
        string? lost = null;
        byte[] path = PathText.Terminated(ProcPath(directory) + "/" + name);
        foreach (string attribute in ListXattrsAt(source, name))
        {
            if (!withMarks && OverlayMark.IsOne(attribute) || TryGetXattrAt(source, name, attribute) is not byte[] value)
                continue;
            int result;
            int errno;
            fixed (byte* at = value)
            {
                result = LibC.lsetxattr(path, PathText.Terminated(attribute), at, (nuint)value.Length, 0);
                errno = LastErrno;
            }

            if (result < 0)
                lost = errno is Errno.EOPNOTSUPP or Errno.EPERM ? attribute : throw new KernelException("setxattr " + attribute, name, errno);
        }

        LibC.StatxBuffer s;
        if (!TryStatx(source, terminated, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_BASIC_AND_BIRTH, &s, out int statxErrno))
            throw new KernelException("statx", name, statxErrno);
        LibC.TimeSpec* times = stackalloc LibC.TimeSpec[2];
        times[0] = new LibC.TimeSpec { Seconds = s.AccessTime.Seconds, Nanoseconds = s.AccessTime.Nanoseconds };
        times[1] = new LibC.TimeSpec { Seconds = s.ModificationTime.Seconds, Nanoseconds = s.ModificationTime.Nanoseconds };
        Check(LibC.utimensat(Raw(directory), terminated, times, AT_SYMLINK_NOFOLLOW), "utimensat", name);
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
