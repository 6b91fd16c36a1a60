using System;
using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;

namespace BootMerge.DifferentialTests;

/// <summary>
/// The system calls that the harness needs and the class library does not have. All throw on failure.
/// </summary>
internal static unsafe partial class Native
{
    public const ulong MS_RDONLY = 1, MS_NOSUID = 2, MS_NODEV = 4, MS_NOEXEC = 8, MS_REMOUNT = 32, MS_BIND = 4096;
    public const ulong MS_REC = 16384, MS_PRIVATE = 1 << 18, MS_SLAVE = 1 << 19, MS_SHARED = 1 << 20;
    public const int MNT_DETACH = 2;

    public const int S_IFMT = 0xF000, S_IFDIR = 0x4000, S_IFCHR = 0x2000, S_IFBLK = 0x6000, S_IFREG = 0x8000;
    public const int S_IFIFO = 0x1000, S_IFLNK = 0xA000, S_IFSOCK = 0xC000;

    public const int ENOENT = 2, EBUSY = 16, ENOTDIR = 20, ENODATA = 61, ENOTSUP = 95;

    private const int AT_FDCWD = -100, AT_SYMLINK_NOFOLLOW = 0x100, CLONE_NEWNS = 0x20000;
    private const uint STATX_BASIC_STATS = 0x7ff, STATX_BTIME = 0x800, STATX_MNT_ID_UNIQUE = 0x4000;

    /// <summary>struct statx, the fields used here at the kernel's offsets.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    public struct Statx
    {
        [FieldOffset(20)] public uint Uid;
        [FieldOffset(24)] public uint Gid;
        [FieldOffset(28)] public ushort Mode;
        [FieldOffset(40)] public ulong Size;
        [FieldOffset(80)] public long BirthSeconds;
        [FieldOffset(88)] public uint BirthNanoseconds;
        [FieldOffset(112)] public long ModificationSeconds;
        [FieldOffset(120)] public uint ModificationNanoseconds;
        [FieldOffset(128)] public uint RdevMajor;
        [FieldOffset(132)] public uint RdevMinor;
        [FieldOffset(136)] public uint DevMajor;
        [FieldOffset(140)] public uint DevMinor;
        /// <summary>The unique mount id (Linux 6.8), never used twice.</summary>
        [FieldOffset(144)] public ulong MountId;

        public readonly int Type => Mode & S_IFMT;

        public readonly long ModificationMicroseconds =>
            (ModificationSeconds * 1_000_000) + (ModificationNanoseconds / 1000);

        public readonly long BirthMicroseconds => (BirthSeconds * 1_000_000) + (BirthNanoseconds / 1000);
    }

    /// <summary>Gives the calling thread, and what it starts, a mount namespace of its own.</summary>
    public static void UnshareMounts() => Check(unshare(CLONE_NEWNS), "unshare", "");

    public static void Mount(string? source, string target, string? type, ulong flags, string? data = null) =>
        Check(mount(source, target, type, flags, data), "mount", target);

    public static void Unmount(string target, int flags = 0) => Check(umount2(target, flags), "umount2", target);

    public static void Chmod(string path, int mode) => Check(chmod(path, (uint)mode), "chmod", path);

    public static void Chown(string path, uint uid, uint gid) => Check(lchown(path, uid, gid), "lchown", path);

    public static void MakeNode(string path, int typeAndMode, ulong device = 0) =>
        Check(mknod(path, (uint)typeAndMode, device), "mknod", path);

    public static void Rename(string from, string to) => Check(rename(from, to), "rename", to);

    public static void SetXattr(string path, string name, ReadOnlySpan<byte> value)
    {
        fixed (byte* bytes = value)
            Check(lsetxattr(path, name, bytes, (nuint)value.Length, 0), "lsetxattr", path);
    }

    /// <summary>Null when there is nothing at <paramref name="path"/>. A symlink is not followed.</summary>
    public static Statx? Lstat(string path)
    {
        Statx result;
        if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID_UNIQUE,
            &result) == 0)
            return result;
        int errno = Marshal.GetLastPInvokeError();
        return errno is ENOENT or ENOTDIR ? null : throw new NativeException("statx", path, errno);
    }

    public static string[] ListXattrs(string path)
    {
        byte[] names = new byte[4096];
        nint length;
        fixed (byte* buffer = names)
            length = llistxattr(path, buffer, (nuint)names.Length);
        if (length < 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            return errno == ENOTSUP ? [] : throw new NativeException("llistxattr", path, errno);
        }
        return Encoding.UTF8.GetString(names, 0, (int)length).Split('\0', StringSplitOptions.RemoveEmptyEntries);
    }

    public static byte[] GetXattr(string path, string name)
    {
        byte[] value = new byte[4096];
        nint length;
        fixed (byte* buffer = value)
            length = lgetxattr(path, name, buffer, (nuint)value.Length);
        Check(length, "lgetxattr", path);
        return value[..(int)length];
    }

    private static void Check(nint result, string call, string target)
    {
        int errno = Marshal.GetLastPInvokeError();
        if (result < 0)
            throw new NativeException(call, target, errno);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unshare(int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int rename(string from, string to);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mount(string? source, string target, string? type, ulong flags, string? data);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int umount2(string target, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int chmod(string path, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int lchown(string path, uint uid, uint gid);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mknod(string path, uint mode, ulong device);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int directory, string path, int flags, uint mask, Statx* result);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint llistxattr(string path, byte* names, nuint size);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint lgetxattr(string path, string name, byte* value, nuint size);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int lsetxattr(string path, string name, byte* value, nuint size, int flags);
}

/// <summary>A system call of the harness failed.</summary>
internal sealed class NativeException(string call, string target, int errno)
    : Exception($"{call} '{target}': {new Win32Exception(errno).Message}")
{
    public int Errno { get; } = errno;
}
