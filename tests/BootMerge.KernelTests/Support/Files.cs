using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using Mono.Unix;
using Mono.Unix.Native;

namespace BootMerge.KernelTests.Support;

/// <summary>Files as lstat(2) and the xattr calls show them, through Mono.Unix.</summary>
internal static class Files
{
    public static Stat Status(string path) => Syscall.lstat(path, out Stat status) == 0
        ? status : throw Failure("lstat", path);

    public static bool Exists(string path) => Syscall.lstat(path, out _) == 0;

    /// <summary>Permission bits with the sticky and set-id bits, as "0755".</summary>
    public static string Mode(string path) => Octal(Status(path).st_mode);

    public static string Owner(string path) => $"{Status(path).st_uid}:{Status(path).st_gid}";

    /// <summary>The device a path lies on, as overlayfs and mountinfo write it: "0:47".</summary>
    public static string Device(string path)
    {
        ulong device = Status(path).st_dev;
        ulong major = ((device >> 8) & 0xfff) | ((device >> 32) & ~0xffful);
        ulong minor = (device & 0xff) | ((device >> 12) & ~0xfful);
        return $"{major}:{minor}";
    }

    /// <param name="path">Followed when it is a link.</param>
    /// <param name="mode">Octal digits: C# has no such literals.</param>
    public static void ChangeMode(string path, string mode) =>
        Check(Syscall.chmod(path, (FilePermissions)Convert.ToUInt32(mode, 8)), "chmod", path);

    public static void ChangeOwner(string path, int user, int group) =>
        Check(Syscall.lchown(path, user, group), "lchown", path);

    public static void SetXattr(string path, string name, string value)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(value);
        Check(Syscall.lsetxattr(path, name, bytes, (ulong)bytes.Length, XattrFlags.XATTR_AUTO), "lsetxattr " + name,
            path);
    }

    public static string? GetXattr(string path, string name) =>
        Xattrs(path).TryGetValue(name, out byte[]? value) ? Encoding.UTF8.GetString(value) : null;

    public static SortedDictionary<string, byte[]> Xattrs(string path)
    {
        SortedDictionary<string, byte[]> found = new(StringComparer.Ordinal);
        if (Syscall.llistxattr(path, out string[] names) < 0)
            return Stdlib.GetLastError() == Errno.EOPNOTSUPP ? found : throw Failure("llistxattr", path);
        foreach (string name in names)
        {
            // overlayfs leaves its own names out of the list but not out of the list's size: empty names remain.
            if (name.Length == 0)
                continue;
            if (Syscall.lgetxattr(path, name, out byte[] value) < 0)
                throw Failure("lgetxattr " + name, path);
            found.Add(name, value ?? []);
        }

        return found;
    }

    public static void MakeWhiteout(string path) =>
        Check(Syscall.mknod(path, FilePermissions.S_IFCHR, 0), "mknod", path);

    public static void MakeFifo(string path) =>
        Check(Syscall.mkfifo(path, FilePermissions.S_IRUSR | FilePermissions.S_IWUSR), "mkfifo", path);

    public static bool IsWhiteout(string path) => Exists(path) && Kind(Status(path)) == FilePermissions.S_IFCHR
        && Status(path).st_rdev == 0;

    /// <summary>
    /// Maps each path, <paramref name="directory"/> and everything below it, to a line with type, mode, owner, xattrs
    /// and content. Does not enter mounts if <paramref name="directory"/> is a bind mount without what is mounted in
    /// it.
    /// </summary>
    /// <param name="unreachable">Leaves out a name that is listed but not there (overlayfs lists the whiteouts of a
    /// directory that only the upperdir has), and marks what cannot be looked at. Otherwise both are failures.</param>
    public static SortedDictionary<string, string> Snapshot(string directory, bool times = false,
        bool overlayBookkeeping = false, bool unreachable = false)
    {
        SortedDictionary<string, string> entries = new(StringComparer.Ordinal);
        Add(directory, "/");
        return entries;

        void Add(string path, string name)
        {
            if (unreachable && Syscall.lstat(path, out _) != 0)
            {
                if (Stdlib.GetLastError() is not Errno.ENOENT and var errno)
                    entries[name] = $"cannot be looked at: {errno}";
                return;
            }

            Stat status = Status(path);
            entries[name] = Describe(path, status, overlayBookkeeping)
                + (times ? $" mtime {status.st_mtime}.{status.st_mtime_nsec}" : "");
            if (Kind(status) == FilePermissions.S_IFDIR)
                foreach (string child in List(path))
                    Add(path + "/" + child, name.TrimEnd('/') + "/" + child);
        }
    }

    /// <summary>Names in a directory, except . and .., with bytes that are not UTF-8 as Mono escapes them.</summary>
    public static List<string> List(string directory)
    {
        IntPtr handle = Syscall.opendir(directory);
        if (handle == IntPtr.Zero)
            throw Failure("opendir", directory);
        List<string> names = [];
        while (Syscall.readdir(handle) is { } entry)
            if (entry.d_name is not ("." or ".."))
                names.Add(entry.d_name);
        Check(Syscall.closedir(handle), "closedir", directory);
        return names;
    }

    /// <summary>What changed, one line per change; empty if nothing did.</summary>
    public static List<string> Differences(
        SortedDictionary<string, string> before, SortedDictionary<string, string> after) =>
    [
        .. before.Where(entry => !after.ContainsKey(entry.Key)).Select(entry => $"gone: {entry.Key}: {entry.Value}"),
        .. after.Where(entry => !before.ContainsKey(entry.Key)).Select(entry => $"new: {entry.Key}: {entry.Value}"),
        .. before.Where(entry => after.TryGetValue(entry.Key, out string? now)
            && !string.Equals(entry.Value, now, StringComparison.Ordinal))
            .Select(entry => $"changed: {entry.Key}: {entry.Value} is now {after[entry.Key]}"),
    ];

    private static string Describe(string path, Stat status, bool overlayBookkeeping)
    {
        string text = Kind(status) switch
        {
            FilePermissions.S_IFDIR => "directory",
            FilePermissions.S_IFLNK => "link to " + UnixPath.ReadLink(path),
            FilePermissions.S_IFREG => "file " + Content(path, status.st_size),
            FilePermissions.S_IFIFO => "fifo",
            FilePermissions.S_IFCHR => $"character device {status.st_rdev}",
            FilePermissions other => other.ToString(),
        };
        text += $" {Octal(status.st_mode)} {status.st_uid}:{status.st_gid}";
        foreach ((string name, byte[] value) in Xattrs(path))
            if (overlayBookkeeping
                || name is not ("trusted.overlay.uuid" or "trusted.overlay.impure" or "trusted.overlay.origin"))
                text += $" {name}={Convert.ToHexString(value)}";
        return text;
    }

    private static string Content(string path, long size)
    {
        using UnixStream stream = new(Check(Syscall.open(path, OpenFlags.O_RDONLY | OpenFlags.O_NOFOLLOW), "open",
            path));
        byte[] bytes = new byte[size];
        stream.ReadExactly(bytes);
        return size <= 200 ? '"' + Encoding.Latin1.GetString(bytes).Replace("\n", "\\n", StringComparison.Ordinal) + '"'
            : $"{size} bytes {Convert.ToHexString(SHA256.HashData(bytes))}";
    }

    private static FilePermissions Kind(Stat status) => status.st_mode & FilePermissions.S_IFMT;

    private static string Octal(FilePermissions mode) => Convert.ToString((uint)mode & 0xfff, 8).PadLeft(4, '0');

    private static int Check(int result, string call, string path) => result >= 0 ? result : throw Failure(call, path);

    private static Win32Exception Failure(string call, string path)
    {
        int errno = NativeConvert.FromErrno(Stdlib.GetLastError());
        return new Win32Exception(errno, $"{call} {path}: {Stdlib.GetLastError()}");
    }
}
