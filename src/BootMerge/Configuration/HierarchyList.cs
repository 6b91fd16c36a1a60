using System;
using System.Collections.Generic;
using CommunityToolkit.HighPerformance;

namespace BootMerge.Configuration;

/// <summary>SYSTEMD_CONFEXT_HIERARCHIES and SYSTEMD_SYSEXT_HIERARCHIES: absolute paths separated by ":".</summary>
internal static class HierarchyList
{
    /// <param name="text">The variable's value.</param>
    /// <param name="variable">For messages.</param>
    /// <returns>Without trailing slashes and duplicates.</returns>
    /// <exception cref="InputException">A path cannot be merged; the message says which, and why.</exception>
    public static string[] Parse(string text, string variable)
    {
        List<string> paths = [];
        foreach (ReadOnlySpan<char> given in text.Tokenize(':'))
        {
            if (given.IsEmpty)
                continue;
            string part = given.ToString();
            if (part[0] != '/')
                throw Refuse(variable, part, "is not an absolute path");
            string path = part.Length == 1 ? part : part.TrimEnd('/');
            if (path.Length < 2)
                throw Refuse(variable, part, "is the root itself, which cannot be merged");
            foreach (ReadOnlySpan<char> name in path.AsSpan(1).Tokenize('/'))
                if (name is "" or "." or "..")
                    throw Refuse(variable, part, "is not normalised: it contains '//', '.' or '..'");
            bool isNew = true;
            foreach (string other in paths)
            {
                isNew &= path != other;
                if (PathName.IsBelow(path, other) || PathName.IsBelow(other, path))
                    throw Refuse(variable, part, "and " + Words.Quote(other) + " are inside each other");
            }

            if (isNew)
                paths.Add(path);
        }

        return paths.Count > 0 ? [.. paths]
            : throw new InputException("Environment variable " + variable
            + " names no path; unset it, or give one such as /etc");
    }

    private static InputException Refuse(string variable, string path, string reason) =>
        new("Environment variable " + variable + ": " + Words.Quote(path) + " " + reason);
}
