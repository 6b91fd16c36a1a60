using System.Collections.Generic;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>Records everything that the layers below have in a hierarchy.</summary>
/// <param name="version">A digest of what distinguishes versions of the vendor's files.</param>
internal sealed class BelowWalk(ChangedTree tree, string version, ShadowedRecord record, ShadowedRecord older)
{
    // Defaults that are a bare directory get a release file while they are merged, so that systemd sees them. A second
    // run of the boot stage finds it, the first does not.
    private const string ReleaseFiles = "extension-release.d";

    // If a file did not change on the disk, its digest did not either. This holds only within one version.
    private readonly bool _isSameVersion = older.Versions.TryGetValue(tree.Hierarchy, out string? known)
        && known == version;

    private int _count;

    /// <returns>false if there is more than a record can hold; then it has nothing about the layers below.</returns>
    public bool Run()
    {
        // By path and not by descriptor: there may be many directories, and deep ones.
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

    /// <summary>While the file's stamp is the same, its digest is kept, and nothing is read.</summary>
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
