using System;
using System.Collections.Generic;
using BootMerge.Extensions;
using BootMerge.Linux;
using CommunityToolkit.HighPerformance;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Checks;

/// <summary>Every file that an extension brings into a hierarchy.</summary>
/// <param name="comparesPaths">Whether it would be merged together with the others that are checked.</param>
internal sealed class TreeCheck(ExtensionCheck check, Root root, Extension extension, string[] hierarchies,
    SamePathCheck paths, bool comparesPaths)
{
    private const uint SetIds = Octal.Mode6000;

    // If it was not asked for, only its paths are of interest.
    private readonly bool _isAsked = check.IsAsked(extension.Name);

    /// <summary>Filled while the system runs: what they hold now means nothing.</summary>
    private const string RuntimePlaces = "/dev:/proc:/run:/sys:/tmp:/var/run:/var/tmp";

    /// <param name="top">The extension's directory for the hierarchy.</param>
    public void Check(SafeFileHandle top, string hierarchy)
    {
        FileStatus topStatus = Sys.Status(top);
        List<string> inside = [];
        using Descent descent = new(Sys.Reopen(top, Sys.O_RDONLY | Sys.O_DIRECTORY), inside);
        CheckDirectory(descent.Current!, hierarchy, topStatus, inside);
        string path = hierarchy;
        while (true)
        {
            if (descent.TryNext(out string? name))
            {
                if (Sys.TryOpenChild(descent.Current!, name,
                    Sys.O_RDONLY | Sys.O_DIRECTORY) is not SafeFileHandle directory)
                    continue; // gone meanwhile
                path += "/" + name;
                inside = [];
                descent.Enter(directory, name, inside);
                CheckDirectory(directory, path, topStatus, inside);
            }
            else if (descent.IsAtTop)
            {
                return;
            }
            else
            {
                path = path[..^(descent.Leave().Length + 1)];
            }
        }
    }

    /// <summary>Sorted by name, so that two runs report the same.</summary>
    public static List<DirectoryEntry> Sorted(SafeFileHandle directory)
    {
        List<DirectoryEntry> entries = Sys.ReadDirectory(directory);
        entries.SortBy(static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        return entries;
    }

    /// <param name="inside">Receives the names of its subdirectories.</param>
    private void CheckDirectory(SafeFileHandle directory, string path, FileStatus top, List<string> inside)
    {
        if (_isAsked)
            CheckMarks(directory, path);
        foreach (DirectoryEntry entry in Sorted(directory))
        {
            using SafeFileHandle child = Sys.OpenChild(directory, entry.Name, Sys.O_PATH);
            FileStatus status = Sys.Status(child);
            string childPath = path + "/" + entry.Name;
            if (comparesPaths)
                CheckPath(childPath, status);
            if (_isAsked)
            {
                CheckFile(child, childPath, status, path);
                CheckNotes(directory, entry.Name, childPath);
                CheckAgainstSystem(childPath, status);
            }

            if (status.IsDirectory && status.IsSameDevice(top)) // a mount there is not part of the layer
                inside.Add(entry.Name);
        }
    }

    private void CheckPath(string path, FileStatus status)
    {
        if (paths.Take(path, status.IsDirectory, extension.Name) is not string above)
            return;
        check.Add(FindingId.SamePath, _isAsked ? extension.Name : above, path,
            _isAsked ? "is hidden by the same path in an extension above, "
                : "hides the same path in an extension below, ",
            "keep the path in one of the two; the order is that of their names", _isAsked ? above : extension.Name);
    }

    private void CheckMarks(SafeFileHandle directory, string path)
    {
        if (!OverlayMark.HasNone(directory))
            check.Add(FindingId.Opaque, extension, path,
                "has a mark of overlayfs, which hides or moves the directory below it",
                "remove the attributes trusted.overlay.*; they come from the upperdir that the tree was copied from");
    }

    /// <summary>
    /// Reports overlayfs's attributes on a file; <see cref="CheckMarks"/> handles the two that hide or move a
    /// directory.
    /// </summary>
    private void CheckNotes(SafeFileHandle directory, string name, string path)
    {
        List<string> notes = Sys.ListXattrsAt(directory, name);
        notes.RemoveAll(static note => !OverlayMark.IsOne(note) || note is OverlayMark.Opaque or OverlayMark.Redirect);
        if (notes.Count > 0)
            check.Add(FindingId.OverlayMark, extension, path,
                "has notes of overlayfs, which would confuse it with another file: ",
                "remove these attributes; they come from the upperdir that the tree was copied from",
                    notes.Joined(", "));
    }

    private void CheckAgainstSystem(string path, FileStatus status)
    {
        if (TypeClash.Of(root, path, status) is string own)
            check.Add(FindingId.OtherType, extension, path, "hides what the system has there, or is hidden by it: ",
                "give it the type that the system has, or move its content to where the system has it",
                TypeClash.Word(status) + ", where the system has " + own);
        else if (status.IsDirectory)
            OwnershipCheck.Check(check, root, extension, path, status);
        else
            IdentityCheck.Check(check, extension, path, status);
    }

    private void CheckFile(SafeFileHandle file, string path, FileStatus status, string parent)
    {
        if (status.IsWhiteout)
            check.Add(FindingId.Whiteout, extension, path, "is a whiteout of overlayfs: it hides the file below it",
                "remove it; to delete a file, delete it in the merged tree");
        else if (status.IsCharacterDevice || status.IsBlockDevice)
            check.Add(FindingId.Device, extension, path,
                "is a device file, which cannot be opened: merged trees are mounted nodev",
                "remove it; devices belong in /dev");
        else if (status.IsRegular && (status.Mode & SetIds) != 0 && extension.Class.NoSuid)
            check.Add(FindingId.Setuid, extension, path,
                "is set-user-ID or set-group-ID, without effect: the merge is mounted nosuid",
                "remove the bit, or ship the program in a sysext");
        else if (status.IsSymlink)
            CheckSymlink(Sys.ReadLink(file), path, parent);
        else if (status.IsDirectory && Words.IndexOf(hierarchies, parent) >= 0
            && path == parent + "/" + extension.Class.MarkerName)
            check.Add(FindingId.Marker, extension, path,
            "is the marker of a merge that this tree was copied from: it hides the real one", "remove it");
    }

    /// <summary>A symlink within the hierarchies is fine: another layer may bring its target.</summary>
    private void CheckSymlink(string target, string path, string parent)
    {
        string place = PathName.Join(parent, target);
        if (IsIn(place, string.Join(':', hierarchies)) || IsIn(place, RuntimePlaces))
            return;
        using SafeFileHandle? there = root.TryOpen(place, Sys.O_PATH, out int errno);
        if (there is null && errno is Errno.ENOENT or Errno.ENOTDIR)
            check.Add(FindingId.Symlink, extension, path, "leads to a path that the system does not have: ",
                "correct its target, or make sure that something else provides it", place);
    }

    /// <param name="directories">Separated by colons, which no hierarchy contains.</param>
    private static bool IsIn(string path, string? directories)
    {
        if (directories is null)
            return false;
        foreach (ReadOnlySpan<char> directory in directories.Tokenize(':'))
            if (PathName.IsOrIsBelow(path, directory.ToString()))
                return true;
        return false;
    }
}
