using System;

namespace BootMerge.Extensions;

/// <summary>What the name of an entry of a search directory says: pure text, nothing is opened.</summary>
internal static class EntryName
{
    private const string RawSuffix = ".raw";
    private const string VersionedSuffix = ".v";

    /// <summary>Why a file of this name cannot be an image.</summary>
    public const string NoImageName = "it is a file, and its name does not end in .raw";

    /// <param name="entry">The name in the search directory; for a symlink, its own name.</param>
    /// <param name="kind">The kind of what it leads to.</param>
    /// <returns>The extension's name; null if the entry is not an extension, with the reason in
    /// <paramref name="problem"/>.</returns>
    public static string? TryParse(string entry, ExtensionKind kind, ExtensionClass extensionClass, out string problem)
    {
        problem = "";
        string name = entry;
        if (kind == ExtensionKind.Image)
        {
            if (!IsImageName(entry))
            {
                problem = NoImageName;
                return null;
            }

            name = WithoutSuffix(name, RawSuffix);
        }

        // A block device's whole name counts.
        if (kind != ExtensionKind.BlockDevice)
            name = WithoutSuffix(name, "." + extensionClass.Name);

        problem = ExtensionName.Problem(name);
        return problem.Length == 0 ? name : null;
    }

    /// <param name="entry">The name of a versioned directory, or of the symlink to it.</param>
    /// <param name="suffix">What the names of its entries must end in: ".confext.raw", ".raw", ".confext" or
    /// nothing.</param>
    /// <returns>The extension's name; null if there can be none, with the reason in
    /// <paramref name="problem"/>.</returns>
    public static string? TryParseVersioned(string entry, ExtensionClass extensionClass, out string suffix,
        out string problem)
    {
        string versions = WithoutSuffix(entry, VersionedSuffix);
        string name = WithoutSuffix(WithoutSuffix(versions, RawSuffix), "." + extensionClass.Name);
        suffix = versions[name.Length..];
        problem = ExtensionName.Problem(name);
        return problem.Length == 0 ? name : null;
    }

    public static string WithoutRaw(string name) => WithoutSuffix(name, RawSuffix);

    public static bool IsImageName(string entry) => entry.EndsWith(RawSuffix, StringComparison.Ordinal);

    public static bool IsVersionedDirectory(string entry) => entry.EndsWith(VersionedSuffix, StringComparison.Ordinal);

    /// <summary>systemd-sysupdate(8) has not finished writing it; it is never opened.</summary>
    public static bool IsPartialDownload(string entry) => entry.StartsWith(".sysupdate.", StringComparison.Ordinal);

    /// <summary>
    /// If two entries of one directory stand for the same name, the first in this order counts. With systemd that
    /// depends on the order in which the file system lists them; here it is always the same.
    /// </summary>
    public static int Compare(string left, string right, ExtensionClass extensionClass)
    {
        int order = Rank(left, extensionClass) - Rank(right, extensionClass);
        return order != 0 ? order : string.CompareOrdinal(left, right);
    }

    private static int Rank(string entry, ExtensionClass extensionClass)
    {
        string name = WithoutSuffix(entry, VersionedSuffix);
        bool hasInfix = entry.Contains("." + extensionClass.Name, StringComparison.Ordinal);
        return (name.Length != entry.Length ? 4 : 0) + (IsImageName(name) ? 2 : 0) + (hasInfix ? 0 : 1);
    }

    private static string WithoutSuffix(string name, string suffix) =>
        name.EndsWith(suffix, StringComparison.Ordinal) ? name[..^suffix.Length] : name;
}
