using System;
using System.Collections.Generic;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Extensions;

/// <summary>NAME.v/, which holds several versions of one extension (systemd.v(7)): picks one.</summary>
internal static class VersionedDirectory
{
    private const int EntriesToName = 5;

    /// <param name="found">The directory, O_PATH.</param>
    /// <param name="path">Where it was found, in the root; may be a symlink to it.</param>
    /// <param name="name">Of the extension.</param>
    /// <param name="suffix">As for <see cref="VersionedName.TryParse"/>. ".raw" at its end means images, anything else
    /// directories.</param>
    /// <param name="picked">The entry's name.</param>
    /// <returns>O_PATH of what the entry leads to; null if there is nothing to pick, with the reason in
    /// <paramref name="problem"/>.</returns>
    public static SafeFileHandle? TryPick(Root root, SafeFileHandle found, string path, string name, string suffix,
        out string picked, out string problem)
    {
        SafeFileHandle? best = null;
        VersionedName? bestName = null;
        string bestPath = "";
        picked = "";
        List<string> misfits = [];
        bool images = EntryName.IsImageName(suffix);

        using SafeFileHandle? directory = Sys.TryOpenAt(found, ".", Sys.O_RDONLY | Sys.O_DIRECTORY, 0, out int errno);
        if (directory is null)
        {
            problem = "it cannot be read: " + Errno.Describe(errno);
            return null;
        }

        foreach (DirectoryEntry entry in Sys.ReadDirectory(directory))
        {
            VersionedName? candidate = VersionedName.TryParse(entry.Name, name, suffix, MachineArchitecture.Local,
                out problem);
            if (candidate is null)
            {
                misfits.Add(entry.Name + " " + problem);
                continue;
            }

            SafeFileHandle? handle = EntryFile.TryOpen(root, path + "/" + entry.Name, out problem, out _);
            if (handle is null)
            {
                // systemd gives up too: another version merged here would only last until systemd's next refresh.
                best?.Dispose();
                problem = PathText.Printable(entry.Name) + " in it: " + problem
                    + "; no version is used while it exists";
                return null;
            }

            string target = root.PathOf(handle);
            if (!EntryFile.TryGetKind(Sys.Status(handle), out ExtensionKind kind)
                || (kind == ExtensionKind.Directory) == images)
                misfits.Add(entry.Name + (images ? " is not a regular file or block device" : " is not a directory"));
            else if (bestName is null || IsBetter(candidate, target, bestName, bestPath))
            {
                best?.Dispose();
                (best, bestName, bestPath, picked) = (handle, candidate, target, entry.Name);
                continue;
            }

            handle.Dispose();
        }

        problem = best is not null ? "" : Nothing(misfits);
        return best;
    }

    /// <summary>If the names do not decide, the paths they lead to do, not the file system's order.</summary>
    private static bool IsBetter(VersionedName candidate, string path, VersionedName best, string bestPath)
    {
        int order = candidate.CompareWith(best);
        return order > 0 || order == 0 && string.CompareOrdinal(path, bestPath) > 0;
    }

    private static string Nothing(List<string> misfits)
    {
        if (misfits.Count == 0)
            return "the directory is empty";
        misfits.SortBy(string.CompareOrdinal);
        string reason = "no version in it can be used: ";
        for (int i = 0; i < misfits.Count && i < EntriesToName; i++)
            reason += (i == 0 ? "" : ", ") + PathText.Printable(misfits[i]);
        return misfits.Count > EntriesToName ? reason + ", and " + (misfits.Count - EntriesToName).ToString() + " more"
            : reason;
    }
}
