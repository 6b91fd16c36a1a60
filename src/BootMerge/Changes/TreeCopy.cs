using System;
using System.Collections.Generic;
using System.Threading;
using BootMerge.Linux;
using BootMerge.Reporting;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>
/// Copies files and trees with owner, mode, attributes, times, holes, and the hard links between them.
/// </summary>
/// <param name="top">A directory that contains all copies.</param>
/// <param name="withMarks">Also copy whiteouts and overlayfs's own attributes, for a copy of an upper layer.</param>
/// <param name="known">Receives what was copied and did not change meanwhile.</param>
internal sealed class TreeCopy(SafeFileHandle top, bool withMarks, Log log, KnownFiles? known = null)
{
    // Longer than the kernel's clock for file times may stand still, which is 10 ms.
    private const int ClockStepMilliseconds = 20;

    // For files with several names, the first place in the copy: "8:1 4711" to "etc/a".
    private readonly Dictionary<string, string> _linked = [];
    private readonly byte[] _buffer = new byte[65536];
    private readonly FileStatus _top = Sys.Status(top);

    /// <param name="place">The copy's path below the top: "/etc/a".</param>
    public void Copy(SafeFileHandle source, string name, SafeFileHandle target, string place)
    {
        using Descent from = new(Sys.Reopen(source, Sys.O_RDONLY | Sys.O_DIRECTORY), [name]);
        using Descent to = new(Sys.Reopen(target, Sys.O_RDONLY | Sys.O_DIRECTORY), []);
        List<Level> levels = [new Level(_top, Place.At(PathName.Parent(place)))];
        while (true)
        {
            if (from.TryNext(out string? entry))
            {
                Place at = levels[^1].Place.Child(entry);
                using SafeFileHandle? file = Sys.TryOpenChild(from.Current!, entry, Sys.O_PATH);
                FileStatus? status = file is null ? null : OverlayMark.Status(file);
                if (status is { IsDirectory: true })
                {
                    Enter(from, to, file!, status, entry, at.ToString());
                    levels.Add(new Level(status, at));
                }
                else if (status is not null && (withMarks || !status.IsWhiteout))
                {
                    Copy(file!, status, entry, to.Current!, at.ToString());
                }
            }
            else if (from.IsAtTop)
            {
                return;
            }
            else
            {
                // Only after its content is there, or that would change its time.
                Level level = levels[^1];
                levels.RemoveAt(levels.Count - 1);
                CopyAttributes(from.Current!, level.Status, to.Current!, level.Place.ToString());
                from.Leave();
                to.Leave();
            }
        }
    }

    /// <param name="file">O_PATH: this file is copied, whatever takes its name meanwhile.</param>
    private void Enter(Descent from, Descent to, SafeFileHandle file, FileStatus status, string name, string place)
    {
        if (status.IsSameInode(_top))
            throw new InputException("the copy would be inside what is copied, at " + PathText.Printable(place));
        SafeFileHandle directory = Sys.Reopen(file, Sys.O_RDONLY | Sys.O_DIRECTORY);
        known?.AddDirectory(directory, status);
        Sys.MakeDirectory(to.Current!, name, Octal.Mode700, place);
        to.Enter(Sys.OpenChild(to.Current!, name, Sys.O_RDONLY | Sys.O_DIRECTORY), name, []);
        from.Enter(directory, name, Sys.NamesIn(directory));
    }

    /// <summary>For anything but a directory.</summary>
    private void Copy(SafeFileHandle file, FileStatus status, string name, SafeFileHandle target, string place)
    {
        if (known is not null)
            status = Settled(file, status);
        if (status.Links > 1 && TryLink(status, name, target, place))
            return;
        if (status.IsRegular)
        {
            using SafeFileHandle from = Sys.Reopen(file, Sys.O_RDONLY | Sys.O_NONBLOCK | Sys.O_NOCTTY);
            using SafeFileHandle to = Sys.OpenChild(target, name, Sys.O_WRONLY | Sys.O_CREAT | Sys.O_EXCL,
                Octal.Mode700);
            Sys.CopyContent(from, to, _buffer, place);
            CopyAttributes(file, status, to, place);
        }
        else
        {
            if (status.IsSymlink)
                Sys.MakeSymlink(target, name, Sys.ReadLink(file), place);
            else
                Sys.MakeNode(target, name, status);
            using SafeFileHandle to = Sys.OpenChild(target, name, Sys.O_PATH);
            CopyAttributes(file, status, to, place);
        }

        if (known is not null && Sys.Status(file) is FileStatus now && now.ChangeTime == status.ChangeTime
            && KnownFiles.IsSameContent(now, status))
            known.Add(status);
    }

    /// <summary>Adds another name to a file that is in the copy already.</summary>
    private bool TryLink(FileStatus status, string name, SafeFileHandle target, string place)
    {
        string inode = status.Device + " " + status.Inode.ToString();
        if (!_linked.TryGetValue(inode, out string? first))
        {
            _linked[inode] = place;
            return false;
        }

        // If the path is too long, the file is copied again.
        using SafeFileHandle? directory = Sys.TryOpenAt(top, PathName.Parent(first).AsSpan(1),
            Sys.O_PATH | Sys.O_DIRECTORY, Sys.RESOLVE_BENEATH | Sys.RESOLVE_NO_SYMLINKS, out _);
        if (directory is null)
            return false;
        Sys.MakeLink(directory, PathName.Last(first), target, name);
        return true;
    }

    /// <summary>
    /// Before 6.13, a file written to just now may be written to again without a later change time. This waits until a
    /// second write would be visible.
    /// </summary>
    private static FileStatus Settled(SafeFileHandle file, FileStatus status)
    {
        ulong now = (ulong)(DateTime.UtcNow - DateTime.UnixEpoch).TotalMicroseconds;
        if (status.ChangeTime > now || now - status.ChangeTime > ClockStepMilliseconds * 1000)
            return status;
        Thread.Sleep(ClockStepMilliseconds);
        return OverlayMark.Status(file);
    }

    /// <param name="source">May be O_PATH, like <paramref name="target"/>.</param>
    /// <param name="place">For messages.</param>
    public void CopyAttributes(SafeFileHandle source, FileStatus status, SafeFileHandle target, string place)
    {
        if (Sys.CopyAttributes(source, status, target, withMarks, place) is string lost)
            log.Warning("The copy of " + place + " lacks the attribute " + lost
                + ", which its file system cannot hold.");
    }

    /// <summary>A directory on the way to the one that the walk has reached.</summary>
    private sealed class Level(FileStatus status, Place place)
    {
        public FileStatus Status { get; } = status;

        /// <summary>The copy's place below the top.</summary>
        public Place Place { get; } = place;
    }
}
