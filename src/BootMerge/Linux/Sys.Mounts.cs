using System;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Linux;

/// <summary>
/// The mount API [5.2] and its predecessor mount(2). Constants keep the kernel's names (linux/mount.h).
/// </summary>
internal static unsafe partial class Sys
{
    public const uint MOUNT_ATTR_RDONLY = 0x01;
    public const uint MOUNT_ATTR_NOSUID = 0x02;
    public const uint MOUNT_ATTR_NODEV = 0x04;
    public const uint MOUNT_ATTR_NOEXEC = 0x08;
    public const uint MOUNT_ATTR_NOATIME = 0x10;
    public const uint MOUNT_ATTR_STRICTATIME = 0x20;
    public const uint MOUNT_ATTR_NODIRATIME = 0x80;

    public const ulong MS_RDONLY = 0x1;
    public const ulong MS_NOSUID = 0x2;
    public const ulong MS_NODEV = 0x4;
    public const ulong MS_NOEXEC = 0x8;
    public const ulong MS_SYNCHRONOUS = 0x10;
    public const ulong MS_MANDLOCK = 0x40;
    public const ulong MS_DIRSYNC = 0x80;
    public const ulong MS_NOATIME = 0x400;
    public const ulong MS_NODIRATIME = 0x800;
    public const ulong MS_STRICTATIME = 1 << 24;
    public const ulong MS_LAZYTIME = 1 << 25;
    private const ulong MS_PRIVATE = 1 << 18;

    private const uint FSOPEN_CLOEXEC = 1;
    private const uint FSMOUNT_CLOEXEC = 1;
    private const uint FSPICK_CLOEXEC = 1;
    private const uint FSPICK_EMPTY_PATH = 8;
    private const uint FSCONFIG_SET_FLAG = 0;
    private const uint FSCONFIG_SET_STRING = 1;
    private const uint FSCONFIG_SET_FD = 5;
    private const uint FSCONFIG_CMD_CREATE = 6;
    private const uint FSCONFIG_CMD_RECONFIGURE = 7;
    private const uint OPEN_TREE_CLONE = 1;
    private const uint OPEN_TREE_CLOEXEC = 0x80000;
    private const uint AT_RECURSIVE = 0x8000;
    private const uint MOVE_MOUNT_F_EMPTY_PATH = 0x04;
    private const uint MOVE_MOUNT_T_EMPTY_PATH = 0x40;
    private const uint MOVE_MOUNT_BENEATH = 0x200;
    private const int MNT_DETACH = 2;
    private const int CLONE_NEWNS = 0x20000;

    /// <summary>A new, empty file-system context.</summary>
    public static SafeFileHandle FsOpen(string type)
    {
        int fd = LibC.fsopen(PathText.Terminated(type), FSOPEN_CLOEXEC);
        int errno = LastErrno;
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw new KernelException("fsopen", type, errno);
    }

    public static void SetString(SafeFileHandle context, string key, string value, string target) =>
        CheckContext(TrySetString(context, key, value, out int errno), "fsconfig " + key, target, errno, context);

    public static bool TrySetString(SafeFileHandle context, string key, string value, out int errno)
    {
        int result = LibC.fsconfig(Raw(context), FSCONFIG_SET_STRING, PathText.Terminated(key),
            PathText.Terminated(value), 0);
        errno = LastErrno;
        return result == 0;
    }

    public static void SetFlag(SafeFileHandle context, string key, string target)
    {
        int result = LibC.fsconfig(Raw(context), FSCONFIG_SET_FLAG, PathText.Terminated(key), null, 0);
        int errno = LastErrno;
        CheckContext(result == 0, "fsconfig " + key, target, errno, context);
    }

    public static void SetDescriptor(SafeFileHandle context, string key, SafeFileHandle value, string target) =>
        CheckContext(TrySetDescriptor(context, key, value, out int errno), "fsconfig " + key, target, errno, context);

    public static bool TrySetDescriptor(SafeFileHandle context, string key, SafeFileHandle value, out int errno)
    {
        int result = LibC.fsconfig(Raw(context), FSCONFIG_SET_FD, PathText.Terminated(key), null,
            (int)value.DangerousGetHandle());
        errno = LastErrno;
        return result == 0;
    }

    /// <summary>
    /// Makes a superblock; for file systems that explain a failure in the context's log or not at all.
    /// </summary>
    public static void CreateQuietly(SafeFileHandle context, string target)
    {
        int result = LibC.fsconfig(Raw(context), FSCONFIG_CMD_CREATE, null, null, 0);
        int errno = LastErrno;
        if (result < 0)
            throw new KernelException("fsconfig create", target, errno, ContextLog(context));
    }

    /// <summary>
    /// Makes an overlay's superblock; a failure carries the context's log and what /dev/kmsg received meanwhile.
    /// </summary>
    public static void Create(SafeFileHandle context, string target)
    {
        using KernelLog log = KernelLog.Mark();
        int result = LibC.fsconfig(Raw(context), FSCONFIG_CMD_CREATE, null, null, 0);
        int errno = LastErrno;
        if (result < 0)
            throw new KernelException("fsconfig create", target, errno, Join(ContextLog(context), log.Since()));
    }

    /// <param name="attributes">MOUNT_ATTR_* bits.</param>
    /// <returns>A detached mount.</returns>
    public static SafeFileHandle FsMount(SafeFileHandle context, uint attributes, string target)
    {
        int fd = LibC.fsmount(Raw(context), FSMOUNT_CLOEXEC, attributes);
        int errno = LastErrno;
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true)
            : throw new KernelException("fsmount", target, errno, ContextLog(context));
    }

    /// <summary>An empty tmpfs of our own, detached.</summary>
    public static SafeFileHandle NewMemory()
    {
        using SafeFileHandle context = FsOpen("tmpfs");
        SetString(context, "source", "bootmerge", "tmpfs");
        SetString(context, "mode", Octal.Text(Octal.Mode755), "tmpfs");
        CreateQuietly(context, "tmpfs");
        return FsMount(context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, "tmpfs");
    }

    /// <summary>
    /// Reconfigures the mounted superblock without changing an option: that makes the kernel drop unused dentries.
    /// </summary>
    public static void DropUnusedEntries(SafeFileHandle mountRoot, string target)
    {
        int fd = LibC.fspick(Raw(mountRoot), EmptyPath, FSPICK_EMPTY_PATH | FSPICK_CLOEXEC);
        int errno = LastErrno;
        if (fd < 0)
            throw new KernelException("fspick", target, errno);
        using SafeFileHandle context = new(fd, ownsHandle: true);
        int result = LibC.fsconfig(Raw(context), FSCONFIG_CMD_RECONFIGURE, null, null, 0);
        errno = LastErrno;
        if (result < 0)
            throw new KernelException("fsconfig reconfigure", target, errno, ContextLog(context));
    }

    /// <summary>mount(2); a failure carries what /dev/kmsg received meanwhile.</summary>
    /// <param name="data">Without a zero; at most 4095 bytes, because the kernel silently cuts off the rest.</param>
    public static void Mount(string source, SafeFileHandle on, string type, ulong flags, string data, string target)
    {
        const int PageSize = 4096;
        byte[] bytes = PathText.Terminated(data);
        if (bytes.Length > PageSize)
            throw new InputException("the mount options of " + PathText.Printable(target) + " are longer than a page: "
                + bytes.Length.ToString() + " bytes");
        using KernelLog log = KernelLog.Mark();
        int result = LibC.mount(PathText.Terminated(source), PathText.Terminated(ProcPath(on)),
            PathText.Terminated(type), flags, bytes);
        int errno = LastErrno;
        if (result < 0)
            throw new KernelException("mount " + type, target, errno, log.Since());
    }

    /// <summary>A detached copy of a mount; with <paramref name="recursive"/>, also of the mounts on it.</summary>
    public static SafeFileHandle CloneTree(SafeFileHandle mount, bool recursive, string target) =>
        TryCloneTree(mount, recursive, out int errno) ?? throw new KernelException("open_tree", target, errno);

    /// <summary>null with the error number; EINVAL if the mount is unbindable.</summary>
    public static SafeFileHandle? TryCloneTree(SafeFileHandle mount, bool recursive, out int errno)
    {
        int fd = LibC.open_tree(Raw(mount), EmptyPath,
            OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0));
        errno = LastErrno;
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : null;
    }

    /// <summary>Mount events no longer propagate from or to these mounts.</summary>
    public static void MakePrivate(SafeFileHandle mount, string target) =>
        SetAttributes(mount, new LibC.MountAttributes { Propagation = MS_PRIVATE }, AT_EMPTY_PATH | AT_RECURSIVE,
            target);

    public static void MakeReadOnly(SafeFileHandle mount, string target) =>
        SetAttributes(mount, new LibC.MountAttributes { Set = MOUNT_ATTR_RDONLY }, AT_EMPTY_PATH, target);

    private static void SetAttributes(SafeFileHandle mount, LibC.MountAttributes attributes, uint flags, string target)
    {
        int result = LibC.mount_setattr(Raw(mount), EmptyPath, flags, &attributes, (nuint)sizeof(LibC.MountAttributes));
        int errno = LastErrno;
        if (result < 0)
            throw new KernelException("mount_setattr", target, errno);
    }

    /// <summary>Attaches a mount on top of what is mounted there.</summary>
    public static void Attach(SafeFileHandle mount, SafeFileHandle on, string target)
    {
        int result = LibC.move_mount(Raw(mount), EmptyPath, Raw(on), EmptyPath,
            MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
        int errno = LastErrno;
        if (result < 0)
            throw new KernelException("move_mount", target, errno);
    }

    /// <summary>Attaches a mount beneath the topmost one of a mount point [6.5].</summary>
    /// <param name="on">The root of the topmost mount.</param>
    /// <returns>0, or the error number.</returns>
    public static int TryAttachBeneath(SafeFileHandle mount, SafeFileHandle on)
    {
        int result = LibC.move_mount(Raw(mount), EmptyPath, Raw(on), EmptyPath,
            MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH | MOVE_MOUNT_BENEATH);
        int errno = LastErrno;
        return result == 0 ? 0 : errno;
    }

    /// <summary>Detaches a mount, or the topmost of those stacked on its root; files open on it stay usable.</summary>
    public static void Detach(SafeFileHandle mountRoot, string target)
    {
        int result = LibC.umount2(PathText.Terminated(ProcPath(mountRoot)), MNT_DETACH);
        int errno = LastErrno;
        if (result < 0)
            throw new KernelException("umount2", target, errno);
    }

    /// <summary>Moves this thread into a copy of its mount namespace.</summary>
    public static void CopyMountNamespace() => Check(LibC.unshare(CLONE_NEWNS), "unshare", "the mount namespace");

    /// <summary>Stops all propagation from and to this thread's mount namespace.</summary>
    public static void MakeNamespacePrivate()
    {
        // In a chroot "/" may be a plain directory, on a mount that even mountinfo does not show there. Entering the
        // namespace that the thread is already in, with setns(2), leads to its real root, on top of all that is mounted
        // there.
        using SafeFileHandle current = Open("/proc/self/ns/mnt", O_RDONLY);
        using SafeFileHandle processRoot = Open("/", O_PATH | O_DIRECTORY);
        using SafeFileHandle workingDirectory = Open(".", O_PATH | O_DIRECTORY);
        Check(LibC.setns(Raw(current), CLONE_NEWNS), "setns", "the private mount namespace");
        using SafeFileHandle root = Open("/", O_PATH | O_DIRECTORY);
        MakePrivate(root, "/");
        EnterMountNamespace(current, processRoot, workingDirectory);
    }

    /// <summary>Enters a mount namespace (again); root and working directory are the given ones.</summary>
    public static void EnterMountNamespace(SafeFileHandle mountNamespace, SafeFileHandle root,
        SafeFileHandle workingDirectory)
    {
        Check(LibC.setns(Raw(mountNamespace), CLONE_NEWNS), "setns", "the mount namespace");
        // setns(2) moves root and working directory to the namespace's root. In a chroot that would leave it.
        Check(LibC.fchdir(Raw(root)), "fchdir", "/");
        Check(LibC.chroot(PathText.Terminated(".")), "chroot", "/");
        ChangeDirectory(workingDirectory);
    }

    public static void ChangeDirectory(SafeFileHandle directory) =>
        Check(LibC.fchdir(Raw(directory)), "fchdir", directory);

    /// <summary>
    /// An inotify descriptor that becomes readable when a file's superblock is gone; null if none is available.
    /// </summary>
    public static SafeFileHandle? TryWatchForUnmount(SafeFileHandle file)
    {
        const int IN_CLOEXEC = O_CLOEXEC;
        const uint IN_DELETE_SELF = 0x400; // a watch needs an event; IN_UNMOUNT always comes
        int fd = LibC.inotify_init1(IN_CLOEXEC);
        if (fd < 0)
            return null;
        SafeFileHandle inotify = new(fd, ownsHandle: true);
        if (LibC.inotify_add_watch(Raw(inotify), PathText.Terminated(ProcPath(file)), IN_DELETE_SELF) >= 0)
            return inotify;
        inotify.Dispose();
        return null;
    }

    /// <returns>false if nothing came in time.</returns>
    public static bool WaitForEvent(SafeFileHandle file, int timeoutMilliseconds)
    {
        const short POLLIN = 1;
        LibC.PollEntry entry = new() { File = (int)file.DangerousGetHandle(), Events = POLLIN };
        return LibC.poll(&entry, 1, timeoutMilliseconds) > 0;
    }

    /// <summary>All messages of the context's log in one line, separated by blanks.</summary>
    private static string ContextLog(SafeFileHandle context)
    {
        StringBuilder log = new();
        Span<byte> buffer = stackalloc byte[1024];
        while (true)
        {
            nint length;
            fixed (byte* at = buffer)
                length = LibC.read(Raw(context), at, (nuint)buffer.Length);
            if (length <= 0)
                return log.ToString();
            string line = PathText.Decode(buffer[..(int)length]).TrimEnd('\n');
            // "e overlay: message": the severity letter is dropped, because this is an error.
            if (line.Length > 2 && line[1] == ' ')
                line = line[2..];
            log.Append(log.Length == 0 ? "" : "; ").Append(line);
        }
    }

    private static string Join(string first, string second) =>
        first.Length == 0 ? second : second.Length == 0 ? first : first + "; " + second;

    private static void CheckContext(bool ok, string call, string target, int errno, SafeFileHandle context)
    {
        if (!ok)
            throw new KernelException(call, target, errno, ContextLog(context));
    }
}
