using Microsoft.Win32.SafeHandles;

namespace BootMerge.Linux;

/// <summary>Loop devices (linux/loop.h), and reads at an offset of a file or device.</summary>
internal static unsafe partial class Sys
{
    private const ulong LOOP_CTL_GET_FREE = 0x4C82;
    private const ulong LOOP_CONFIGURE = 0x4C0A;
    private const ulong LOOP_GET_STATUS64 = 0x4C05;
    private const uint LO_FLAGS_READ_ONLY = 1;
    private const uint LO_FLAGS_AUTOCLEAR = 4;
    private const uint LO_FLAGS_DIRECT_IO = 16;

    /// <summary>The number of a loop device that is free now; if all are in use, the kernel makes one.</summary>
    /// <param name="control">/dev/loop-control</param>
    public static int FreeLoopNumber(SafeFileHandle control)
    {
        int number = LibC.ioctl(Raw(control), LOOP_CTL_GET_FREE, null);
        int errno = LastErrno;
        return number >= 0 ? number : throw new KernelException("ioctl LOOP_CTL_GET_FREE", "/dev/loop-control", errno);
    }

    /// <summary>
    /// Shows a file on a loop device, read-only, until the last user of the device is gone [5.8]. Direct I/O saves a
    /// second copy in the page cache; the kernel does without if the file's own file system cannot do it.
    /// </summary>
    /// <param name="size">How much of the file, starting at <paramref name="offset"/>; 0: all of it.</param>
    /// <returns>0, or the error number.</returns>
    public static int TryConfigureLoop(SafeFileHandle device, SafeFileHandle file, ulong offset, ulong size)
    {
        LibC.LoopConfiguration configuration = default;
        configuration.File = (uint)Raw(file);
        configuration.Information.Offset = offset;
        configuration.Information.SizeLimit = size;
        configuration.Information.Flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO;
        int result = LibC.ioctl(Raw(device), LOOP_CONFIGURE, &configuration);
        int errno = LastErrno;
        return result == 0 ? 0 : errno;
    }

    /// <summary>Whether a loop device shows exactly this part of a file, read-only and with autoclear.</summary>
    /// <param name="file">Status of the file.</param>
    public static bool IsLoopOver(SafeFileHandle device, FileStatus file, ulong offset, ulong size)
    {
        const uint Wanted = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR;
        LibC.LoopInformation information;
        // A device without a file answers ENXIO.
        return LibC.ioctl(Raw(device), LOOP_GET_STATUS64, &information) == 0
            && information.BackingInode == file.Inode
            && information.BackingDevice == KernelDevice(file)
            && information.Offset == offset
            && information.SizeLimit == size
            && (information.Flags & Wanted) == Wanted;
    }

    /// <summary>In bytes.</summary>
    /// <param name="file">A regular file or block device, opened for reading.</param>
    public static ulong SizeOf(SafeFileHandle file)
    {
        const ulong BLKGETSIZE64 = 0x80081272;
        FileStatus status = Status(file);
        if (!status.IsBlockDevice)
            return status.Size;
        ulong size;
        Check(LibC.ioctl(Raw(file), BLKGETSIZE64, &size), "ioctl BLKGETSIZE64", file);
        return size;
    }

    /// <summary>Reads from a file or block device; fewer bytes at its end.</summary>
    public static int ReadAt(SafeFileHandle file, byte[] buffer, ulong offset, string name)
    {
        int length = 0;
        while (length < buffer.Length)
        {
            nint count;
            int errno;
            fixed (byte* at = buffer)
            {
                count = LibC.pread(Raw(file), at + length, (nuint)(buffer.Length - length),
                    (long)offset + length);
                errno = LastErrno;
            }

            if (count < 0 && errno != Errno.EINTR)
                throw new KernelException("read", name, errno);
            if (count == 0)
                break;
            length += (int)System.Math.Max(count, 0);
        }

        return length;
    }

    /// <summary>Whether a file is on an overlay.</summary>
    public static bool IsOnOverlay(SafeFileHandle file)
    {
        const long OVERLAYFS_SUPER_MAGIC = 0x794c7630;
        return FileSystemType(file) == OVERLAYFS_SUPER_MAGIC;
    }

    /// <summary>
    /// The project (a quota's ID) that new files in a directory get, and that files moved there must have; null: any.
    /// </summary>
    /// <param name="directory">Opened for reading.</param>
    public static uint? InheritedProject(SafeFileHandle directory)
    {
        const ulong FS_IOC_FSGETXATTR = 0x801C581F;
        const uint FS_XFLAG_PROJINHERIT = 0x200;
        LibC.FileAttributes attributes;
        // A file system without projects does not know the request.
        return LibC.ioctl(Raw(directory), FS_IOC_FSGETXATTR, &attributes) == 0
            && (attributes.Flags & FS_XFLAG_PROJINHERIT) != 0 ? attributes.Project : null;
    }

    /// <summary>The magic number of statfs(2).</summary>
    public static long FileSystemType(SafeFileHandle file)
    {
        LibC.StatfsBuffer buffer;
        Check(LibC.fstatfs(Raw(file), &buffer), "statfs", file);
        return buffer.Type;
    }

    /// <summary>
    /// Type, size and ID of the file system: at least one of them nearly always differs for another one.
    /// </summary>
    public static string FileSystemOf(SafeFileHandle file)
    {
        LibC.StatfsBuffer buffer;
        Check(LibC.fstatfs(Raw(file), &buffer), "statfs", file);
        return buffer.Type.ToString() + " " + buffer.Blocks.ToString() + " " + buffer.FileSystemId.ToString();
    }

    // The kernel's encoding for user space, huge_encode_dev(): the minor's upper bits are above the major.
    private static ulong KernelDevice(FileStatus file) =>
        (file.DeviceMinor & 0xFF) | (ulong)file.DeviceMajor << 8 | (ulong)(file.DeviceMinor & ~0xFFu) << 12;
}
