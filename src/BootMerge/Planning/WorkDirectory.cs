using System;
using System.Collections.Generic;

namespace BootMerge.Planning;

/// <summary>
/// Names of workdirs: ".systemd-etc-workdir" beside the upperdir, as with systemd, with a number appended while that
/// name is in use. Two merges never share a workdir, and the kernel cannot be asked whether a mount still uses one.
/// </summary>
internal static class WorkDirectory
{
    /// <summary>The first name that is free.</summary>
    /// <param name="upper">Path of the upperdir.</param>
    public static string Choose(string upper, string hierarchy, List<string> taken)
    {
        string first = PathName.Parent(upper) + "/" + FirstName(hierarchy);
        string path = first;
        for (int i = 1; taken.Has(path); i++)
            path = first + "." + i.ToString();
        return path;
    }

    /// <summary>Whether this is a workdir's name: nothing else is ever removed as one.</summary>
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

    public static bool IsOf(string hierarchy, string name) => FirstName(hierarchy) is var first
        && (name == first || IsNumbered(name, first));

    private static string FirstName(string hierarchy) => ".systemd-" + HierarchyState.ShortName(hierarchy) + "-workdir";

    private static bool IsNumbered(string name, string first)
    {
        if (name.Length < first.Length + 2 || !name.StartsWith(first, StringComparison.Ordinal)
            || name[first.Length] != '.')
            return false;
        for (int i = first.Length + 1; i < name.Length; i++)
            if (!char.IsAsciiDigit(name[i]))
                return false;
        return true;
    }
}
