using System;
using System.Collections.Generic;
using BootMerge.Linux;
using BootMerge.Planning;
using BootMerge.Reporting;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>Makes the directories that a plan creates.</summary>
internal static class Directories
{
    // Made and undone in the original root, which still exists after the private view is gone.
    public static void Prepare(RootViews views, StackPlan plan, Undo undo, Journal journal, Log log)
    {
        journal.Add(Journal.Stack, plan.Class, plan.Hierarchy);
        if (plan.CreateTarget)
            Ensure(views.Root, plan.Target, Octal.Mode755, plan, undo, journal);
        if (plan.Upper is not PersistentUpper upper)
            return;
        if (upper.CreateWithMode is uint mode && Ensure(views.Root, upper.Path, mode, plan, undo, journal))
        {
            using SafeFileHandle hierarchy = views.Unmerged.OpenAt(plan.Target, Sys.O_RDONLY | Sys.O_DIRECTORY);
            using SafeFileHandle created = views.Root.OpenAt(upper.Path, Sys.O_RDONLY | Sys.O_DIRECTORY);
            DirectoryAttributes.Copy(hierarchy, created, log);
        }

        ForgetIdentifier(views.Unmerged, upper.Path, undo);
        journal.Add(Journal.WorkDirectory, plan.Class, plan.Hierarchy, upper.WorkDirectory);
        MakeWorkDirectory(views.Root, upper.WorkDirectory, undo);
        RenameCheck.Run(views, plan, upper, log);
    }

    /// <summary>Removes a workdir; does nothing if the name is not a workdir's.</summary>
    public static void RemoveWorkDirectory(Root root, string path)
    {
        using SafeFileHandle? parent = root.TryOpenDirectory(PathName.Parent(path));
        if (parent is not null && WorkDirectory.IsName(PathName.Last(path)))
            Sys.RemoveTree(parent, PathName.Last(path));
    }

    /// <summary>
    /// Removes workdirs that earlier merges have left behind: after a kill or a power cut, or because processes went on
    /// using a replaced merge.
    /// </summary>
    /// <param name="upper">The upperdir that the workdirs are beside.</param>
    /// <param name="keep">Workdirs in use.</param>
    public static void RemoveStaleWorkDirectories(Root root, string upper, string hierarchy, List<string> keep)
    {
        foreach (string path in HierarchyLook.WorkDirectoriesBeside(root, upper, hierarchy, out _))
            if (!keep.Has(path))
                RemoveWorkDirectory(root, path);
    }

    // overlayfs writes an identifier onto the upperdir as soon as it is mounted [6.6]: a merge that fails removes it.
    private static void ForgetIdentifier(Root root, string upper, Undo undo)
    {
        const string Identifier = OverlayMark.Prefix + "uuid";
        SafeFileHandle directory = root.OpenAt(upper, Sys.O_RDONLY | Sys.O_DIRECTORY);
        if (Sys.TryGetXattr(directory, Identifier) is null)
            undo.Add(() => Sys.RemoveXattr(directory, Identifier), directory);
        else
            directory.Dispose();
    }

    private static void MakeWorkDirectory(Root root, string path, Undo undo)
    {
        using SafeFileHandle parent = root.OpenAt(PathName.Parent(path), Sys.O_PATH | Sys.O_DIRECTORY);
        if (!Sys.MakeDirectory(parent, PathName.Last(path), Octal.Mode700, root.Outside(path)))
            throw new KernelException("mkdir", root.Outside(path), Errno.EEXIST);
        undo.Add(() => RemoveWorkDirectory(root, path));
    }

    /// <summary>Makes a directory and its missing parents.</summary>
    /// <returns>false if it existed already.</returns>
    private static bool Ensure(Root root, string path, uint mode, StackPlan plan, Undo undo, Journal journal)
    {
        using (SafeFileHandle? existing = root.TryOpenDirectory(path))
            if (existing is not null)
                return false;

        if (PathName.Parent(path).Length > 0)
            Ensure(root, PathName.Parent(path), Octal.Mode755, plan, undo, journal);
        using SafeFileHandle parent = root.OpenAt(PathName.Parent(path), Sys.O_PATH | Sys.O_DIRECTORY);
        journal.Add(Journal.Directory, plan.Class, plan.Hierarchy, path);
        if (!Sys.MakeDirectory(parent, PathName.Last(path), mode, root.Outside(path)))
            throw new InputException(PathText.Printable(root.Outside(path))
                + " is in the way: it is not a directory, remove it");
        undo.Add(() => RemoveEmpty(root, path));
        using SafeFileHandle created = Sys.OpenChild(parent, PathName.Last(path), Sys.O_RDONLY | Sys.O_DIRECTORY);
        Sys.ChangeMode(created, mode); // the umask may have changed it
        return true;
    }

    public static void RemoveEmpty(Root root, string path)
    {
        using SafeFileHandle parent = root.OpenAt(PathName.Parent(path), Sys.O_PATH | Sys.O_DIRECTORY);
        Sys.RemoveDirectory(parent, PathName.Last(path));
    }
}
