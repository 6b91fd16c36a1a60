using System;
using System.Collections.Generic;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Extensions;

/// <summary>
/// A path that is a directory in the extension or in the system, and something else in the other. overlayfs merges
/// directories only with directories, so one of the two hides everything in the other. If an extension has a directory
/// usr/sbin and the system a symlink, every program found through the symlink disappears.
/// </summary>
internal static class TypeClash
{
    private const int MostNames = 50_000;

    /// <param name="path">Inside the root, and in the extension's hierarchies.</param>
    /// <param name="status">What the extension has there.</param>
    /// <returns>What the system has there, "a symlink"; null if neither hides a directory.</returns>
    public static string? Of(Root root, string path, FileStatus status)
    {
        if (status.IsWhiteout)
            return null;
        using SafeFileHandle? there = root.TryOpen(path, Sys.O_PATH | Sys.O_NOFOLLOW, out _);
        if (there is null)
            return null;
        FileStatus own = Sys.Status(there);
        if (own.IsWhiteout)
            return null; // deleted by the machine: nothing is there
        if (status.IsDirectory)
            return own.IsDirectory ? null : own.IsSymlink ? "a symlink" : "a file";
        if (own.IsDirectory)
            return "a directory";
        if (!own.IsSymlink || status.IsSymlink)
            return null;
        using SafeFileHandle? target = root.TryOpen(path, Sys.O_PATH | Sys.O_DIRECTORY, out _);
        return target is null ? null : "a symlink to a directory";
    }

    /// <summary>
    /// Only at the top of the hierarchies, where a clash stops a system; a merge must not take the time to look at
    /// every file.
    /// </summary>
    /// <returns>Sentences without their full stop.</returns>
    public static List<string> AtTheTop(Root root, List<Candidate> candidates, string[] hierarchies)
    {
        List<string> clashes = [];
        List<string>?[] own = new List<string>?[hierarchies.Length];
        foreach (Candidate candidate in candidates)
        {
            if (!candidate.Verdict.Accepted)
                continue;
            // As in ReleaseFileSearch: a warning that cannot be made stops nothing. The merge itself opens the
            // directories that it needs, and reports why it cannot. Without merges, an extension that is inside another
            // does not exist.
            try
            {
                for (int i = 0; i < hierarchies.Length; i++)
                    Add(root, candidate.Extension, hierarchies[i], own[i] ??= NamesIn(root, hierarchies[i]), clashes);
            }
            catch (Exception e) when (e is KernelException or InputException)
            {
            }
        }

        return clashes;
    }

    /// <summary>Sorted; empty if there is no such directory.</summary>
    private static List<string> NamesIn(Root root, string hierarchy)
    {
        using SafeFileHandle? directory = root.TryOpen(hierarchy, Sys.O_RDONLY | Sys.O_DIRECTORY, out _);
        List<DirectoryEntry> entries = [];
        // A warning is not worth the memory for a directory of millions of names.
        while (directory is not null && entries.Count < MostNames && Sys.ReadSome(directory, entries))
        {
        }

        List<string> names = entries.ConvertAll(static entry => entry.Name);
        names.SortBy(string.CompareOrdinal);
        return names;
    }

    /// <param name="own">Names in the system's directory. Few of an extension's names are among them, and only those
    /// are looked at.</param>
    private static void Add(Root root, Extension extension, string hierarchy, List<string> own, List<string> clashes)
    {
        if (own.Count == 0)
            return;
        using SafeFileHandle? directory = extension.OpenHierarchy(root, hierarchy, Sys.O_RDONLY);
        if (directory is null)
            return;
        foreach (DirectoryEntry entry in Sys.ReadDirectory(directory))
        {
            if (!own.HasInOrder(entry.Name))
                continue;
            string path = hierarchy + "/" + entry.Name;
            if (Sys.TryStatusAt(directory, entry.Name) is FileStatus status && Of(root, path, status) is string what)
                clashes.Add("'" + extension.Name + "' has " + Word(status) + " at " + path
                    + ", where the system has " + what + ": one hides the other completely");
        }
    }

    public static string Word(FileStatus status) => status.IsDirectory ? "a directory" : status.IsSymlink
        ? "a symlink" : "a file";
}
