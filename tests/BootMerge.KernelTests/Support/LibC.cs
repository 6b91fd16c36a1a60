using System;
using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.KernelTests.Support;

/// <summary>The few calls of the C library that neither .NET nor Mono.Unix has.</summary>
internal static partial class LibC
{
    public const ulong MS_RDONLY = 1, MS_NOSUID = 2, MS_REMOUNT = 32, MS_BIND = 4096, MS_REC = 16384;
    public const ulong MS_PRIVATE = 1 << 18, MS_SLAVE = 1 << 19, MS_SHARED = 1 << 20;
    public const int MNT_DETACH = 2;
    public const int LOCK_SH = 1, LOCK_EX = 2, LOCK_UN = 8;

    /// <summary>mount(2); the exception names what was mounted where.</summary>
    public static void Mount(string source, string target, string? type, ulong flags = 0, string? options = null)
    {
        if (Native.mount(source, target, type, flags, options) != 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError(),
                $"mount {source} on {target} ({type}, {options}): {Marshal.GetLastPInvokeErrorMessage()}");
    }

    /// <summary>umount2(2).</summary>
    public static void Unmount(string target, int flags = 0)
    {
        if (Native.umount2(target, flags) != 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError(),
                $"umount {target}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    /// <summary>execvp(3): returns only when it failed.</summary>
    public static void Execute(string file, string?[] arguments) => _ = Native.execvp(file, [.. arguments, null]);

    /// <summary>renameat2(2) without flags, as mv(1) renames. Returns errno, 0 when done.</summary>
    public static int Rename(string from, string to) => Native.rename(from, to) == 0
        ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>renameat2(2): two names change places in one step. Returns errno, 0 when done.</summary>
    public static int Exchange(string one, string other)
    {
        const int AT_FDCWD = -100;
        const uint RENAME_EXCHANGE = 2;
        return Native.renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE) == 0
            ? 0 : Marshal.GetLastPInvokeError();
    }

    /// <summary>flock(2). Returns errno, 0 when done.</summary>
    public static int Lock(SafeFileHandle file, int operation)
    {
        const int EINTR = 4;
        int errno;
        do
        {
            errno = Native.flock(file, operation) == 0 ? 0 : Marshal.GetLastPInvokeError();
        }
        while (errno == EINTR);
        return errno;
    }

    /// <summary>The mount that a path lies on, as the number that the kernel never uses twice (Linux 6.8).</summary>
    public static unsafe ulong UniqueMountId(string path)
    {
        const uint STATX_MNT_ID_UNIQUE = 0x4000;
        const int AT_FDCWD = -100, MaskOffset = 0, MountIdOffset = 144;
        byte* status = stackalloc byte[256];
        if (Native.statx(AT_FDCWD, path, 0, STATX_MNT_ID_UNIQUE, status) != 0
            || (*(uint*)(status + MaskOffset) & STATX_MNT_ID_UNIQUE) == 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError(), "statx " + path);
        return *(ulong*)(status + MountIdOffset);
    }

    private static partial class Native
    {
        [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        public static unsafe partial int statx(int directory, string path, int flags, uint mask, byte* status);

        [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        public static partial int mount(string source, string target, string? type, ulong flags, string? data);

        [LibraryImport("libc", SetLastError = true)]
        public static partial int flock(SafeFileHandle file, int operation);

        [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        public static partial int umount2(string target, int flags);

        [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        public static partial int execvp(string file, string?[] arguments);

        [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        public static partial int rename(string from, string to);

        [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        public static partial int renameat2(int fromDirectory, string from, int toDirectory, string to, uint flags);
    }
}
