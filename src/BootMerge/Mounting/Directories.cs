using System;
using System.Collections.Generic;
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

        ForgetIdentifier(host.Bare, upper.Path, undo);
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

    /// <summary>
    /// Removes the workdirs that merges of before have left beside one that is in use: a kill or a power cut leaves
    /// them, and processes that kept on using a replaced merge.
    /// </summary>
    /// <param name="path">Of a workdir of the same hierarchy.</param>
    /// <param name="keep">Those in use.</param>
    public static void RemoveStaleWorkDirectories(Root root, string path, List<string> keep)
    {
        string parent = Parent(path);
        string first = Name(path).TrimEnd(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']).TrimEnd('.');
        using SafeFileHandle? directory = root.TryOpenDirectory(parent, Sys.O_RDONLY);
        if (directory is null || !IsWorkDirectoryName(first))
            return;
        foreach (DirectoryEntry entry in Sys.ReadDirectory(directory))
            if ((entry.Name == first || IsNumbered(entry.Name, first)) && !keep.Contains(parent + "/" + entry.Name))
                Sys.RemoveTree(directory, entry.Name);
    }

    private static bool IsNumbered(string name, string first)
    {
        if (name.Length < first.Length + 2 || !name.StartsWith(first, StringComparison.Ordinal) || name[first.Length] != '.')
            return false;
        for (int i = first.Length + 1; i < name.Length; i++)
            if (!char.IsAsciiDigit(name[i]))
                return false;
        return true;
    }

    // overlayfs writes an identifier onto the upperdir as soon as it is mounted [6.6]: a merge that fails takes it back.
    private static void ForgetIdentifier(Root root, string upper, Undo undo)
    {
        const string Identifier = "trusted.overlay.uuid";
        SafeFileHandle directory = root.OpenAt(upper, Sys.O_RDONLY | Sys.O_DIRECTORY);
        if (Sys.TryGetXattr(directory, Identifier) is null)
            undo.Add(() => Sys.RemoveXattr(directory, Identifier), directory);
        else
            directory.Dispose();
    }

    // What a killed merge or a power cut left in it is of no use to anybody: overlayfs would clear it, too.
    private static void MakeWorkDirectory(Root root, string path, Undo undo)
    {
        using SafeFileHandle parent = root.OpenAt(Parent(path), Sys.O_PATH | Sys.O_DIRECTORY);
        if (Sys.TryStatusAt(parent, Name(path)) is { IsDirectory: false })
            throw new InputException(PathText.Printable(root.Outside(path)) + " is in the way of the workdir: it is not a directory, remove it");
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
