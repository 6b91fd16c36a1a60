using System;
using BootMerge.Extensions;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Checks;

/// <summary>Files of an extension outside its hierarchies, which a merge does not show.</summary>
internal static class OutsideCheck
{
    /// <param name="top">The extension's own top directory.</param>
    public static void Check(ExtensionCheck check, Extension extension, string[] hierarchies, SafeFileHandle top) =>
        Check(check, extension, hierarchies, top, "");

    private static void Check(ExtensionCheck check, Extension extension, string[] hierarchies, SafeFileHandle directory,
        string prefix)
    {
        using SafeFileHandle readable = Sys.OpenAt(directory, ".", Sys.O_RDONLY | Sys.O_DIRECTORY);
        foreach (DirectoryEntry entry in TreeCheck.Sorted(readable))
        {
            string path = prefix + "/" + entry.Name;
            if (path == "/lost+found" || Words.IndexOf(hierarchies, path) >= 0)
                continue;
            using SafeFileHandle child = Sys.OpenChild(readable, entry.Name, Sys.O_PATH);
            bool isDirectory = Sys.Status(child).IsDirectory;
            if (isDirectory && LeadsToOne(path, hierarchies))
                Check(check, extension, hierarchies, child, path);
            else if (!isDirectory || !Sys.IsEmpty(child))
                check.Add(FindingId.Outside, extension, path, "is ignored; only these are merged: ",
                    "move it there, or remove it", string.Join(", ", hierarchies));
        }
    }

    private static bool LeadsToOne(string path, string[] hierarchies)
    {
        foreach (string hierarchy in hierarchies)
            if (PathName.IsBelow(hierarchy, path))
                return true;
        return false;
    }
}
