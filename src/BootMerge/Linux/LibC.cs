using System.Runtime.InteropServices;

namespace BootMerge.Linux;

/// <summary>
/// The C library's functions as they are declared, each once. Paths are zero-terminated bytes. Calls that the oldest
/// C library we link against has no wrapper for go through syscall(2); their numbers are the same on every
/// architecture since 5.0. What is declared here and in Sys is compared with the headers of each architecture
/// (KernelDeclarationTests). Callers read errno with Marshal.GetLastPInvokeError in the next statement. Descriptors are
/// plain numbers here, because marshalling a SafeHandle makes its type reflectable, which costs 400 KB:
/// <see cref="Sys"/> takes the handles.
/// </summary>
internal static unsafe partial class LibC
{
    public const long SYS_openat2 = 437;
    public const int AT_FDCWD = -100;

    [LibraryImport("libc", SetLastError = true)]
    public static partial long syscall(long number, int directory, byte[] path, OpenHow* how, nuint size);

    /// <summary>In place of open(2), after which musl sets FD_CLOEXEC by a call of its own.</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial int openat(int directory, byte[] path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int openat(int directory, byte* path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int statx(int directory, byte* path, int flags, uint mask, StatxBuffer* buffer);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int mkdirat(int directory, byte[] name, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int symlinkat(byte[] target, int directory, byte[] name);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int unlinkat(int directory, byte[] name, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int linkat(int oldDirectory, byte[] oldName, int newDirectory, byte[] newName, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int mknodat(int directory, byte[] name, uint mode, ulong device);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fchownat(int directory, byte[] name, uint uid, uint gid, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fchmodat(int directory, byte[] name, uint mode, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int utimensat(int directory, byte[] name, TimeSpec* times, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int setxattr(byte[] path, byte[] name, byte* value, nuint size, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int syncfs(int file);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int renameat(int oldDirectory, byte[] oldName, int newDirectory, byte[] newName);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int renameat2(int oldDirectory, byte[] oldName, int newDirectory, byte[] newName, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint readlinkat(int directory, byte[] path, byte* buffer, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint getdents64(int directory, byte* buffer, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint read(int file, byte* buffer, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint pread(int file, byte* buffer, nuint size, long offset);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint write(int file, byte* buffer, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    public static partial long lseek(int file, long offset, int whence);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fsync(int file);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int ftruncate(int file, long length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fchmod(int file, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fchown(int file, uint uid, uint gid);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int flock(int file, int operation);

    [LibraryImport("libc")]
    public static partial int isatty(int file);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint llistxattr(byte[] path, byte* list, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint lgetxattr(byte[] path, byte[] name, byte* value, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint listxattr(byte[] path, byte* list, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint getxattr(byte[] path, byte[] name, byte* value, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint flistxattr(int file, byte* list, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint fgetxattr(int file, byte[] name, byte* value, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fsetxattr(int file, byte[] name, byte* value, nuint size, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int lremovexattr(byte[] path, byte[] name);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fremovexattr(int file, byte[] name);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int name_to_handle_at(int directory, byte[] path, FileHandleBuffer* handle, int* mountId,
        int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int open_by_handle_at(int mount, FileHandleBuffer* handle, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fstatvfs(int file, StatvfsBuffer* buffer);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fstatfs(int file, StatfsBuffer* buffer);

    /// <summary>The argument is a pointer or a number, as the request has it.</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial int ioctl(int file, ulong request, void* argument);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int mount(byte[] source, byte[] target, byte[] type, ulong flags, byte[]? data);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int umount2(byte[] target, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fsopen(byte[] type, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fspick(int directory, byte[] path, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fsconfig(int context, uint command, byte[]? key, byte[]? value, int aux);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fsmount(int context, uint flags, uint attributes);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int open_tree(int directory, byte[] path, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int move_mount(int from, byte[] fromPath, int to, byte[] toPath, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int mount_setattr(int directory, byte[] path, uint flags, MountAttributes* attributes,
        nuint size);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int unshare(int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int setns(int file, int type);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fchdir(int directory);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int chroot(byte[] path);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int inotify_init1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int inotify_add_watch(int inotify, byte[] path, uint mask);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int poll(PollEntry* entries, ulong count, int timeoutMilliseconds);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int capget(uint* header, uint* data);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int memfd_create(byte[] name, uint flags);

    // These return the error number.
    [LibraryImport("libc")]
    public static partial int posix_spawn(int* process, byte* path, SpawnActions* actions, void* attributes,
        byte** arguments, byte** environment);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_init(SpawnActions* actions);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_addopen(SpawnActions* actions, int file, byte* path, int flags,
        uint mode);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_adddup2(SpawnActions* actions, int file, int newFile);

    [LibraryImport("libc")]
    public static partial int posix_spawn_file_actions_destroy(SpawnActions* actions);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int waitpid(int process, int* status, int options);

    /// <summary>posix_spawn_file_actions_t, as large in 64-bit glibc as in musl.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 80)]
    public struct SpawnActions
    {
        public ulong Opaque;
    }

    /// <summary>struct open_how, openat2(2).</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct OpenHow
    {
        public ulong Flags;
        public ulong Mode;
        public ulong Resolve;
    }

    /// <summary>struct mount_attr, mount_setattr(2).</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct MountAttributes
    {
        public ulong Set;
        public ulong Clear;
        public ulong Propagation;
        public ulong UserNamespace;
    }

    /// <summary>struct timespec of 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    /// <summary>struct statx_timestamp.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct StatxTime
    {
        public long Seconds;
        public uint Nanoseconds;
        public int Reserved;
    }

    /// <summary>struct statx, statx(2): 256 bytes on every architecture.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 256)]
    public struct StatxBuffer
    {
        public uint Mask;
        public uint BlockSize;
        public ulong Attributes;
        public uint Links;
        public uint Uid;
        public uint Gid;
        public ushort Mode;
        public ushort Spare0;
        public ulong Inode;
        public ulong Size;
        public ulong Blocks;
        public ulong AttributesMask;
        public StatxTime AccessTime;
        public StatxTime BirthTime;
        public StatxTime ChangeTime;
        public StatxTime ModificationTime;
        public uint RdevMajor;
        public uint RdevMinor;
        public uint DeviceMajor;
        public uint DeviceMinor;
        public ulong MountId;
    }

    /// <summary>struct file_handle with room for MAX_HANDLE_SZ bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct FileHandleBuffer
    {
        public const int Capacity = 128;

        public uint Bytes;
        public int Type;
        public fixed byte Handle[Capacity];
    }

    /// <summary>struct dirent64, getdents64(2): as long as it says, with a zero-terminated name.</summary>
    [StructLayout(LayoutKind.Explicit)]
    public struct DirectoryRecord
    {
        [FieldOffset(16)]
        public ushort Length;

        [FieldOffset(18)]
        public byte Type;

        [FieldOffset(19)]
        public byte Name;
    }

    /// <summary>struct statvfs of 64-bit musl; glibc's differs in what comes after.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 112)]
    public struct StatvfsBuffer
    {
        public ulong BlockSize;
        public ulong FragmentSize;
        public ulong Blocks;
        public ulong FreeBlocks;
        public ulong AvailableBlocks;
        public ulong Files;
        public ulong FreeFiles;
        public ulong AvailableFiles;
        public ulong FileSystemId;
        public ulong Flags;
        public ulong MaximumNameLength;
    }

    /// <summary>struct statfs of 64-bit Linux: what is not read is left out.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 120)]
    public struct StatfsBuffer
    {
        [FieldOffset(0)]
        public long Type;

        [FieldOffset(16)]
        public ulong Blocks;

        [FieldOffset(56)]
        public ulong FileSystemId;
    }

    /// <summary>
    /// struct loop_config of linux/loop.h, 304 bytes: a descriptor, a block size, struct loop_info64.
    /// </summary>
    [StructLayout(LayoutKind.Explicit, Size = 304)]
    public struct LoopConfiguration
    {
        [FieldOffset(0)]
        public uint File;

        [FieldOffset(8)]
        public LoopInformation Information;
    }

    /// <summary>struct loop_info64, 232 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 232)]
    public struct LoopInformation
    {
        [FieldOffset(0)]
        public ulong BackingDevice;

        [FieldOffset(8)]
        public ulong BackingInode;

        [FieldOffset(24)]
        public ulong Offset;

        [FieldOffset(32)]
        public ulong SizeLimit;

        [FieldOffset(52)]
        public uint Flags;
    }

    /// <summary>struct fsxattr of linux/fs.h, 28 bytes.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 28)]
    public struct FileAttributes
    {
        public uint Flags;
        public uint ExtentSize;
        public uint Extents;
        public uint Project;
    }

    /// <summary>struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PollEntry
    {
        public int File;
        public short Events;
        public short Returned;
    }
}
