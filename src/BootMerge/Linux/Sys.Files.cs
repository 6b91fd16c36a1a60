using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Linux;

/// <summary>One entry of getdents64(2); Type is DT_* of dirent(5), 0 where the file system does not say.</summary>
internal sealed class DirectoryEntry(string name, byte type)
{
    public string Name { get; } = name;

    public byte Type { get; } = type;
}

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

    // A name has at most 255 bytes; longer texts take the slow way.
    private const int NameRoom = 256;
    private const int AT_NO_AUTOMOUNT = 0x800;
    private const int AT_EMPTY_PATH = 0x1000;
    private const int AT_HANDLE_FID = 0x200;
    private const uint STATX_BASIC_STATS = 0x7FF;
    private const uint STATX_BTIME = 0x800;
    private const uint STATX_MNT_ID = 0x1000;
    private const uint STATX_MNT_ID_UNIQUE = 0x4000;
    private const ulong STATX_ATTR_MOUNT_ROOT = 0x2000;
    private const ulong STATX_ATTR_IMMUTABLE = 0x10;
    private const ulong STATX_ATTR_APPEND = 0x20;

    private const int LOCK_EX = 2;
    private const int LOCK_NB = 4;

    private static bool IsArm64 => RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    // The only two constants here that arm64 has other values of (asm/fcntl.h).
    internal static int DirectoryFlag(bool arm64) => arm64 ? 0x4000 : 0x10000;

    internal static int NoFollowFlag(bool arm64) => arm64 ? 0x8000 : 0x20000;

    private static readonly byte[] EmptyPath = [0];

    /// <summary>The caller holds the handle, under using or in a field, until the call has returned.</summary>
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

    /// <summary>Never fails: what cannot be reached is not there.</summary>
    public static bool Exists(string path)
    {
        int fd = LibC.openat(LibC.AT_FDCWD, PathText.Terminated(path), O_PATH | O_CLOEXEC, 0);
        if (fd < 0)
            return false;
        new SafeFileHandle(fd, ownsHandle: true).Dispose();
        return true;
    }

    /// <summary>A single name in a directory, never followed when it is a symlink.</summary>
    public static SafeFileHandle OpenChild(SafeFileHandle directory, string name, int flags, uint mode = 0)
    {
        return TryOpenChild(directory, name, flags, mode, out int errno)
            ?? throw new KernelException("openat", name, errno);
    }

    /// <summary>As <see cref="OpenChild"/>; null when it is gone, or a symlink by now.</summary>
    public static SafeFileHandle? TryOpenChild(SafeFileHandle directory, string name, int flags)
    {
        SafeFileHandle? handle = TryOpenChild(directory, name, flags, 0, out int errno);
        return handle is not null || errno is Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP
            ? handle : throw new KernelException("openat", name, errno);
    }

    [SkipLocalsInit]
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
    /// A regular file to read, null when it is gone, or a symlink by now. Never waits, whatever the file has become
    /// since it was looked at.
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

    /// <summary>null with the error number, whatever it is.</summary>
    public static SafeFileHandle? TryOpenAt(SafeFileHandle directory, string path, int flags, ulong resolve,
        out int errno)
    {
        LibC.OpenHow how = new() { Flags = (ulong)(flags | O_CLOEXEC), Resolve = resolve };
        byte[] bytes = PathText.Terminated(path);
        long fd;
        do
        {
            fd = LibC.syscall(LibC.SYS_openat2, Raw(directory), bytes, &how, (nuint)sizeof(LibC.OpenHow));
            errno = LastErrno;
        }
        while (fd < 0 && errno == Errno.EAGAIN); // a rename raced with a ".." inside the root: openat2(2) says retry
        return fd < 0 ? null : new SafeFileHandle((nint)fd, ownsHandle: true);
    }

    /// <summary>The same file again with other flags, through /proc.</summary>
    public static SafeFileHandle Reopen(SafeFileHandle handle, int flags)
    {
        int fd = LibC.openat(LibC.AT_FDCWD, PathText.Terminated(ProcPath(handle)), flags | O_CLOEXEC, 0);
        int errno = LastErrno;
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true)
            : throw new KernelException("open", NameOf(handle), errno);
    }

    /// <summary>A path by which this process, and the kernel on its behalf, reaches an open file.</summary>
    public static string ProcPath(SafeFileHandle handle) => "/proc/self/fd/" + handle.DangerousGetHandle().ToString();

    public static FileStatus Status(SafeFileHandle handle) =>
        StatusAt(handle, EmptyPath, AT_EMPTY_PATH, out int errno)
            ?? throw new KernelException("statx", NameOf(handle), errno);

    /// <summary>Does not follow a symlink; null for ENOENT and ENOTDIR.</summary>
    [SkipLocalsInit]
    public static FileStatus? TryStatusAt(SafeFileHandle directory, string name)
    {
        FileStatus? status = StatusAt(directory, PathText.Terminated(name, stackalloc byte[NameRoom]),
            AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, out int errno);
        if (status is null && errno is not (Errno.ENOENT or Errno.ENOTDIR))
            throw new KernelException("statx", name, errno);
        return status;
    }

    /// <summary>A name in a directory. Never fails: what cannot be looked at is not there.</summary>
    [SkipLocalsInit]
    public static bool Exists(SafeFileHandle directory, string name) =>
        StatusAt(directory, PathText.Terminated(name, stackalloc byte[NameRoom]), AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
            out _) is not null;

    [SkipLocalsInit]
    private static FileStatus? StatusAt(SafeFileHandle directory, ReadOnlySpan<byte> path, int flags, out int errno)
    {
        LibC.StatxBuffer s;
        // An unknown mask bit is ignored, so kernels before 6.8 leave the unique number out: ask for the old one then.
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

    /// <summary>The mount's number as in mountinfo.</summary>
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

    /// <param name="handle">O_PATH|O_NOFOLLOW of the symlink itself.</param>
    public static string ReadLink(SafeFileHandle handle) => ReadLinkAt(handle, EmptyPath, "symlink");

    /// <summary>Of a symlink in a directory.</summary>
    public static string ReadLinkAt(SafeFileHandle directory, string name) =>
        ReadLinkAt(directory, PathText.Terminated(name), name);

    /// <summary>Where an open file is now, in this process's view; needs /proc.</summary>
    public static string PathOf(SafeFileHandle handle)
    {
        string link = ProcPath(handle);
        try
        {
            return ReadLinkAt(WorkingDirectory, PathText.Terminated(link), link);
        }
        catch (KernelException e) when (e.Errno is Errno.ENOENT or Errno.ENOTDIR)
        {
            throw new InputException("cannot find the paths of open files: /proc is not mounted");
        }
    }

    // Absolute paths ignore the directory; AT_FDCWD is -100 and owns nothing.
    private static readonly SafeFileHandle WorkingDirectory = new(-100, ownsHandle: false);

    private static string ReadLinkAt(SafeFileHandle directory, byte[] path, string name)
    {
        const int PathMax = 4096;
        byte* buffer = stackalloc byte[PathMax];
        nint length = LibC.readlinkat(Raw(directory), path, buffer, PathMax);
        int errno = LastErrno;
        return length >= 0 ? PathText.Decode(new ReadOnlySpan<byte>(buffer, (int)length))
            : throw new KernelException("readlink", name, errno);
    }

    /// <summary>A name for messages; never fails.</summary>
    private static string NameOf(SafeFileHandle handle)
    {
        const int PathMax = 4096;
        byte* buffer = stackalloc byte[PathMax];
        string link = ProcPath(handle);
        nint length = LibC.readlinkat(Raw(WorkingDirectory), PathText.Terminated(link), buffer, PathMax);
        return length >= 0 ? PathText.Decode(new ReadOnlySpan<byte>(buffer, (int)length)) : link;
    }

    /// <summary>
    /// Bytes that the names of one directory may take, and those of all directories that a walk is in: more than real
    /// trees have, and well below the heap's limit (System.GC.HeapHardLimit), near which the collector does nothing but
    /// search.
    /// </summary>
    public const int NamesLimit = 16 << 20;

    /// <summary>Of a string, and its place in a list, in bytes.</summary>
    public static int SizeOf(string name) => 32 + 2 * name.Length;

    /// <summary>More names than <see cref="NamesLimit"/> are an <see cref="InputException"/>.</summary>
    /// <param name="directory">Opened O_RDONLY|O_DIRECTORY, at its start.</param>
    /// <returns>Without "." and "..", in the file system's order.</returns>
    public static List<DirectoryEntry> ReadDirectory(SafeFileHandle directory)
    {
        List<DirectoryEntry> entries = [];
        int size = 0;
        for (int counted = 0; ReadSome(directory, entries);)
            for (; counted < entries.Count; counted++)
                Count(entries[counted].Name, ref size, directory);
        return entries;
    }

    /// <summary>For who reads a directory by <see cref="ReadSome"/> and keeps the names: the same limit.</summary>
    /// <param name="size">Of those before; grows.</param>
    public static void Count(string name, ref int size, SafeFileHandle directory)
    {
        size += SizeOf(name);
        if (size > NamesLimit)
            throw new InputException("the directory " + PathText.Printable(NameOf(directory))
                + " has too many names: it was not read");
    }

    /// <summary>Reads no further than to the first name.</summary>
    /// <param name="directory">As of <see cref="ReadDirectory"/>.</param>
    public static bool IsEmpty(SafeFileHandle directory)
    {
        List<DirectoryEntry> entries = [];
        while (entries.Count == 0 && ReadSome(directory, entries))
        {
        }

        return entries.Count == 0;
    }

    /// <summary>
    /// As <see cref="ReadDirectory"/>, so many as one call gives, for directories that may be larger than the memory.
    /// </summary>
    /// <returns>false at the end.</returns>
    public static bool ReadSome(SafeFileHandle directory, List<DirectoryEntry> entries)
    {
        const int BufferSize = 16384;
        byte* buffer = stackalloc byte[BufferSize];
        nint length = LibC.getdents64(Raw(directory), buffer, BufferSize);
        int errno = LastErrno;
        if (length == 0 || length < 0 && errno == Errno.ENOENT)
            return false; // ENOENT: the directory itself was removed, also as a layer below a merge
        if (length < 0)
            throw new KernelException("getdents64", NameOf(directory), errno);
        for (byte* at = buffer; at < buffer + length;)
        {
            LibC.DirectoryRecord* record = (LibC.DirectoryRecord*)at;
            ReadOnlySpan<byte> name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(&record->Name);
            if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
                entries.Add(new DirectoryEntry(PathText.Decode(name), record->Type));
            at += record->Length;
        }

        return true;
    }

    /// <summary>As <see cref="ReadDirectory"/>.</summary>
    public static List<string> NamesIn(SafeFileHandle directory) =>
        ReadDirectory(directory).ConvertAll(static entry => entry.Name);

    /// <summary>
    /// The whole file; longer than <paramref name="limit"/> bytes is an <see cref="InputException"/>.
    /// </summary>
    public static byte[] ReadAll(SafeFileHandle file, int limit, string name)
    {
        // Most files are short: one by one they leave no more behind than what is in them.
        Span<byte> start = stackalloc byte[Math.Min(limit + 1, 4096)];
        int length = ReadFully(file, start, name);
        if (length < start.Length)
            return start[..length].ToArray();
        byte[] buffer = start.ToArray();
        while (length <= limit)
        {
            Array.Resize(ref buffer, Math.Min(limit + 1, buffer.Length * 4));
            length += ReadFully(file, buffer.AsSpan(length), name);
            if (length < buffer.Length)
            {
                Array.Resize(ref buffer, length); // a range of an array would pull in the type loader: 300 KB
                return buffer;
            }
        }

        throw new InputException(PathText.Printable(name) + " is longer than " + limit.ToString() + " bytes");
    }

    /// <summary>Reads until the buffer is full or the file ends.</summary>
    /// <param name="name">For the message of a failure; null: where the file is.</param>
    public static int ReadFully(SafeFileHandle file, Span<byte> buffer, string? name = null)
    {
        int length = 0;
        while (length < buffer.Length)
        {
            nint count;
            int errno;
            fixed (byte* at = buffer)
            {
                count = LibC.read(Raw(file), at + length, (nuint)(buffer.Length - length));
                errno = LastErrno;
            }

            if (count < 0)
                throw new KernelException("read", name ?? NameOf(file), errno);
            if (count == 0)
                break;
            length += (int)count;
        }

        return length;
    }

    public static void WriteAll(SafeFileHandle file, ReadOnlySpan<byte> bytes, string name)
    {
        int errno = TryWriteAll(file, bytes);
        if (errno != 0)
            throw new KernelException("write", name, errno);
    }

    /// <returns>0, or the error number.</returns>
    public static int TryWriteAll(SafeFileHandle file, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            nint count;
            int errno;
            fixed (byte* at = bytes)
            {
                count = LibC.write(Raw(file), at, (nuint)bytes.Length);
                errno = LastErrno;
            }

            if (count < 0 && errno is not (Errno.EINTR or Errno.EAGAIN))
                return errno;
            if (count < 0 && errno == Errno.EAGAIN)
                WaitUntilWritable(file);
            bytes = bytes[(int)Math.Max(count, 0)..];
        }

        return 0;
    }

    /// <summary>
    /// As write(2) itself waits where the caller has not made the file a nonblocking one. What is wrong with it the
    /// next write(2) says.
    /// </summary>
    private static void WaitUntilWritable(SafeFileHandle file)
    {
        const short POLLOUT = 4;
        LibC.PollEntry entry = new() { File = Raw(file), Events = POLLOUT };
        _ = LibC.poll(&entry, 1, -1);
    }

    /// <summary>Takes an exclusive lock.</summary>
    /// <returns>false when somebody else holds it and <paramref name="wait"/> is false.</returns>
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

    /// <summary>true when the file system, or the mount the file was opened on, takes no writes.</summary>
    public static bool IsReadOnly(SafeFileHandle file)
    {
        const ulong ST_RDONLY = 1;
        return (MountFlags(file) & ST_RDONLY) != 0;
    }

    /// <summary>true when nothing is executed from the mount.</summary>
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

    // The name is looked up after errno was read, and only on failure: that is a system call, too.
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
