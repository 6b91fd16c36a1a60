using System;
using System.Collections.Generic;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Planning;

/// <summary>
/// Names of workdirs: ".systemd-etc-workdir" beside the upperdir, as with systemd, or with a number behind it while that
/// one exists. Two stacks never share a workdir, and whether some mount still uses one cannot be asked.
/// </summary>
internal static class WorkDirectory
{
    /// <summary>The first that is free.</summary>
    /// <param name="upper">Path of the upperdir.</param>
    public static string Choose(string upper, string hierarchy, List<string> taken)
    {
        string first = Parent(upper) + "/" + FirstName(hierarchy);
        string path = first;
        for (int i = 1; taken.Has(path); i++)
            path = first + "." + i.ToString();
        return path;
    }

    /// <summary>All that exist beside an upperdir.</summary>
    /// <param name="inTheWay">Something of such a name that is no directory, or null.</param>
    public static List<string> FindBeside(Root root, string upper, string hierarchy, out string? inTheWay)
    {
        inTheWay = null;
        List<string> paths = [];
        string first = FirstName(hierarchy);
        using SafeFileHandle? parent = root.TryOpenDirectory(Parent(upper), Sys.O_RDONLY);
        if (parent is null)
            return paths;
        foreach (DirectoryEntry entry in Sys.ReadDirectory(parent))
        {
            if (entry.Name != first && !IsNumbered(entry.Name, first))
                continue;
            string path = Parent(upper) + "/" + entry.Name;
            if (Sys.TryStatusAt(parent, entry.Name) is { IsDirectory: false })
                inTheWay = path;
            paths.Add(path);
        }

        return paths;
    }

    /// <summary>Whether a name is one of a workdir: nothing else is ever removed as one.</summary>
    public static bool IsName(string name)
    {
        const string Prefix = ".systemd-";
        const string Suffix = "-workdir";
        int end = name.LastIndexOf(Suffix, StringComparison.Ordinal);
        if (!name.StartsWith(Prefix, StringComparison.Ordinal) || end <= Prefix.Length || name.Contains('/'))
            return false;
        string first = name[..(end + Suffix.Length)];
        return name == first || IsNumbered(name, first);
    }

    public static string Parent(string path) => path[..Math.Max(path.LastIndexOf('/'), 0)];

    public static string Name(string path) => path[(path.LastIndexOf('/') + 1)..];

    private static string FirstName(string hierarchy) => ".systemd-" + HierarchyState.ShortName(hierarchy) + "-workdir";

    private static bool IsNumbered(string name, string first)
    {
        if (name.Length < first.Length + 2 || !name.StartsWith(first, StringComparison.Ordinal) || name[first.Length] != '.')
            return false;
        for (int i = first.Length + 1; i < name.Length; i++)
            if (!char.IsAsciiDigit(name[i]))
                return false;
        return true;
    }
}
