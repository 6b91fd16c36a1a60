using System;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Linux;

/// <summary>System calls that copy a file together with its attributes.</summary>
internal static unsafe partial class Sys
{
    /// <summary>Makes a device, fifo or socket, as the status says.</summary>
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

    /// <summary>Adds another name for a file; a symlink is not followed.</summary>
    public static void MakeLink(SafeFileHandle oldDirectory, string oldName, SafeFileHandle directory, string name) =>
        Check(LibC.linkat(Raw(oldDirectory), PathText.Terminated(oldName), Raw(directory), PathText.Terminated(name),
            0), "link", name);

    public static void Rename(SafeFileHandle directory, string oldName, string newName) =>
        Check(LibC.renameat(Raw(directory), PathText.Terminated(oldName), Raw(directory), PathText.Terminated(newName)),
            "rename", newName);

    /// <summary>Moves a file to a place where nothing exists.</summary>
    /// <returns>false if something exists there by now.</returns>
    public static bool TryMoveInto(SafeFileHandle oldDirectory, string name, SafeFileHandle directory)
    {
        const uint RENAME_NOREPLACE = 1;
        byte[] terminated = PathText.Terminated(name);
        int result = LibC.renameat2(Raw(oldDirectory), terminated, Raw(directory), terminated, RENAME_NOREPLACE);
        int errno = LastErrno;
        return result == 0 || (errno == Errno.EEXIST ? false : throw new KernelException("renameat2", name, errno));
    }

    /// <summary>Moves a file, and replaces what has its name there.</summary>
    public static void Move(SafeFileHandle oldDirectory, string name, SafeFileHandle directory) =>
        Check(LibC.renameat(Raw(oldDirectory), PathText.Terminated(name), Raw(directory), PathText.Terminated(name)),
            "rename", name);

    /// <summary>Exchanges what has this name in the two directories, in one step.</summary>
    /// <returns>false if the file system cannot do that.</returns>
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
    /// Copies owner, mode, attributes and times of any kind of file. Both files are open, not names: anyone with write
    /// access to a directory can replace what a name leads to. A symlink has no mode. Needs /proc.
    /// </summary>
    /// <param name="source">May be O_PATH, like <paramref name="target"/>.</param>
    /// <param name="status">What the source was when it was looked at.</param>
    /// <param name="withMarks">Also copy overlayfs's attributes.</param>
    /// <param name="name">For messages.</param>
    /// <returns>An attribute that the target's file system cannot store, or null.</returns>
    public static string? CopyAttributes(SafeFileHandle source, FileStatus status, SafeFileHandle target,
        bool withMarks, string name)
    {
        Check(LibC.fchownat(Raw(target), EmptyPath, status.Uid, status.Gid, AT_EMPTY_PATH), "chown", name);
        // A link in /proc leads to the open file itself. fchmodat2(2), which takes AT_EMPTY_PATH, only came with 6.6.
        byte[] path = PathText.Terminated(ProcPath(target));
        if (!status.IsSymlink)
            Check(LibC.fchmodat(LibC.AT_FDCWD, path, status.Permissions, 0), "chmod", name);
        // After chown(2), which clears capabilities, and chmod(2), which changes ACLs.
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

    /// <summary>Copies all bytes; runs of zeros become holes.</summary>
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

    /// <summary>When this returns, the whole file system has been written to the disk.</summary>
    public static void SyncFileSystem(SafeFileHandle file) => Check(LibC.syncfs(Raw(file)), "syncfs", file);
}
