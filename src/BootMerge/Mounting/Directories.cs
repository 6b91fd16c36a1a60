using System;
using BootMerge.Linux;
using BootMerge.Planning;
using BootMerge.Reporting;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>Makes the directories that a plan says it creates.</summary>
internal static class Directories
{
    private const uint DefaultMode = 0x1ED; // 0755
    private const uint WorkMode = 0x1C0; // 0700

    // Made and undone in the root that everybody sees, which is still there when the private view is not.
    public static void Prepare(Host host, StackPlan plan, Undo undo, Log log)
    {
        if (plan.CreateTarget)
            Ensure(host.Root, plan.Target, DefaultMode, undo);
        if (plan.Upper is not PersistentUpper upper)
            return;
        if (upper.CreateWithMode is uint mode && Ensure(host.Root, upper.Path, mode, undo))
        {
            using SafeFileHandle hierarchy = host.Bare.OpenAt(plan.Target, Sys.O_RDONLY | Sys.O_DIRECTORY);
            using SafeFileHandle created = host.Root.OpenAt(upper.Path, Sys.O_RDONLY | Sys.O_DIRECTORY);
            DirectoryAttributes.Copy(hierarchy, created, log);
        }

        MakeWorkDirectory(host.Root, upper.WorkDirectory, undo);
    }

    /// <summary>Removes a workdir; one that is not named like one is left alone.</summary>
    public static void RemoveWorkDirectory(Root root, string path)
    {
        using SafeFileHandle? parent = root.TryOpenDirectory(Parent(path));
        if (parent is not null && IsWorkDirectoryName(Name(path)))
            Sys.RemoveTree(parent, Name(path));
    }

    /// <summary>".systemd-etc-workdir", or with a number at the end: nothing else is ever removed as a workdir.</summary>
    public static bool IsWorkDirectoryName(string name) =>
        name.StartsWith(".systemd-", StringComparison.Ordinal) && name.Contains("-workdir", StringComparison.Ordinal) && !name.Contains('/');

    // What a killed merge or a power cut left in it is of no use to anybody: overlayfs would clear it, too.
    private static void MakeWorkDirectory(Root root, string path, Undo undo)
    {
        using SafeFileHandle parent = root.OpenAt(Parent(path), Sys.O_PATH | Sys.O_DIRECTORY);
        Sys.RemoveTree(parent, Name(path));
        Sys.MakeDirectory(parent, Name(path), WorkMode, root.Outside(path));
        undo.Add(() => RemoveWorkDirectory(root, path));
    }

    /// <summary>Makes a directory, and those above it that are missing.</summary>
    /// <returns>false when it was there.</returns>
    public static bool Ensure(Root root, string path, uint mode, Undo undo)
    {
        using (SafeFileHandle? existing = root.TryOpenDirectory(path))
            if (existing is not null)
                return false;

        if (Parent(path).Length > 0)
            Ensure(root, Parent(path), DefaultMode, undo);
        using SafeFileHandle parent = root.OpenAt(Parent(path), Sys.O_PATH | Sys.O_DIRECTORY);
        if (!Sys.MakeDirectory(parent, Name(path), mode, root.Outside(path)))
            throw new InputException(PathText.Printable(root.Outside(path)) + " is in the way: it is not a directory");
        undo.Add(() => RemoveEmpty(root, path));
        using SafeFileHandle created = Sys.OpenChild(parent, Name(path), Sys.O_RDONLY | Sys.O_DIRECTORY);
        Sys.ChangeMode(created, mode); // whatever the umask made of it
        return true;
    }

    private static void RemoveEmpty(Root root, string path)
    {
        using SafeFileHandle parent = root.OpenAt(Parent(path), Sys.O_PATH | Sys.O_DIRECTORY);
        Sys.RemoveDirectory(parent, Name(path));
    }

    private static string Parent(string path) => path[..Math.Max(path.LastIndexOf('/'), 0)];

    private static string Name(string path) => path[(path.LastIndexOf('/') + 1)..];
}
