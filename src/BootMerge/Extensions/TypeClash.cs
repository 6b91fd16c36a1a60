using System;
using System.Collections.Generic;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Extensions;

/// <summary>
/// Something in an extension that is of another type in the system, a directory on one side: overlayfs merges
/// directories only with directories, so one of the two hides all that is in the other. usr/sbin as a directory over a
/// symlink of the system takes every program that is found through it away.
/// </summary>
internal static class TypeClash
{
    private const int MostNames = 50_000;

    /// <param name="path">Inside the root, and in the hierarchies of the extension.</param>
    /// <param name="status">What the extension has there.</param>
    /// <returns>What the system has there, "a symlink"; null when neither hides a directory.</returns>
    public static string? Of(Root root, string path, FileStatus status)
    {
        if (status.IsWhiteout)
            return null;
        using SafeFileHandle? there = root.TryOpen(path, Sys.O_PATH | Sys.O_NOFOLLOW, out _);
        if (there is null)
            return null;
        FileStatus own = Sys.Status(there);
        if (own.IsWhiteout)
            return null; // deleted by the machine: there is nothing
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
    /// At the top of the hierarchies, where such a thing stops a system; a merge must not take the time to look at
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
            // As in ReleaseFileSearch: a warning that cannot be made ends nothing. What a merge needs of the same
            // directory it opens itself, and says why it cannot. Without merges, one that lies in another is not there.
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

    /// <returns>In order; empty where there is no such directory.</returns>
    private static List<string> NamesIn(Root root, string hierarchy)
    {
        using SafeFileHandle? directory = root.TryOpen(hierarchy, Sys.O_RDONLY | Sys.O_DIRECTORY, out _);
        List<DirectoryEntry> entries = [];
        // A warning is not worth the memory that a directory of millions takes.
        while (directory is not null && entries.Count < MostNames && Sys.ReadSome(directory, entries))
        {
        }

        List<string> names = entries.ConvertAll(static entry => entry.Name);
        names.SortBy(string.CompareOrdinal);
        return names;
    }

    /// <param name="own">The names in the system's directory, which has few of an extension's: only those are looked
    /// at.</param>
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
