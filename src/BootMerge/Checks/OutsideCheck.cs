using System;
using BootMerge.Extensions;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Checks;

/// <summary>What an extension has beside its hierarchies, where nobody will see it.</summary>
internal static class OutsideCheck
{
    /// <param name="top">The extension's own top directory.</param>
    public static void Check(ExtensionCheck check, Extension extension, string[] hierarchies, SafeFileHandle top) =>
        Check(check, extension, hierarchies, top, "");

    private static void Check(ExtensionCheck check, Extension extension, string[] hierarchies, SafeFileHandle directory, string prefix)
    {
        using SafeFileHandle readable = Sys.OpenAt(directory, ".", Sys.O_RDONLY | Sys.O_DIRECTORY);
        foreach (DirectoryEntry entry in TreeCheck.Sorted(readable))
        {
            string path = prefix + "/" + entry.Name;
            if (path == "/lost+found" || Words.IndexOf(hierarchies, path) >= 0)
                continue;
            using SafeFileHandle child = Sys.OpenChild(readable, entry.Name, Sys.O_PATH);
            bool isDirectory = Sys.Status(child).IsDirectory;
            if (isDirectory && Array.Exists(hierarchies, hierarchy => hierarchy.StartsWith(path + "/", StringComparison.Ordinal)))
                Check(check, extension, hierarchies, child, path);
            else if (path == "/usr" && extension.Class == ExtensionClass.Confext && HasOnlyOsRelease(child))
                continue; // a finding of its own
            else if (!isDirectory || !IsEmpty(child))
                check.Add(FindingId.Outside, extension, path, "is ignored when merged: of a " + extension.Class.Name + " only " + string.Join(" and ", hierarchies) + " counts",
                    "move it there, or remove it");
        }
    }

    private static bool IsEmpty(SafeFileHandle directory)
    {
        using SafeFileHandle readable = Sys.OpenAt(directory, ".", Sys.O_RDONLY | Sys.O_DIRECTORY);
        return Sys.ReadDirectory(readable).Count == 0;
    }

    private static bool HasOnlyOsRelease(SafeFileHandle usr)
    {
        using SafeFileHandle? file = Sys.TryOpenAt(usr, "lib/os-release", Sys.O_PATH | Sys.O_NOFOLLOW, Sys.RESOLVE_BENEATH | Sys.RESOLVE_NO_SYMLINKS, out _);
        return file is not null && HasOne(usr, ".") && HasOne(usr, "lib");
    }

    private static bool HasOne(SafeFileHandle directory, string name)
    {
        using SafeFileHandle readable = Sys.OpenAt(directory, name, Sys.O_RDONLY | Sys.O_DIRECTORY);
        return Sys.ReadDirectory(readable).Count == 1;
    }
}
