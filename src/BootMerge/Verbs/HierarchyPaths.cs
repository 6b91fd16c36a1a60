using System.Collections.Generic;
using BootMerge.Changes;
using BootMerge.Configuration;
using BootMerge.Sessions;

namespace BootMerge.Verbs;

/// <summary>A path given to a verb.</summary>
/// <param name="typed">Without "." and ".." and double slashes.</param>
/// <param name="path">The same without symlinks on the way: inside the root, and in the hierarchy.</param>
internal sealed class HierarchyPath(string typed, string hierarchy, string path)
{
    public string Typed { get; } = typed;

    public string Hierarchy { get; } = hierarchy;

    public string Path { get; } = path;

    /// <summary>Inside the hierarchy: "/ssh"; "" is the hierarchy itself.</summary>
    public string Inside => Path[Hierarchy.Length..];

    /// <summary>For messages: what was typed, and the real path if it differs.</summary>
    public override string ToString() => PathText.Printable(Typed)
        + (Path == Typed ? "" : ", which is " + PathText.Printable(Path) + ",");
}

/// <summary>The paths given to a verb: absolute, inside the root and one of the hierarchies.</summary>
internal static class HierarchyPaths
{
    /// <summary>
    /// Follows symlinks on the way; a path outside the hierarchies is an <see cref="InputException"/>.
    /// </summary>
    public static List<HierarchyPath> Of(Session session, ChangedTrees trees)
    {
        List<string> hierarchies = All(session);
        List<HierarchyPath> paths = [];
        foreach (string typed in session.Settings.Names)
        {
            if (!typed.StartsWith('/'))
                throw new InputException(Words.Quote(typed) + " is not an absolute path");
            string path = SeenPath.Of(trees.UnmergedRoot, trees.Trees, hierarchies, typed);
            string plain = PathName.Join("", typed);
            if (hierarchies.Find(hierarchy => PathName.IsOrIsBelow(path, hierarchy)) is not string hierarchy)
                throw new InputException(Words.Quote(typed)
                    + (path == plain ? "" : " leads to " + Words.Quote(path) + ", which")
                    + " is in none of the hierarchies " + hierarchies.Joined(", "));
            paths.Add(new HierarchyPath(plain, hierarchy, path));
        }

        return paths;
    }

    /// <summary>Whether one of the paths is in the hierarchy; without paths, all hierarchies are wanted.</summary>
    public static bool IsWanted(List<HierarchyPath> paths, string hierarchy) => paths.Count == 0
        || paths.Exists(path => path.Hierarchy == hierarchy);

    /// <param name="missing">At least one.</param>
    public static InputException Missing(List<HierarchyPath> missing)
    {
        string text = "no layer has ";
        foreach (HierarchyPath path in missing)
            text += (path == missing[0] ? "" : ", ") + Words.Quote(path.Path);
        return new InputException(text);
    }

    private static List<string> All(Session session)
    {
        List<string> all = [];
        foreach (ClassSettings settings in session.Settings.Classes)
            foreach (string hierarchy in settings.Hierarchies)
                all.Add(hierarchy);
        return all;
    }
}
