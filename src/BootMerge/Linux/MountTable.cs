using System;
using System.Collections.Generic;
using System.Text;
using CommunityToolkit.HighPerformance;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Linux;

/// <summary>One line of /proc/self/mountinfo, proc_pid_mountinfo(5).</summary>
/// <param name="device">"8:1"</param>
/// <param name="root">The directory of the file system that is mounted, unescaped.</param>
/// <param name="path">The mount point as this process sees it, unescaped.</param>
/// <param name="options">Options of the mount, not of the superblock.</param>
/// <param name="propagation">"shared:7", "master:1", "unbindable"; empty: private.</param>
internal sealed class Mount(
    int id, int parentId, string device, string root, string path, string options, List<string> propagation,
        string type, string superOptions)
{
    public int Id { get; } = id;

    public int ParentId { get; } = parentId;

    public string Device { get; } = device;

    public string Root { get; } = root;

    public string Path { get; } = path;

    public string Options { get; } = options;

    public string Type { get; } = type;

    public string SuperOptions { get; } = superOptions;

    public bool IsUnbindable { get; } = propagation.Has("unbindable");

    /// <summary>The mounted directory or file has been removed. No other path has two slashes in a row.</summary>
    public bool IsDeleted { get; } = root.EndsWith("//deleted", StringComparison.Ordinal);
}

/// <summary>A file's place in its file system, independent of mounts.</summary>
internal sealed class FileSystemPlace(string device, string path)
{
    public string Device { get; } = device;

    public string Path { get; } = path;
}

/// <summary>The mounts of this process's namespace, in the order in which they were attached.</summary>
internal sealed class MountTable
{
    // Of the last mount asked about: often hundreds of layers are on one mount.
    private ulong _lastUniqueId;
    private int _lastId;

    private MountTable(List<Mount> mounts) => Mounts = mounts;

    public List<Mount> Mounts { get; }

    public static MountTable Read()
    {
        const string Path = "/proc/self/mountinfo";
        const int Limit = 256 << 20;
        using SafeFileHandle file = Sys.TryOpen(Path, Sys.O_RDONLY)
            ?? throw new InputException("cannot read " + Path + ": /proc is not mounted");
        return Parse(Sys.ReadAll(file, Limit, Path));
    }

    /// <summary>Ignores lines that are not mountinfo; the kernel writes none.</summary>
    public static MountTable Parse(ReadOnlySpan<byte> text)
    {
        List<Mount> mounts = [];
        foreach (ReadOnlySpan<byte> line in text.Tokenize((byte)'\n'))
            if (ParseLine(line) is Mount mount)
                mounts.Add(mount);

        return new MountTable(mounts);
    }

    public Mount? ById(int id)
    {
        foreach (Mount mount in Mounts)
            if (mount.Id == id)
                return mount;
        return null;
    }

    /// <summary>Mounts attached directly to a mount, anywhere inside it, in order of attachment.</summary>
    public List<Mount> ChildrenOf(int parentId)
    {
        List<Mount> children = [];
        foreach (Mount mount in Mounts)
            if (mount.ParentId == parentId && mount.Id != parentId)
                children.Add(mount);
        return children;
    }

    /// <summary>The places of a directory; if an overlay is mounted on it, also that of the directory below.</summary>
    /// <param name="path">Its path in this process's view, <see cref="Sys.PathOf"/>.</param>
    /// <param name="status">Of <paramref name="directory"/>.</param>
    public List<FileSystemPlace> PlacesOf(SafeFileHandle directory, string path, FileStatus status)
    {
        if (status.UniqueMountId != _lastUniqueId)
        {
            _lastId = Sys.MountNumber(directory);
            _lastUniqueId = status.UniqueMountId;
        }

        List<FileSystemPlace> places = [];
        Mount? mount = ById(_lastId);
        while (mount is not null && PathName.IsOrIsBelow(path, mount.Path))
        {
            string below = mount.Path == "/" ? path : path[mount.Path.Length..];
            places.Add(new FileSystemPlace(mount.Device, "/" + (mount.Root + below).Trim('/')));
            mount = mount.Path == path && mount.Type == "overlay" ? ById(mount.ParentId) : null;
        }

        // In a chroot the mount at its root may have no line; then the path itself must do.
        if (places.Count == 0)
            places.Add(new FileSystemPlace(status.Device, path));
        return places;
    }

    private static Mount? ParseLine(ReadOnlySpan<byte> line)
    {
        // id parent major:minor root mountpoint options [optional...] - type source superoptions
        int separator = line.IndexOf(" - "u8);
        if (separator < 0)
            return null;
        List<string> before = Fields(line[..separator]);
        List<string> after = Fields(line[(separator + 3)..]);
        if (before.Count < 6 || after.Count < 2 || !int.TryParse(before[0], out int id)
            || !int.TryParse(before[1], out int parent))
            return null;
        return new Mount(id, parent, before[2], before[3], before[4], before[5], before.GetRange(6, before.Count - 6),
            after[0], after.Count > 2 ? after[2] : "");
    }

    private static List<string> Fields(ReadOnlySpan<byte> text)
    {
        List<string> fields = [];
        foreach (ReadOnlySpan<byte> field in text.Tokenize((byte)' '))
            fields.Add(Unescape(field));
        return fields;
    }

    /// <summary>Blanks, tabs, newlines and backslashes are written as \ooo.</summary>
    private static string Unescape(ReadOnlySpan<byte> text)
    {
        if (text.IndexOf((byte)'\\') < 0)
            return PathText.Decode(text);
        byte[] bytes = new byte[text.Length];
        int length = 0;
        for (int i = 0; i < text.Length; i++)
        {
            int escaped = text[i] == '\\' ? CText.OctalNumber(text[(i + 1)..]) : -1;
            bytes[length++] = escaped < 0 ? text[i] : (byte)escaped;
            i += escaped < 0 ? 0 : 3;
        }

        return PathText.Decode(bytes.AsSpan(0, length));
    }
}
