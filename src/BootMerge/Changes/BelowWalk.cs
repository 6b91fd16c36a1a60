using System.Collections.Generic;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>Takes down everything that the layers below have in a hierarchy.</summary>
/// <param name="version">A digest of what distinguishes versions of the vendor's files.</param>
internal sealed class BelowWalk(ChangedTree tree, string version, ShadowedRecord record, ShadowedRecord older)
{
    // Defaults that are a bare directory get a release file while they are merged, for systemd to see them. It is there
    // at a second run of the boot stage, and not at the first.
    private const string ReleaseFiles = "extension-release.d";

    // What did not change on the disk has the digest it had: true only of the same version.
    private readonly bool _isSameVersion = older.Versions.TryGetValue(tree.Hierarchy, out string? known)
        && known == version;

    private int _count;

    /// <returns>false when there is more than a record can hold; it then has nothing about the layers below.</returns>
    public bool Run()
    {
        // By path and not by descriptor: as many as there are directories, and they may lie deep.
        List<string> directories = [""];
        while (directories.TryTakeLast(out string path))
        {
            using SafeFileHandle? directory = path.Length == 0
                ? Sys.Reopen(tree.Below, Sys.O_RDONLY | Sys.O_DIRECTORY)
                : Sys.TryOpenAt(tree.Below, path[1..], Sys.O_RDONLY | Sys.O_DIRECTORY | Sys.O_NOFOLLOW,
                Sys.RESOLVE_BENEATH | Sys.RESOLVE_NO_SYMLINKS);
            if (directory is not null && !AddAll(directory, path, directories))
            {
                record.ForgetBelow();
                return false;
            }
        }

        record.Versions[tree.Hierarchy] = version;
        return true;
    }

    private bool AddAll(SafeFileHandle directory, string path, List<string> directories)
    {
        foreach (DirectoryEntry entry in Sys.ReadDirectory(directory))
        {
            string inside = path + "/" + entry.Name;
            if (tree.Hierarchy.Length + inside.Length > ShadowedRecord.MaximumPath
                || path.Length == 0 && (entry.Name == tree.Class.MarkerName || entry.Name == ReleaseFiles)
                || LayersBelow.TryStatus(directory, entry.Name) is not FileStatus status)
                continue;
            if (++_count > ShadowedRecord.MaximumBelow)
                return false;
            record.Below[tree.Hierarchy + inside] = status.IsDirectory
                ? ShadowedRecord.IsDirectory : FileOf(directory, entry.Name, status, tree.Hierarchy + inside);
            if (status.IsDirectory)
                directories.Add(inside);
        }

        return true;
    }

    /// <summary>A digest is kept as long as the file's stamp: nothing is read then.</summary>
    private string FileOf(SafeFileHandle directory, string name, FileStatus status, string path)
    {
        if (status is { IsRegular: false, IsSymlink: false })
            return ShadowedRecord.IsOther;
        string stamp = Digest.Of(status.Inode.ToString() + " " + status.Size.ToString() + " "
            + status.ModificationTime.ToString() + " " + status.ChangeTime.ToString());
        if (_isSameVersion && older.Below.TryGetValue(path, out string? known)
            && known.EndsWith(stamp, System.StringComparison.Ordinal))
            return known;
        return Digest.Of(directory, name, status) is string digest ? digest + " " + stamp : ShadowedRecord.IsOther;
    }
}
