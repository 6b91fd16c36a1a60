using System;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

// The buffers for names and entries are large, and the kernel fills them.
[module: System.Runtime.CompilerServices.SkipLocalsInit]

namespace BootMerge.Linux;

/// <summary>System calls on files, by descriptor. Every failure is a <see cref="KernelException"/>.</summary>
internal static unsafe partial class Sys
{
    public const int O_RDONLY = 0;
    public const int O_WRONLY = 1;
    public const int O_RDWR = 2;
    public const int O_CREAT = 0x40;
    public const int O_EXCL = 0x80;
    public const int O_NOCTTY = 0x100;
    public const int O_APPEND = 0x400;
    public const int O_NONBLOCK = 0x800;
    public const int O_CLOEXEC = 0x80000;
    public const int O_PATH = 0x200000;

    public static readonly int O_DIRECTORY = DirectoryFlag(IsArm64);
    public static readonly int O_NOFOLLOW = NoFollowFlag(IsArm64);

    public const ulong RESOLVE_NO_XDEV = 0x01;
    public const ulong RESOLVE_NO_MAGICLINKS = 0x02;
    public const ulong RESOLVE_NO_SYMLINKS = 0x04;
    public const ulong RESOLVE_BENEATH = 0x08;
    public const ulong RESOLVE_IN_ROOT = 0x10;

    private const int AT_SYMLINK_NOFOLLOW = 0x100;

    // A name has at most 255 bytes; longer texts take the slow path.
    private const int NameRoom = 256;
    private const int PathMax = 4096;
    private const int AT_NO_AUTOMOUNT = 0x800;
    private const int AT_EMPTY_PATH = 0x1000;
    private const int AT_HANDLE_FID = 0x200;

    private const int LOCK_EX = 2;
    private const int LOCK_NB = 4;

    private static bool IsArm64 => RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    // The only two constants here whose values differ on arm64 (asm/fcntl.h).
    internal static int DirectoryFlag(bool arm64) => arm64 ? 0x4000 : 0x10000;

    internal static int NoFollowFlag(bool arm64) => arm64 ? 0x8000 : 0x20000;

    private static readonly byte[] EmptyPath = [0];

    /// <summary>The caller keeps the handle alive, under using or in a field, until the call has returned.</summary>
    internal static int Raw(SafeFileHandle handle) => (int)handle.DangerousGetHandle();

    private static int LastErrno => Marshal.GetLastPInvokeError();

    /// <summary>An absolute path of this process, outside any root.</summary>
    public static SafeFileHandle Open(string path, int flags, uint mode = 0)
    {
        int fd = LibC.openat(LibC.AT_FDCWD, PathText.Terminated(path), flags | O_CLOEXEC, mode);
        int errno = LastErrno;
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw new KernelException("open", path, errno);
    }

    /// <summary>null when there is no such file.</summary>
    public static SafeFileHandle? TryOpen(string path, int flags)
    {
        int fd = LibC.openat(LibC.AT_FDCWD, PathText.Terminated(path), flags | O_CLOEXEC, 0);
        int errno = LastErrno;
        if (fd >= 0)
            return new SafeFileHandle(fd, ownsHandle: true);
        return errno is Errno.ENOENT or Errno.ENOTDIR ? null : throw new KernelException("open", path, errno);
    }

    /// <summary>Never fails: a path that cannot be reached counts as missing.</summary>
    public static bool Exists(string path)
    {
        int fd = LibC.openat(LibC.AT_FDCWD, PathText.Terminated(path), O_PATH | O_CLOEXEC, 0);
        if (fd < 0)
            return false;
        new SafeFileHandle(fd, ownsHandle: true).Dispose();
        return true;
    }

    /// <summary>Opens a single name in a directory; a symlink is never followed.</summary>
    public static SafeFileHandle OpenChild(SafeFileHandle directory, string name, int flags, uint mode = 0)
    {
        return TryOpenChild(directory, name, flags, mode, out int errno)
            ?? throw new KernelException("openat", name, errno);
    }

    /// <summary>Like <see cref="OpenChild"/>; null if it is gone, or is a symlink by now.</summary>
    public static SafeFileHandle? TryOpenChild(SafeFileHandle directory, string name, int flags)
    {
        SafeFileHandle? handle = TryOpenChild(directory, name, flags, 0, out int errno);
        return handle is not null || errno is Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP
            ? handle : throw new KernelException("openat", name, errno);
    }

    private static SafeFileHandle? TryOpenChild(SafeFileHandle directory, string name, int flags, uint mode,
        out int errno)
    {
        fixed (byte* path = PathText.Terminated(name, stackalloc byte[NameRoom]))
        {
            int fd = LibC.openat(Raw(directory), path, flags | O_NOFOLLOW | O_CLOEXEC, mode);
            errno = LastErrno;
            return fd < 0 ? null : new SafeFileHandle(fd, ownsHandle: true);
        }
    }

    /// <summary>
    /// Opens a regular file for reading; null if it is gone, or is a symlink by now. Never blocks, whatever the file
    /// has become since it was looked at.
    /// </summary>
    public static SafeFileHandle? TryOpenFile(SafeFileHandle directory, string name) =>
        TryOpenChild(directory, name, O_RDONLY | O_NONBLOCK | O_NOCTTY);

    /// <summary>openat2(2); null for ENOENT and ENOTDIR.</summary>
    public static SafeFileHandle? TryOpenAt(SafeFileHandle directory, string path, int flags, ulong resolve = 0)
    {
        SafeFileHandle? handle = TryOpenAt(directory, path, flags, resolve, out int errno);
        return handle is not null || errno is Errno.ENOENT or Errno.ENOTDIR
            ? handle : throw new KernelException("openat2", path, errno);
    }

    public static SafeFileHandle OpenAt(SafeFileHandle directory, string path, int flags, ulong resolve = 0) =>
        TryOpenAt(directory, path, flags, resolve, out int errno)
            ?? throw new KernelException("openat2", path == "." ? NameOf(directory) : path, errno);

    /// <summary>null, and the error number, on any failure.</summary>
    public static SafeFileHandle? TryOpenAt(SafeFileHandle directory, ReadOnlySpan<char> path, int flags, ulong resolve,
        out int errno)
    {
        LibC.OpenHow how = new() { Flags = (ulong)(flags | O_CLOEXEC), Resolve = resolve };
        long fd;
        fixed (byte* bytes = PathText.Terminated(path, stackalloc byte[NameRoom]))
        {
            do
            {
                fd = LibC.syscall(LibC.SYS_openat2, Raw(directory), bytes, &how, (nuint)sizeof(LibC.OpenHow));
                errno = LastErrno;
            }
            // a rename raced with a ".." inside the root: openat2(2) says to retry
            while (fd < 0 && errno == Errno.EAGAIN);
        }

        return fd < 0 ? null : new SafeFileHandle((nint)fd, ownsHandle: true);
    }

    /// <summary>Opens the same file again, with other flags, through /proc.</summary>
    public static SafeFileHandle Reopen(SafeFileHandle handle, int flags)
    {
        fixed (byte* path = PathText.Terminated(ProcPath(handle), stackalloc byte[NameRoom]))
        {
            int fd = LibC.openat(LibC.AT_FDCWD, path, flags | O_CLOEXEC, 0);
            int errno = LastErrno;
            return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true)
                : throw new KernelException("open", NameOf(handle), errno);
        }
    }

    /// <summary>A path through which this process, and the kernel on its behalf, reaches an open file.</summary>
    public static string ProcPath(SafeFileHandle handle) => "/proc/self/fd/" + handle.DangerousGetHandle().ToString();

    /// <param name="handle">Opened with O_PATH|O_NOFOLLOW: the symlink itself.</param>
    public static string ReadLink(SafeFileHandle handle) => ReadLinkAt(handle, EmptyPath, "symlink");

    /// <summary>For a symlink in a directory.</summary>
    public static string ReadLinkAt(SafeFileHandle directory, string name) =>
        ReadLinkAt(directory, PathText.Terminated(name, stackalloc byte[NameRoom]), name);

    /// <summary>Current path of an open file in this process's view; needs /proc.</summary>
    public static string PathOf(SafeFileHandle handle)
    {
        string link = ProcPath(handle);
        try
        {
            return ReadLinkAt(WorkingDirectory, PathText.Terminated(link, stackalloc byte[NameRoom]), link);
        }
        catch (KernelException e) when (e.Errno is Errno.ENOENT or Errno.ENOTDIR)
        {
            throw new InputException("cannot find the paths of open files: /proc is not mounted");
        }
    }

    // Absolute paths ignore the directory. AT_FDCWD is -100, and there is nothing to close.
    private static readonly SafeFileHandle WorkingDirectory = new(-100, ownsHandle: false);

    private static string ReadLinkAt(SafeFileHandle directory, ReadOnlySpan<byte> path, string name)
    {
        byte* buffer = stackalloc byte[PathMax];
        nint length;
        int errno;
        fixed (byte* at = path)
        {
            length = LibC.readlinkat(Raw(directory), at, buffer, PathMax);
            errno = LastErrno;
        }

        return length >= 0 ? PathText.Decode(new ReadOnlySpan<byte>(buffer, (int)length))
            : throw new KernelException("readlink", name, errno);
    }

    /// <summary>A name for messages; never fails.</summary>
    private static string NameOf(SafeFileHandle handle)
    {
        byte* buffer = stackalloc byte[PathMax];
        string link = ProcPath(handle);
        nint length;
        fixed (byte* at = PathText.Terminated(link, stackalloc byte[NameRoom]))
            length = LibC.readlinkat(LibC.AT_FDCWD, at, buffer, PathMax);
        return length >= 0 ? PathText.Decode(new ReadOnlySpan<byte>(buffer, (int)length)) : link;
    }

    /// <summary>Takes an exclusive lock.</summary>
    /// <returns>false if another process holds it and <paramref name="wait"/> is false.</returns>
    public static bool Lock(SafeFileHandle file, bool wait)
    {
        int result;
        int errno;
        do
        {
            result = LibC.flock(Raw(file), wait ? LOCK_EX : LOCK_EX | LOCK_NB);
            errno = LastErrno;
        }
        while (result < 0 && errno == Errno.EINTR);
        if (result == 0)
            return true;
        return errno == Errno.EAGAIN ? false : throw new KernelException("flock", NameOf(file), errno);
    }

    // Looking up the name is a system call too: only after errno has been read, and only on failure.
    private static void Check(int result, string call, SafeFileHandle target)
    {
        int errno = LastErrno;
        if (result < 0)
            throw new KernelException(call, NameOf(target), errno);
    }

    private static void Check(int result, string call, string target)
    {
        int errno = LastErrno;
        if (result < 0)
            throw new KernelException(call, target, errno);
    }
}
