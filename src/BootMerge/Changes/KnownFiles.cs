using System;
using System.Collections.Generic;
using System.Text;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>
/// What a reset may remove: each file of the upper layer as it was when it was copied. What was added or changed since
/// is in no copy, so it stays.
/// </summary>
internal sealed class KnownFiles
{
    // By device and inode: a file that replaced another is not the same, even under the same name.
    private readonly Dictionary<string, Known> _files = [];

    /// <param name="status">The same before and after its content was read.</param>
    public void Add(FileStatus status) => _files[Key(status)] = new Known(status, "");

    /// <param name="directory">Opened for reading, before it is listed.</param>
    public void AddDirectory(SafeFileHandle directory, FileStatus status) =>
        _files[Key(status)] = new Known(status, AttributesOf(directory));

    /// <summary>For a reset without a copy: a path as it is now, with everything in it.</summary>
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

    /// <summary>Whether something other than a directory is unchanged. Any change updates its change time.</summary>
    public bool Has(FileStatus now) =>
        _files.GetValueOrDefault(Key(now)) is Known known
        && (known.IsWhiteout && now.IsWhiteout || known.ChangeTime == now.ChangeTime
        && IsSameContent(known.Status, now));

    /// <summary>
    /// Like <see cref="Has"/>, for a file that this program has moved, which changes its change time.
    /// </summary>
    public bool HasMoved(FileStatus now) => _files.GetValueOrDefault(Key(now)) is Known known
        && IsSameContent(known.Status, now);

    /// <summary>
    /// Whether a directory still has its owner, mode and attributes. Its content is checked entry by entry.
    /// </summary>
    /// <param name="directory">Opened for reading.</param>
    public bool HasDirectory(SafeFileHandle directory)
    {
        FileStatus now = Sys.Status(directory);
        return _files.GetValueOrDefault(Key(now)) is Known known && IsSameOwnerAndMode(known.Status, now)
            && (known.ChangeTime == now.ChangeTime || known.Attributes == AttributesOf(directory));
    }

    /// <summary>One of a file's names was removed, which gives its other names a later change time.</summary>
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

    /// <summary>Without those of overlayfs, which a reset removes itself.</summary>
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

        /// <summary>For a directory; otherwise "".</summary>
        public string Attributes { get; } = attributes;

        public ulong ChangeTime { get; set; } = status.ChangeTime;

        /// <summary>Whiteouts are hard links of each other, and have no content.</summary>
        public bool IsWhiteout => Status.IsWhiteout;
    }
}
