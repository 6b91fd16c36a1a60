using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>The directory that a mount hides.</summary>
internal static class HiddenDirectory
{
    /// <summary>
    /// The directory that a merge covers, in its own mount: what is mounted on it now becomes visible when the merge is
    /// gone. A copy of the parent mount shows the directory, and its file handle opens it in the parent mount itself.
    /// </summary>
    /// <returns>
    /// null if the hierarchy is a separate mount under the merge, which no copy of the parent shows; if the parent is
    /// unbindable; or if the file system has no handles that can be opened.
    /// </returns>
    public static SafeFileHandle? TryOpen(Root root, string hierarchy)
    {
        using SafeFileHandle merged = root.OpenAt(hierarchy, Sys.O_PATH | Sys.O_DIRECTORY);
        string path = root.PathOf(merged);
        using SafeFileHandle parent = root.OpenAt(PathName.Parent(path), Sys.O_RDONLY | Sys.O_DIRECTORY);

        MountTable table = MountTable.Read();
        if (table.ById(Sys.MountNumber(merged)) is not Mount mount || mount.ParentId != Sys.MountNumber(parent))
            return null;
        using SafeFileHandle? copy = Sys.TryCloneTree(parent, recursive: false, out _);
        if (copy is null)
            return null;
        using SafeFileHandle hidden = Sys.OpenChild(copy, PathName.Last(path), Sys.O_PATH | Sys.O_DIRECTORY);
        return Sys.TryOpenThrough(parent, hidden, Sys.O_PATH | Sys.O_DIRECTORY);
    }
}
