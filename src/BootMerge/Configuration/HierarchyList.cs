using System;
using System.Collections.Generic;

namespace BootMerge.Configuration;

/// <summary>SYSTEMD_CONFEXT_HIERARCHIES and SYSTEMD_SYSEXT_HIERARCHIES: absolute paths with ":" between them.</summary>
internal static class HierarchyList
{
    /// <param name="text">The variable's value.</param>
    /// <param name="variable">For messages.</param>
    /// <returns>Without trailing slashes and repetitions.</returns>
    /// <exception cref="InputException">A path cannot be merged: which, and why.</exception>
    public static string[] Parse(string text, string variable)
    {
        List<string> paths = [];
        foreach (string part in text.Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part[0] != '/')
                throw Refuse(variable, part, "is not an absolute path");
            string path = part.Length == 1 ? part : part.TrimEnd('/');
            if (path.Length < 2)
                throw Refuse(variable, part, "is the root itself, which cannot be merged");
            foreach (string name in path[1..].Split('/'))
                if (name is "" or "." or "..")
                    throw Refuse(variable, part, "is not normalised: it holds '//', '.' or '..'");
            foreach (string other in paths)
                if (path != other && (Contains(path, other) || Contains(other, path)))
                    throw Refuse(variable, part, "and " + Words.Quote(other) + " lie inside each other");
            if (!paths.Contains(path))
                paths.Add(path);
        }

        return paths.Count > 0 ? [.. paths] : throw new InputException("Environment variable " + variable + " names no path; unset it, or give one such as /etc");
    }

    private static bool Contains(string outer, string inner) => inner.StartsWith(outer + "/", StringComparison.Ordinal);

    private static InputException Refuse(string variable, string path, string reason) =>
        new("Environment variable " + variable + ": " + Words.Quote(path) + " " + reason);
}
