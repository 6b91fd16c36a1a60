using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace BootMerge.DifferentialTests;

/// <summary>A tree as facts: each entry's type, mode, owner, content and extended attributes.</summary>
internal static class TreeFacts
{
    /// <param name="aspect">"merged" for what is seen, "raw" for what lies on the root's own file system.</param>
    /// <param name="left">The name of entries that are left out, at any depth: the marker of a merge.</param>
    public static void Add(IDictionary<string, string> facts, string aspect, string path, string relative,
        string? left = null)
    {
        Native.Statx status;
        try
        {
            if (Native.Lstat(path) is not { } found)
            {
                facts[$"{aspect} {relative}"] = "absent";
                return;
            }
            status = found;
        }
        catch (NativeException refused)
        {
            // overlayfs lets nobody into its own workdir, if one lies in a layer.
            facts[$"{aspect} {relative}"] = Marshal.GetPInvokeErrorMessage(refused.Errno);
            return;
        }
        facts[$"{aspect} {relative}"] = Describe(path, status, raw: aspect == "raw");
        // What overlayfs keeps in its workdir has inode numbers as names, and is its own business.
        if (status.Type != Native.S_IFDIR || relative.EndsWith("-workdir/work", StringComparison.Ordinal)
            || relative.EndsWith("-workdir.1/work", StringComparison.Ordinal))
            return;
        foreach (string entry in Directory.GetFileSystemEntries(path))
        {
            string name = Path.GetFileName(entry);
            if (name == left)
                continue;
            if (aspect == "raw" && relative.Length == 0 && name is "bootmerge" or "systemd-confext" or "systemd-sysext")
                continue;
            // bootmerge has two names for a workdir and uses one of them. The second counts as the first, unless both
            // are there.
            if (name.EndsWith("-workdir.1", StringComparison.Ordinal) && Native.Lstat(entry[..^2]) is null)
                name = name[..^2];
            Add(facts, aspect, entry, relative.Length == 0 ? name : relative + "/" + name, left);
        }
    }

    public static string Describe(string path, Native.Statx status, bool raw)
    {
        StringBuilder text = new();
        text.Append(KindOf(status)).Append(' ');
        if (status.Type == Native.S_IFLNK)
            text.Append("-> ").Append(new FileInfo(path).LinkTarget).Append(' ');
        else
            text.Append(Convert.ToString(status.Mode & 0xFFF, 8)).Append(' ');
        text.Append(status.Uid).Append(':').Append(status.Gid);
        if (status.Type is Native.S_IFCHR or Native.S_IFBLK)
            text.Append(status.RdevMajor == 7 ? " a loop device" : $" device {status.RdevMajor}:{status.RdevMinor}");
        if (status.Type == Native.S_IFREG)
            text.Append(' ').Append(ContentOf(path));
        string[] names = Native.ListXattrs(path);
        Array.Sort(names, StringComparer.Ordinal);
        foreach (string name in names)
        {
            if (IsCompared(name, raw))
                text.Append($" {name}={Convert.ToHexString(Native.GetXattr(path, name))}");
        }
        return text.ToString();
    }

    /// <summary>
    /// Of overlayfs's own attributes, only those that decide what a layer shows; the rest is bookkeeping.
    /// </summary>
    private static bool IsCompared(string xattr, bool raw) => xattr switch
    {
        "trusted.overlay.opaque" or "trusted.overlay.redirect" or "trusted.overlay.metacopy" => raw,
        "security.selinux" => false,
        _ => !xattr.StartsWith("trusted.overlay.", StringComparison.Ordinal),
    };

    public static string KindOf(Native.Statx status) => status.Type switch
    {
        Native.S_IFDIR => "directory",
        Native.S_IFREG => "file",
        Native.S_IFLNK => "link",
        Native.S_IFCHR => "character",
        Native.S_IFBLK => "block",
        Native.S_IFIFO => "fifo",
        Native.S_IFSOCK => "socket",
        _ => "unknown",
    };

    private static string ContentOf(string path)
    {
        // A program of the system, or a disk image: nobody writes to it.
        long length = new FileInfo(path).Length;
        if (length >= 4096)
            return $"{length} bytes";
        byte[] bytes = File.ReadAllBytes(path);
        return bytes.Length <= 200
            ? JsonSerializer.Serialize(Encoding.UTF8.GetString(bytes))
            : Convert.ToHexString(SHA256.HashData(bytes));
    }
}
