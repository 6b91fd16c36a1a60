using System.Collections.Generic;
using BootMerge.Extensions;
using BootMerge.Extensions.Images;
using BootMerge.Linux;
using BootMerge.Planning;
using BootMerge.Reporting;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>
/// Overlayfs prepares copied-up files in the workdir and renames them into the upperdir; deleted files go the other
/// way. File systems refuse such renames between btrfs subvolumes, and into a directory of another project (quotas of
/// ext4, XFS and f2fs). The mount still works, but every write to a file of the layers below fails with EXDEV. So this
/// is detected first. A trial rename would show in the hierarchy, so the check asks the file system for what the kernel
/// bases its decision on.
/// </summary>
internal static class RenameCheck
{
    /// <summary>Looks below the merges; the workdir exists.</summary>
    public static void Run(RootViews views, StackPlan plan, PersistentUpper upper, Log log)
    {
        Root root = views.Unmerged;
        using SafeFileHandle upperDirectory = root.OpenAt(upper.Path, Sys.O_RDONLY | Sys.O_DIRECTORY);
        using SafeFileHandle workDirectory = root.OpenAt(upper.WorkDirectory, Sys.O_RDONLY | Sys.O_DIRECTORY);
        if (!Sys.Status(upperDirectory).IsSameDevice(Sys.Status(workDirectory))
            || IsOfAnotherProject(upperDirectory, workDirectory) || IsOfAnotherProject(workDirectory, upperDirectory))
            throw new InputException("the upperdir " + PathText.Printable(root.Outside(upper.Path))
                + " cannot be written to in a merge: nothing can be renamed into it from the workdir beside it ("
                + Errno.Describe(Errno.EXDEV) + "). It is a btrfs subvolume, or has its own project quota: "
                + "route writes to a directory inside it");
        try
        {
            WarnOfSubvolumes(views, plan, upperDirectory, log);
        }
        catch (KernelException e)
        {
            // An unreadable layer is not a reason to merge nothing, least of all when only a warning is at stake.
            log.Warning("Subvolumes below " + root.Outside(plan.Target) + " are not looked for: " + e.Message + ".");
        }
    }

    /// <summary>Whether one directory refuses what was made in the other.</summary>
    private static bool IsOfAnotherProject(SafeFileHandle directory, SafeFileHandle other) =>
        Sys.InheritedProject(directory) is uint project && project != (Sys.InheritedProject(other) ?? 0);

    /// <summary>The same happens in a subvolume inside the upperdir, but only to files of the layers below.</summary>
    private static void WarnOfSubvolumes(RootViews views, StackPlan plan, SafeFileHandle upper, Log log)
    {
        const long BTRFS_SUPER_MAGIC = 0x9123683E;
        if (Sys.FileSystemType(upper) != BTRFS_SUPER_MAGIC)
            return;
        Root root = views.Unmerged;
        FileStatus top = Sys.Status(upper);
        foreach (Layer layer in plan.Lower)
        {
            using SafeFileHandle? directory = views.ImageOf(layer) is not DiskImage image
                ? root.TryOpenDirectory(layer.Path)
                : Extension.TryOpenInside(image.Root, layer.Path, Sys.O_PATH | Sys.O_DIRECTORY);
            if (directory is null)
                continue;
            foreach (string path in SubvolumesUnder(upper, top, directory))
                log.Warning("'" + layer.Name + "' has files below " + root.Outside(plan.Target) + "/" + path
                    + ", which is a subvolume: they cannot be changed or deleted there (EXDEV), other files can.");
        }
    }

    /// <summary>
    /// Directories of a layer that are subvolumes in the upperdir; found level by level, however deep they are.
    /// </summary>
    private static List<string> SubvolumesUnder(SafeFileHandle upper, FileStatus top, SafeFileHandle layer)
    {
        List<string> found = [];
        List<string> common = ["."];
        for (int i = 0; i < common.Count; i++)
        {
            using SafeFileHandle? directory = TryOpenBelow(layer, common[i], Sys.O_RDONLY);
            if (directory is null)
                continue;
            foreach (DirectoryEntry entry in Sys.ReadDirectory(directory))
            {
                string path = i == 0 ? entry.Name : common[i] + "/" + entry.Name;
                if (Sys.TryStatusAt(directory, entry.Name) is not { IsDirectory: true })
                    continue;
                using SafeFileHandle? same = TryOpenBelow(upper, path, Sys.O_PATH);
                if (same is null)
                    continue;
                FileStatus status = Sys.Status(same);
                if (status.IsSameDevice(top))
                    common.Add(path);
                else if (status.UniqueMountId == top.UniqueMountId)
                    found.Add(path);
            }
        }

        return found;
    }

    private static SafeFileHandle? TryOpenBelow(SafeFileHandle directory, string path, int flags) =>
        Sys.TryOpenAt(directory, path, flags | Sys.O_DIRECTORY | Sys.O_NOFOLLOW,
            Sys.RESOLVE_BENEATH | Sys.RESOLVE_NO_SYMLINKS);
}
