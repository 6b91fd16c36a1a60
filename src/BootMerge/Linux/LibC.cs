using System.Runtime.InteropServices;

namespace BootMerge.Linux;

/// <summary>
/// The C library's functions, each declared once, as in its header. Paths are zero-terminated bytes. A call without a
/// wrapper in the oldest C library we link against goes through syscall(2); since Linux 5.0, new calls have the same
/// number on every architecture. KernelDeclarationTests compares the declarations here and in Sys with the headers of
/// each architecture. Callers read errno with Marshal.GetLastPInvokeError in the next statement. Descriptors are plain
/// numbers here: marshalling a SafeHandle makes its type reflectable, which costs 400 KB. <see cref="Sys"/> takes the
/// handles.
/// </summary>
internal static unsafe partial class LibC
{
    public const long SYS_openat2 = 437;
    public const int AT_FDCWD = -100;

    [LibraryImport("libc", SetLastError = true)]
    public static partial long syscall(long number, int directory, byte* path, OpenHow* how, nuint size);

    /// <summary>For a call that takes five numbers or addresses.</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial long syscall(long number, nint first, nint second, nint third, nint fourth, nint fifth);

    /// <summary>Replaces open(2), after which musl sets FD_CLOEXEC with a second call.</summary>
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
    public static partial nint readlinkat(int directory, byte* path, byte* buffer, nuint size);

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

    /// <summary>Native/interruption.c: from here on SIGINT and SIGTERM are noted.</summary>
    [LibraryImport("libc")]
    public static partial void note_interruptions();

    /// <summary>The number of the signal that was noted; 0: none.</summary>
    [LibraryImport("libc")]
    public static partial int interruption();

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

    /// <summary>The argument is a pointer or a number, depending on the request.</summary>
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
}
