using System;
using System.Collections.Generic;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>Compares what an upper layer has with what is below it.</summary>
/// <param name="withLabels">SELinux labels count, too.</param>
internal sealed class Comparison(bool withLabels)
{
    private const string OverlayPrefix = "trusted.overlay.";
    private const string AclPrefix = "system.posix_acl_";
    private const string Label = "security.selinux";

    private readonly byte[] _upper = new byte[65536];
    private readonly byte[] _below = new byte[65536];

    /// <param name="entry">Both sides are there.</param>
    public Difference Of(Entry entry)
    {
        FileStatus upper = entry.Upper!;
        FileStatus below = entry.Below!;
        if (!upper.IsSameType(below))
            return Difference.Type;
        Difference difference = Difference.None;
        // A symlink has no mode of its own.
        if (!upper.IsSymlink && upper.Permissions != below.Permissions)
            difference |= Difference.Mode;
        if (upper.Uid != below.Uid || upper.Gid != below.Gid)
            difference |= Difference.Owner;
        difference |= OfXattrs(entry);
        if (!HaveSameContent(entry))
            difference |= Difference.Content;
        return difference;
    }

    public bool HaveSameContent(Entry entry)
    {
        FileStatus upper = entry.Upper!;
        FileStatus below = entry.Below!;
        if (upper.IsRegular)
            return upper.Size == below.Size && HaveSameBytes(entry);
        if (upper.IsSymlink)
            return Sys.ReadLinkAt(entry.UpperDirectory, entry.Name) == Sys.ReadLinkAt(entry.BelowDirectory!, entry.Name);
        if (upper.IsBlockDevice || upper.IsCharacterDevice)
            return upper.RdevMajor == below.RdevMajor && upper.RdevMinor == below.RdevMinor;
        return true;
    }

    private bool HaveSameBytes(Entry entry)
    {
        if (entry.Upper!.Size == 0)
            return true;
        using SafeFileHandle? upper = OpenFile(entry.UpperDirectory, entry.Name);
        using SafeFileHandle? below = OpenFile(entry.BelowDirectory!, entry.Name);
        if (upper is null || below is null)
            return false; // gone since: whoever removed it knows better
        while (true)
        {
            int length = Sys.ReadFully(upper, _upper, entry.Path);
            if (Sys.ReadFully(below, _below, entry.Path) != length || !_upper.AsSpan(0, length).SequenceEqual(_below.AsSpan(0, length)))
                return false;
            if (length < _upper.Length)
                return true;
        }
    }

    // Never waits, whatever the file has become since it was looked at.
    private static SafeFileHandle? OpenFile(SafeFileHandle directory, string name) =>
        Sys.TryOpenAt(directory, name, Sys.O_RDONLY | Sys.O_NOFOLLOW | Sys.O_NONBLOCK | Sys.O_NOCTTY, Sys.RESOLVE_BENEATH);

    private Difference OfXattrs(Entry entry)
    {
        List<string> upper = NamesAt(entry.UpperDirectory, entry.Name);
        List<string> below = NamesAt(entry.BelowDirectory!, entry.Name);
        Difference difference = Difference.None;
        foreach (string name in upper)
            if (!below.Contains(name) || !HaveSameValue(entry, name))
                difference |= KindOf(name);
        foreach (string name in below)
            if (!upper.Contains(name))
                difference |= KindOf(name);
        return difference;
    }

    private static Difference KindOf(string name) => name.StartsWith(AclPrefix, StringComparison.Ordinal) ? Difference.Acl : Difference.Xattr;

    private List<string> NamesAt(SafeFileHandle directory, string name)
    {
        List<string> names = Sys.ListXattrsAt(directory, name);
        for (int i = names.Count - 1; i >= 0; i--)
            if (names[i].StartsWith(OverlayPrefix, StringComparison.Ordinal) || names[i] == Label && !withLabels || names[i].Length == 0)
                names.RemoveAt(i);
        return names;
    }

    private static bool HaveSameValue(Entry entry, string name)
    {
        byte[]? upper = Sys.TryGetXattrAt(entry.UpperDirectory, entry.Name, name);
        byte[]? below = Sys.TryGetXattrAt(entry.BelowDirectory!, entry.Name, name);
        return upper is not null && below is not null && upper.AsSpan().SequenceEqual(below);
    }
}
