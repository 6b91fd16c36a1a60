using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using CommunityToolkit.HighPerformance;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Linux;

/// <summary>A file handle of name_to_handle_at(2): it identifies an inode across mounts and reboots.</summary>
internal sealed class FileHandle(int type, byte[] bytes)
{
    public int Type { get; } = type;

    public byte[] Bytes { get; } = bytes;
}

/// <summary>Extended attributes and file handles.</summary>
internal static unsafe partial class Sys
{
    private const int XattrSizeMax = 65536;

    // Nearly every attribute, and every list of names, fits. A large buffer would cost more than the call.
    private const int SmallXattr = 512;

    /// <param name="file">Opened for reading, not O_PATH.</param>
    /// <returns>Empty if the file system has no attributes.</returns>
    public static List<string> ListXattrs(SafeFileHandle file)
    {
        byte* buffer = stackalloc byte[SmallXattr];
        nint length = LibC.flistxattr(Raw(file), buffer, SmallXattr);
        int errno = LastErrno;
        if (length < 0 && errno == Errno.ERANGE)
        {
            byte[] large = new byte[XattrSizeMax];
            fixed (byte* at = large)
            {
                length = LibC.flistxattr(Raw(file), at, XattrSizeMax);
                errno = LastErrno;
                if (length >= 0)
                    return Names(new ReadOnlySpan<byte>(at, (int)length));
            }
        }

        if (length < 0 && errno != Errno.EOPNOTSUPP)
            throw new KernelException("listxattr", NameOf(file), errno);
        return Names(new ReadOnlySpan<byte>(buffer, (int)Math.Max(length, 0)));
    }

    /// <summary>
    /// For any kind of file in a directory: it is not opened, and a symlink is not followed. Needs /proc.
    /// </summary>
    /// <returns>Empty if the file system has no attributes, or the file is gone.</returns>
    public static List<string> ListXattrsAt(SafeFileHandle directory, string name) =>
        ListXattrs(ProcPath(directory) + "/" + name, name, isLink: false);

    /// <summary>For an open file of any kind, a symlink too; it may be O_PATH. Needs /proc.</summary>
    public static List<string> ListXattrsOf(SafeFileHandle file) => ListXattrs(ProcPath(file), null, isLink: true);

    /// <param name="isLink">The path is a link in /proc, which leads to the open file itself and no further.</param>
    private static List<string> ListXattrs(string path, string? name, bool isLink)
    {
        byte[] terminated = PathText.Terminated(path);
        byte[] buffer = SmallBuffer;
        while (true)
        {
            nint length;
            int errno;
            fixed (byte* at = buffer)
            {
                length = isLink ? LibC.listxattr(terminated, at, (nuint)buffer.Length)
                    : LibC.llistxattr(terminated, at, (nuint)buffer.Length);
                errno = LastErrno;
            }

            if (length >= 0)
                return Names(buffer.AsSpan(0, (int)length));
            if (errno is Errno.EOPNOTSUPP or Errno.ENOENT)
                return [];
            if (errno != Errno.ERANGE || buffer.Length == XattrSizeMax)
                throw new KernelException("listxattr", name ?? path, errno);
            buffer = new byte[XattrSizeMax];
        }
    }

    /// <summary>Like <see cref="ListXattrsAt"/>.</summary>
    /// <returns>null if it does not have the attribute.</returns>
    public static byte[]? TryGetXattrAt(SafeFileHandle directory, string name, string attribute) =>
        TryGetXattr(ProcPath(directory) + "/" + name, name, attribute, isLink: false);

    /// <summary>Like <see cref="ListXattrsOf"/>.</summary>
    /// <returns>null if it does not have the attribute.</returns>
    public static byte[]? TryGetXattrOf(SafeFileHandle file, string attribute) =>
        TryGetXattr(ProcPath(file), null, attribute, isLink: true);

    private static byte[]? TryGetXattr(string path, string? name, string attribute, bool isLink)
    {
        byte[] terminatedPath = PathText.Terminated(path);
        byte[] terminated = PathText.Terminated(attribute);
        byte[] buffer = SmallBuffer;
        while (true)
        {
            nint length;
            int errno;
            fixed (byte* at = buffer)
            {
                length = isLink ? LibC.getxattr(terminatedPath, terminated, at, (nuint)buffer.Length)
                    : LibC.lgetxattr(terminatedPath, terminated, at, (nuint)buffer.Length);
                errno = LastErrno;
            }

            if (length >= 0)
                return buffer.AsSpan(0, (int)length).ToArray();
            if (errno is Errno.ENODATA or Errno.EOPNOTSUPP or Errno.ENOENT)
                return null;
            if (errno != Errno.ERANGE || buffer.Length == XattrSizeMax)
                throw new KernelException("getxattr " + attribute, name ?? path, errno);
            buffer = new byte[XattrSizeMax];
        }
    }

    /// <summary>
    /// Like <see cref="TryGetXattrAt"/>, for a file in the working directory. A path through /proc takes three times as
    /// long, which matters when every file is asked.
    /// </summary>
    public static bool HasXattrHere(string name, byte[] attribute)
    {
        nint length = LibC.lgetxattr(PathText.Terminated(name), attribute, null, 0);
        int errno = LastErrno;
        if (length < 0 && errno is not (Errno.ENODATA or Errno.EOPNOTSUPP or Errno.ENOENT))
            throw new KernelException("getxattr", name, errno);
        return length >= 0;
    }

    /// <summary>Like <see cref="ListXattrsAt"/>, for any kind of file.</summary>
    /// <returns>0 if the attribute is gone now, removed here or before; otherwise the error number.</returns>
    public static int TryRemoveXattrAt(SafeFileHandle directory, string name, string attribute)
    {
        int result = LibC.lremovexattr(PathText.Terminated(ProcPath(directory) + "/" + name),
            PathText.Terminated(attribute));
        int errno = LastErrno;
        return result == 0 || errno is Errno.ENODATA or Errno.ENOENT ? 0 : errno;
    }

    private static readonly byte[] SmallBuffer = new byte[SmallXattr];

    private static List<string> Names(ReadOnlySpan<byte> list)
    {
        List<string> names = [];
        foreach (ReadOnlySpan<byte> name in list.Tokenize((byte)0))
            if (!name.IsEmpty)
                names.Add(PathText.Decode(name));

        return names;
    }

    /// <summary>false if the file system cannot store overlayfs's own attributes.</summary>
    public static bool TakesXattrs(SafeFileHandle directory)
    {
        using SafeFileHandle readable = Reopen(directory, O_RDONLY | O_DIRECTORY);
        nint length = LibC.fgetxattr(Raw(readable), PathText.Terminated(OverlayMark.Opaque), null, 0);
        int errno = LastErrno;
        return length >= 0 || errno != Errno.EOPNOTSUPP;
    }

    /// <param name="file">Opened for reading, not O_PATH.</param>
    /// <returns>null if it does not have the attribute, or the file system has none at all.</returns>
    public static byte[]? TryGetXattr(SafeFileHandle file, string name)
    {
        byte[] terminated = PathText.Terminated(name);
        byte* buffer = stackalloc byte[SmallXattr];
        nint length = LibC.fgetxattr(Raw(file), terminated, buffer, SmallXattr);
        int errno = LastErrno;
        if (length >= 0)
            return new ReadOnlySpan<byte>(buffer, (int)length).ToArray();
        if (errno == Errno.ERANGE)
        {
            byte[] large = new byte[XattrSizeMax];
            fixed (byte* at = large)
            {
                length = LibC.fgetxattr(Raw(file), terminated, at, XattrSizeMax);
                errno = LastErrno;
                if (length >= 0)
                    return new ReadOnlySpan<byte>(at, (int)length).ToArray();
            }
        }

        return errno is Errno.ENODATA or Errno.EOPNOTSUPP ? null
            : throw new KernelException("getxattr " + name, NameOf(file), errno);
    }

    /// <returns>false if the file system cannot store it.</returns>
    public static bool SetXattr(SafeFileHandle file, string name, byte[] value)
    {
        int result;
        int errno;
        fixed (byte* at = value)
        {
            result = LibC.fsetxattr(Raw(file), PathText.Terminated(name), at, (nuint)value.Length, 0);
            errno = LastErrno;
        }

        if (result == 0)
            return true;
        return errno == Errno.EOPNOTSUPP ? false : throw new KernelException("setxattr " + name, NameOf(file), errno);
    }

    /// <summary>
    /// The same inode, reached through another mount of its file system; null if inodes there cannot be opened by
    /// handle.
    /// </summary>
    /// <param name="file">O_PATH.</param>
    /// <param name="mount">Any file on that mount, opened for reading.</param>
    public static SafeFileHandle? TryOpenThrough(SafeFileHandle mount, SafeFileHandle file, int flags)
    {
        LibC.FileHandleBuffer buffer = new() { Bytes = LibC.FileHandleBuffer.Capacity };
        int mountId;
        if (LibC.name_to_handle_at(Raw(file), EmptyPath, &buffer, &mountId, AT_EMPTY_PATH) < 0)
            return null;
        int fd = LibC.open_by_handle_at(Raw(mount), &buffer, flags | O_CLOEXEC);
        return fd < 0 ? null : new SafeFileHandle(fd, ownsHandle: true);
    }

    /// <summary>It is not an error if the attribute does not exist.</summary>
    public static void RemoveXattr(SafeFileHandle file, string name)
    {
        int result = LibC.fremovexattr(Raw(file), PathText.Terminated(name));
        int errno = LastErrno;
        if (result < 0 && errno is not (Errno.ENODATA or Errno.EOPNOTSUPP))
            throw new KernelException("removexattr " + name, NameOf(file), errno);
    }

    /// <summary>
    /// null if the file system has no handles. AT_HANDLE_FID [6.5] also works on file systems that can identify an
    /// inode but not open it again; older kernels answer EINVAL to the flag.
    /// </summary>
    public static FileHandle? TryHandle(SafeFileHandle file)
    {
        LibC.FileHandleBuffer buffer = new() { Bytes = LibC.FileHandleBuffer.Capacity };
        int mountId;
        int result = LibC.name_to_handle_at(Raw(file), EmptyPath, &buffer, &mountId, AT_EMPTY_PATH | AT_HANDLE_FID);
        int errno = LastErrno;
        if (result < 0 && errno == Errno.EINVAL)
        {
            buffer.Bytes = LibC.FileHandleBuffer.Capacity;
            result = LibC.name_to_handle_at(Raw(file), EmptyPath, &buffer, &mountId, AT_EMPTY_PATH);
            errno = LastErrno;
        }

        if (result < 0)
            return errno is Errno.EOPNOTSUPP or Errno.EOVERFLOW or Errno.EINVAL
                ? null : throw new KernelException("name_to_handle_at", NameOf(file), errno);
        return new FileHandle(buffer.Type, new ReadOnlySpan<byte>(buffer.Handle, (int)buffer.Bytes).ToArray());
    }

    /// <summary>
    /// Whether this process is in a user namespace other than the initial one. There trusted.* is hidden from every
    /// process, and from overlayfs acting for it. The initial namespace has a fixed number (linux/nsfs.h).
    /// </summary>
    public static bool IsInUserNamespace()
    {
        const ulong USER_NS_INIT_INO = 0xEFFFFFFD;
        using SafeFileHandle? own = TryOpen("/proc/self/ns/user", O_RDONLY);
        return own is not null && Status(own).Inode != USER_NS_INIT_INO;
    }
}
