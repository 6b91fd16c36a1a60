using System;
using System.Collections.Generic;
using System.Text;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>
/// What a reset may remove: each file of the upper layer as it was when it was copied. What came or changed since is in
/// no copy, so it stays.
/// </summary>
internal sealed class KnownFiles
{
    // By device and inode: what replaced a file is another one, whatever its name.
    private readonly Dictionary<string, Known> _files = [];

    /// <param name="status">As it was before its content was read, and is after that.</param>
    public void Add(FileStatus status) => _files[Key(status)] = new Known(status, "");

    /// <param name="directory">Opened for reading, before it is listed.</param>
    public void AddDirectory(SafeFileHandle directory, FileStatus status) =>
        _files[Key(status)] = new Known(status, AttributesOf(directory));

    /// <summary>For a reset that keeps no copy: a path as it is now, with all that is in it.</summary>
    public void AddTree(SafeFileHandle parent, string name)
    {
        using Descent descent = new(Sys.Reopen(parent, Sys.O_RDONLY | Sys.O_DIRECTORY), [name]);
        while (descent.TryNextOrLeave(out string? entry))
        {
            if (Sys.TryOpenChild(descent.Current!, entry, Sys.O_RDONLY | Sys.O_DIRECTORY) is SafeFileHandle directory)
            {
                AddDirectory(directory, Sys.Status(directory));
                descent.Enter(directory, entry, Sys.NamesIn(directory));
            }
            else if (Sys.TryStatusAt(descent.Current!, entry) is FileStatus status)
            {
                Add(status);
            }
        }
    }

    /// <summary>
    /// Whether something other than a directory is as it was. Any change moves its time of change on.
    /// </summary>
    public bool Has(FileStatus now) =>
        _files.GetValueOrDefault(Key(now)) is Known known
        && (known.IsWhiteout && now.IsWhiteout || known.ChangeTime == now.ChangeTime
        && IsSameContent(known.Status, now));

    /// <summary>As <see cref="Has"/>, of a file that this program has moved: that counts as a change of it.</summary>
    public bool HasMoved(FileStatus now) => _files.GetValueOrDefault(Key(now)) is Known known
        && IsSameContent(known.Status, now);

    /// <summary>
    /// Whether a directory has the owner, mode and attributes that it had. What is in it is asked for one by one.
    /// </summary>
    /// <param name="directory">Opened for reading.</param>
    public bool HasDirectory(SafeFileHandle directory)
    {
        FileStatus now = Sys.Status(directory);
        return _files.GetValueOrDefault(Key(now)) is Known known && IsSameOwnerAndMode(known.Status, now)
            && (known.ChangeTime == now.ChangeTime || known.Attributes == AttributesOf(directory));
    }

    /// <summary>One of a file's names is removed: its other names have a later time of change by that.</summary>
    public void NameRemoved(FileStatus before, FileStatus after)
    {
        if (after.Links > 0 && IsSameContent(before, after) && _files.GetValueOrDefault(Key(before)) is Known known)
            known.ChangeTime = after.ChangeTime;
    }

    public static bool IsSameContent(FileStatus one, FileStatus other) =>
        one.IsSameInode(other) && IsSameOwnerAndMode(one, other) && one.Size == other.Size
            && one.ModificationTime == other.ModificationTime;

    private static bool IsSameOwnerAndMode(FileStatus one, FileStatus other) =>
        one.Mode == other.Mode && one.Uid == other.Uid && one.Gid == other.Gid;

    private static string Key(FileStatus status) => status.Device + " " + status.Inode.ToString();

    /// <summary>Without those of overlayfs, which a reset takes off itself.</summary>
    private static string AttributesOf(SafeFileHandle directory)
    {
        List<string> names = Sys.ListXattrs(directory);
        names.RemoveAll(static name => name.Length == 0 || OverlayMark.IsOne(name));
        names.SortBy(string.CompareOrdinal);
        StringBuilder text = new();
        foreach (string name in names)
            text.Append(name).Append('=').Append(Convert.ToHexString(Sys.TryGetXattr(directory, name) ?? []))
                .Append('\n');
        return text.ToString();
    }

    private sealed class Known(FileStatus status, string attributes)
    {
        public FileStatus Status { get; } = status;

        /// <summary>Of a directory; else "".</summary>
        public string Attributes { get; } = attributes;

        public ulong ChangeTime { get; set; } = status.ChangeTime;

        /// <summary>Whiteouts are links of each other, and nothing is in them.</summary>
        public bool IsWhiteout => Status.IsWhiteout;
    }
}
