using System;
using System.Collections.Generic;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>Compares what an upper layer has with the layers below.</summary>
/// <param name="withLabels">Compare SELinux labels too.</param>
internal sealed class Comparison(bool withLabels)
{
    private const string AclPrefix = "system.posix_acl_";
    private const string Label = "security.selinux";

    private readonly byte[] _upper = new byte[65536];
    private readonly byte[] _below = new byte[65536];

    /// <param name="entry">Exists on both sides.</param>
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
        if (upper.IsRegular)
            return difference | OfFiles(entry);
        if (entry.UpperHandle is not null && entry.BelowHandle is not null && entry.Redirect is null)
            return difference | OfXattrs(entry, Sys.ListXattrs(entry.UpperHandle), Sys.ListXattrs(entry.BelowHandle));
        // Not opened: that could block on a fifo, and trigger a device.
        difference |= OfXattrs(entry, Sys.ListXattrsAt(entry.UpperDirectory, entry.Name),
            Sys.ListXattrsAt(entry.BelowDirectory!, entry.Name));
        return HaveSameContent(entry) ? difference : difference | Difference.Content;
    }

    /// <summary>For anything but regular files.</summary>
    private static bool HaveSameContent(Entry entry)
    {
        FileStatus upper = entry.Upper!;
        FileStatus below = entry.Below!;
        if (upper.IsSymlink)
            return Sys.ReadLinkAt(entry.UpperDirectory, entry.Name) == Sys.ReadLinkAt(entry.BelowDirectory!,
                entry.Name);
        if (upper.IsBlockDevice || upper.IsCharacterDevice)
            return upper.RdevMajor == below.RdevMajor && upper.RdevMinor == below.RdevMinor;
        return true;
    }

    private Difference OfFiles(Entry entry)
    {
        using SafeFileHandle? upper = Sys.TryOpenFile(entry.UpperDirectory, entry.Name);
        using SafeFileHandle? below = Sys.TryOpenFile(entry.BelowDirectory!, entry.Name);
        if (upper is null || below is null)
            return Difference.Content; // gone meanwhile: that is a difference
        Difference difference = OfXattrs(entry, Sys.ListXattrs(upper), Sys.ListXattrs(below));
        bool isSame = entry.Upper!.Size == entry.Below!.Size && HaveSameBytes(upper, below, entry.Upper.Size);
        return isSame ? difference : difference | Difference.Content;
    }

    /// <summary>
    /// Compares up to the size that they had when they were looked at. Callers that act on the result check again
    /// whether it has changed.
    /// </summary>
    private bool HaveSameBytes(SafeFileHandle upper, SafeFileHandle below, ulong size)
    {
        while (size > 0)
        {
            int wanted = (int)Math.Min(size, (ulong)_upper.Length);
            if (Sys.ReadFully(upper, _upper.AsSpan(0, wanted)) != wanted
                || Sys.ReadFully(below, _below.AsSpan(0, wanted)) != wanted
                || !_upper.AsSpan(0, wanted).SequenceEqual(_below.AsSpan(0, wanted)))
                return false;
            size -= (ulong)wanted;
        }

        return true;
    }

    private Difference OfXattrs(Entry entry, List<string> upper, List<string> below)
    {
        if (upper.Count == 0 && below.Count == 0)
            return Difference.None;
        RemoveIgnored(upper);
        RemoveIgnored(below);
        Difference difference = Difference.None;
        foreach (string name in upper)
            if (!below.Has(name) || !HaveSameValue(entry, name))
                difference |= KindOf(name);
        foreach (string name in below)
            if (!upper.Has(name))
                difference |= KindOf(name);
        return difference;
    }

    private static Difference KindOf(string name) => name.StartsWith(AclPrefix, StringComparison.Ordinal)
        ? Difference.Acl : Difference.Xattr;

    private void RemoveIgnored(List<string> names)
    {
        for (int i = names.Count - 1; i >= 0; i--)
            if (OverlayMark.IsOne(names[i]) || names[i] == Label && !withLabels || names[i].Length == 0)
                names.RemoveAt(i);
    }

    private static bool HaveSameValue(Entry entry, string name)
    {
        byte[]? upper = Sys.TryGetXattrAt(entry.UpperDirectory, entry.Name, name);
        byte[]? below = Sys.TryGetXattrAt(entry.BelowDirectory!, entry.Name, name);
        return upper is not null && below is not null && upper.AsSpan().SequenceEqual(below);
    }
}
