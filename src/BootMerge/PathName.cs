using System;

namespace BootMerge;

/// <summary>Absolute paths as text, whatever exists there. Only "/" itself ends in a slash.</summary>
internal static class PathName
{
    /// <summary>"/a/b" gives "/a"; "/a", or a name alone, gives "".</summary>
    public static string Parent(string path) => path[..Math.Max(path.LastIndexOf('/'), 0)];

    /// <summary>"/a/b" gives "b".</summary>
    public static string Last(string path) => path[(path.LastIndexOf('/') + 1)..];

    /// <summary>A name in a directory: "/a" and "b" give "/a/b", and "/" gives "/b".</summary>
    public static string Child(string directory, string name) => (directory == "/" ? "" : directory) + "/" + name;

    /// <summary>Where a symlink in a directory leads, judged by its text alone; ".." stops at the root.</summary>
    public static string Join(string directory, string target)
    {
        string path = "";
        foreach (string component in (target.StartsWith('/') ? target : directory + "/" + target).Split('/'))
        {
            if (component == "..")
                path = Parent(path);
            else if (component is not ("" or "."))
                path += "/" + component;
        }

        return path.Length == 0 ? "/" : path;
    }

    public static bool IsBelow(string path, string directory) =>
        directory == "/" ? path.Length > 1 : path.Length > directory.Length + 1 && path[directory.Length] == '/'
            && path.StartsWith(directory, StringComparison.Ordinal);

    public static bool IsOrIsBelow(string path, string directory) => path == directory || IsBelow(path, directory);
}
