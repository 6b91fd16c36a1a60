using System;
using BootMerge.Linux;

namespace BootMerge.Extensions;

/// <summary>What the name of an entry of a search directory says: pure text, nothing is opened.</summary>
internal static class EntryName
{
    private const string RawSuffix = ".raw";
    private const string VersionedSuffix = ".v";

    /// <param name="entry">The name in the search directory: of the symlink, if it is one.</param>
    /// <param name="kind">Of what it leads to.</param>
    /// <returns>The extension's name; null when the entry is no extension, and why in <paramref name="problem"/>.</returns>
    public static string? TryParse(string entry, ExtensionKind kind, ExtensionClass extensionClass, out string problem)
    {
        problem = "";
        string name = entry;
        if (kind == ExtensionKind.Versioned)
            name = WithoutSuffix(WithoutSuffix(name, VersionedSuffix), RawSuffix);
        if (kind == ExtensionKind.Image)
        {
            if (!entry.EndsWith(RawSuffix, StringComparison.Ordinal))
            {
                problem = "it is a file, and its name does not end in .raw";
                return null;
            }

            name = WithoutSuffix(name, RawSuffix);
        }

        // A block device goes by its whole name.
        if (kind != ExtensionKind.BlockDevice)
            name = WithoutSuffix(name, "." + extensionClass.Name);

        problem = Problem(name);
        return problem.Length == 0 ? name : null;
    }

    public static bool IsVersionedDirectory(string entry) => entry.EndsWith(VersionedSuffix, StringComparison.Ordinal);

    /// <summary>Half-written by systemd-sysupdate(8); never looked into.</summary>
    public static bool IsPartialDownload(string entry) => entry.StartsWith(".sysupdate.", StringComparison.Ordinal);

    /// <summary>Whether this may be the name of an extension.</summary>
    public static bool IsValid(string name) => Problem(name).Length == 0;

    /// <summary>Two entries of one directory can mean the same name: the first of these wins.</summary>
    public static int Rank(string entry, ExtensionKind kind, ExtensionClass extensionClass)
    {
        bool hasInfix = entry.Contains("." + extensionClass.Name, StringComparison.Ordinal);
        bool isRaw = entry.EndsWith(RawSuffix, StringComparison.Ordinal) || entry.EndsWith(RawSuffix + VersionedSuffix, StringComparison.Ordinal);
        return (kind == ExtensionKind.Versioned ? 4 : 0) + (isRaw ? 2 : 0) + (hasInfix ? 0 : 1);
    }

    private static string Problem(string name)
    {
        if (name.Length == 0 || name is "." or "..")
            return "nothing is left of its name without the suffixes";
        if (!PathText.IsValidUtf8(name))
            return "its name is not UTF-8";
        foreach (char c in name)
            if (c is < ' ' or '\u007f')
                return "its name contains a control character";
        // Temporary files for atomic replacement.
        return name.StartsWith(".#", StringComparison.Ordinal) ? "its name starts with .#, as temporary files do" : "";
    }

    private static string WithoutSuffix(string name, string suffix) =>
        name.EndsWith(suffix, StringComparison.Ordinal) ? name[..^suffix.Length] : name;
}
