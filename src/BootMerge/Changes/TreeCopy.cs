using System.Collections.Generic;
using BootMerge.Linux;
using BootMerge.Reporting;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>Copies files and trees with owner, mode, attributes, times, holes, and the hard links between them.</summary>
/// <param name="top">A directory that all copies lie in.</param>
/// <param name="withMarks">Whiteouts and overlayfs's own attributes are copied, too: the copy of an upper layer.</param>
internal sealed class TreeCopy(SafeFileHandle top, bool withMarks, Log log)
{
    private const uint PrivateMode = 0x1C0; // 0700

    // Of files with several names the first place in the copy: "8:1 4711" to "etc/a".
    private readonly Dictionary<string, string> _linked = [];
    private readonly byte[] _buffer = new byte[65536];
    private readonly FileStatus _top = Sys.Status(top);

    /// <param name="place">Of the copy below the top: "/etc/a".</param>
    public void Copy(SafeFileHandle source, string name, SafeFileHandle target, string place)
    {
        if (OverlayMark.TryStatus(source, name) is not FileStatus status || status.IsWhiteout && !withMarks)
            return;
        if (status.IsDirectory && status.IsSameInode(_top))
            throw new InputException("the copy would lie in what is copied, at " + PathText.Printable(place));
        if (status.Links > 1 && !status.IsDirectory)
        {
            string inode = status.Device + " " + status.Inode.ToString();
            if (_linked.TryGetValue(inode, out string? first))
            {
                int slash = first.LastIndexOf('/');
                using SafeFileHandle directory = Sys.OpenAt(top, first[1..slash], Sys.O_PATH | Sys.O_DIRECTORY, Sys.RESOLVE_BENEATH | Sys.RESOLVE_NO_SYMLINKS);
                Sys.MakeLink(directory, first[(slash + 1)..], target, name);
                return;
            }

            _linked[inode] = place;
        }

        if (status.IsDirectory)
            CopyDirectory(source, name, target, place);
        else if (status.IsSymlink)
            Sys.MakeSymlink(target, name, Sys.ReadLinkAt(source, name), place);
        else if (status.IsRegular)
            CopyFile(source, name, target, place);
        else
            Sys.MakeNode(target, name, status);
        CopyAttributes(source, name, status, target);
    }

    private void CopyDirectory(SafeFileHandle source, string name, SafeFileHandle target, string place)
    {
        Sys.MakeDirectory(target, name, PrivateMode, place);
        using SafeFileHandle from = Sys.OpenChild(source, name, Sys.O_RDONLY | Sys.O_DIRECTORY);
        using SafeFileHandle to = Sys.OpenChild(target, name, Sys.O_RDONLY | Sys.O_DIRECTORY);
        foreach (DirectoryEntry entry in Sys.ReadDirectory(from))
            Copy(from, entry.Name, to, place + "/" + entry.Name);
    }

    private void CopyFile(SafeFileHandle source, string name, SafeFileHandle target, string place)
    {
        using SafeFileHandle from = Sys.OpenChild(source, name, Sys.O_RDONLY | Sys.O_NONBLOCK | Sys.O_NOCTTY);
        using SafeFileHandle to = Sys.OpenChild(target, name, Sys.O_WRONLY | Sys.O_CREAT | Sys.O_EXCL, PrivateMode);
        Sys.CopyContent(from, to, _buffer, place);
    }

    public void CopyAttributes(SafeFileHandle source, string name, FileStatus status, SafeFileHandle target)
    {
        if (Sys.CopyAttributes(source, name, status, target, withMarks) is string lost)
            log.Warning("The copy of " + name + " is without the attribute " + lost + ", which its file system cannot hold.");
    }
}
