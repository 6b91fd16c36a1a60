using System;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Linux;

// Status of files: statx(2), and statvfs(3) of their mount.
internal static unsafe partial class Sys
{
    private const uint STATX_BASIC_STATS = 0x7FF;
    private const uint STATX_BTIME = 0x800;
    private const uint STATX_MNT_ID = 0x1000;
    private const uint STATX_MNT_ID_UNIQUE = 0x4000;
    private const ulong STATX_ATTR_MOUNT_ROOT = 0x2000;
    private const ulong STATX_ATTR_IMMUTABLE = 0x10;
    private const ulong STATX_ATTR_APPEND = 0x20;

    public static FileStatus Status(SafeFileHandle handle) =>
        StatusAt(handle, EmptyPath, AT_EMPTY_PATH, out int errno)
            ?? throw new KernelException("statx", NameOf(handle), errno);

    /// <summary>Does not follow a symlink; null for ENOENT and ENOTDIR.</summary>
    public static FileStatus? TryStatusAt(SafeFileHandle directory, string name)
    {
        FileStatus? status = StatusAt(directory, PathText.Terminated(name, stackalloc byte[NameRoom]),
            AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, out int errno);
        if (status is null && errno is not (Errno.ENOENT or Errno.ENOTDIR))
            throw new KernelException("statx", name, errno);
        return status;
    }

    private static FileStatus? StatusAt(SafeFileHandle directory, ReadOnlySpan<byte> path, int flags, out int errno)
    {
        LibC.StatxBuffer s;
        // Unknown mask bits are ignored. Kernels before 6.8 do not return the unique number: then ask for the old one.
        if (!TryStatx(directory, path, flags, STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID_UNIQUE, &s, out errno))
            return null;
        if ((s.Mask & STATX_MNT_ID_UNIQUE) == 0)
            s.MountId = MountNumberAt(directory, path, flags);

        return new FileStatus
        {
            Mode = s.Mode,
            Uid = s.Uid,
            Gid = s.Gid,
            Inode = s.Inode,
            Size = s.Size,
            DeviceMajor = s.DeviceMajor,
            DeviceMinor = s.DeviceMinor,
            RdevMajor = s.RdevMajor,
            RdevMinor = s.RdevMinor,
            BirthTime = Microseconds(s.BirthTime),
            ModificationTime = Microseconds(s.ModificationTime),
            ChangeTime = Microseconds(s.ChangeTime),
            Links = s.Links,
            UniqueMountId = s.MountId,
            IsImmutable = (s.Attributes & (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND)) != 0,
            IsMountRoot = (s.Attributes & STATX_ATTR_MOUNT_ROOT) != 0,
        };
    }

    /// <summary>The mount's number, as in mountinfo.</summary>
    public static int MountNumber(SafeFileHandle handle) => (int)MountNumberAt(handle, EmptyPath, AT_EMPTY_PATH);

    private static ulong MountNumberAt(SafeFileHandle directory, ReadOnlySpan<byte> path, int flags)
    {
        LibC.StatxBuffer s;
        return TryStatx(directory, path, flags, STATX_MNT_ID, &s, out int errno)
            ? s.MountId : throw new KernelException("statx", "mount id", errno);
    }

    private static bool TryStatx(SafeFileHandle directory, ReadOnlySpan<byte> path, int flags, uint mask,
        LibC.StatxBuffer* status, out int errno)
    {
        fixed (byte* at = path)
        {
            int result = LibC.statx(Raw(directory), at, flags, mask, status);
            errno = LastErrno;
            return result >= 0;
        }
    }

    private static ulong Microseconds(LibC.StatxTime time) => (ulong)time.Seconds * 1_000_000 + time.Nanoseconds / 1000;

    /// <summary>true if the file system, or the mount that the file was opened on, is read-only.</summary>
    public static bool IsReadOnly(SafeFileHandle file)
    {
        const ulong ST_RDONLY = 1;
        return (MountFlags(file) & ST_RDONLY) != 0;
    }

    /// <summary>true if nothing can be executed from the mount.</summary>
    public static bool IsNoExec(SafeFileHandle file)
    {
        const ulong ST_NOEXEC = 8;
        return (MountFlags(file) & ST_NOEXEC) != 0;
    }

    private static ulong MountFlags(SafeFileHandle file)
    {
        LibC.StatvfsBuffer buffer;
        Check(LibC.fstatvfs(Raw(file), &buffer), "statvfs", file);
        return buffer.Flags;
    }
}
