using System.Collections.Generic;
using BootMerge.Configuration;
using BootMerge.Linux;
using BootMerge.Planning;

namespace BootMerge.Verbs;

/// <summary>The paths that a verb is given: absolute, inside the root and one of the hierarchies.</summary>
internal static class HierarchyPaths
{
    /// <summary>Without "." and ".." and double slashes; what lies outside is an <see cref="InputException"/>.</summary>
    public static List<string> Of(Session session)
    {
        List<string> paths = [];
        foreach (string typed in session.Settings.Names)
        {
            if (!typed.StartsWith('/'))
                throw new InputException(Words.Quote(typed) + " is not an absolute path");
            string path = HierarchyState.Join("", typed);
            if (HierarchyOf(session, path) is null)
                throw new InputException(Words.Quote(typed) + " is in none of the hierarchies " + All(session));
            paths.Add(path);
        }

        return paths;
    }

    /// <summary>null when it is in none.</summary>
    public static string? HierarchyOf(Session session, string path)
    {
        foreach (ClassSettings settings in session.Settings.Classes)
            foreach (string hierarchy in settings.Hierarchies)
                if (path == hierarchy || MountTable.IsBelow(path, hierarchy))
                    return hierarchy;
        return null;
    }

    public static bool IsWanted(List<string> paths, string hierarchy)
    {
        foreach (string path in paths)
            if (path == hierarchy || MountTable.IsBelow(path, hierarchy))
                return true;
        return paths.Count == 0;
    }

    private static string All(Session session)
    {
        List<string> all = [];
        foreach (ClassSettings settings in session.Settings.Classes)
            all.AddRange(settings.Hierarchies);
        return string.Join(", ", all);
    }
}
