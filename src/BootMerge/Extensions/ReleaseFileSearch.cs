using System;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Extensions;

/// <summary>Finds and reads the release file of a directory extension (UAPI.4).</summary>
internal static class ReleaseFileSearch
{
    private const int MaximumSize = 1 << 20;
    private const string Prefix = "extension-release.";
    private const string StrictAttribute = "user.extension-release.strict";

    /// <summary>
    /// A file that is missing or cannot be read is returned as one with a <see cref="ReleaseFile.Problem"/>.
    /// </summary>
    public static ReleaseFile Read(Root root, Extension extension)
    {
        // A third kind of catch, besides the transaction's and Program's: a broken extension is refused, and the others
        // go on.
        try
        {
            return Find(root, extension);
        }
        catch (InputException e)
        {
            return ReleaseFile.Unusable(e.Message);
        }
        catch (KernelException e)
        {
            return ReleaseFile.Unusable("its release file cannot be read: " + e.Message);
        }
    }

    private static ReleaseFile Find(Root root, Extension extension)
    {
        string releaseDirectory = extension.Class.ReleaseDirectory;
        // A block device's whole name counts, but not in its release file's name, as with systemd.
        string name = extension.Kind == ExtensionKind.BlockDevice
            ? EntryName.WithoutRaw(extension.Name) : extension.Name;
        string path = releaseDirectory + "/" + Prefix + name;
        using SafeFileHandle? named = extension.TryOpen(root, path, Sys.O_PATH);
        if (named is not null)
            return Parse(named, path);

        // As in systemd for a name with a version: foo_1 may have the release file of foo.
        int underscore = name.IndexOf('_');
        if (underscore > 0)
        {
            string unversioned = releaseDirectory + "/" + Prefix + name[..underscore];
            using SafeFileHandle? file = extension.TryOpen(root, unversioned, Sys.O_PATH);
            if (file is not null)
                return Parse(file, unversioned);
        }

        using SafeFileHandle? directory = extension.TryOpen(root, releaseDirectory, Sys.O_RDONLY | Sys.O_DIRECTORY);
        if (directory is null)
            return ReleaseFile.Unusable("no " + path + " in it");
        return FindRenamed(directory, path);
    }

    /// <summary>
    /// An image may be renamed when it is deployed. So a file with another name counts if its author allowed that with
    /// the attribute, and if it is the only file for which that is allowed.
    /// </summary>
    private static ReleaseFile FindRenamed(SafeFileHandle directory, string expected)
    {
        string? found = null;
        string? other = null;
        foreach (DirectoryEntry entry in Sys.ReadDirectory(directory))
        {
            if (!entry.Name.StartsWith(Prefix, StringComparison.Ordinal)
                || !ExtensionName.IsValid(entry.Name[Prefix.Length..]))
                continue;
            other = entry.Name;
            if (Sys.TryStatusAt(directory, entry.Name) is not { IsRegular: true } || !IsLoose(directory, entry.Name))
                continue;
            if (found is not null)
                return ReleaseFile.Unusable("no " + expected + " in it, and more than one other has " + StrictAttribute
                    + "=0");
            found = entry.Name;
        }

        if (found is not null)
        {
            using SafeFileHandle file = Sys.OpenChild(directory, found, Sys.O_PATH);
            return Parse(file, found);
        }

        string problem = "no " + expected + " in it";
        if (other is not null)
            problem += "; " + PathText.Printable(other) + " is for another name and has no " + StrictAttribute + "=0";
        return ReleaseFile.Unusable(problem);
    }

    private static bool IsLoose(SafeFileHandle directory, string name)
    {
        using SafeFileHandle file = Sys.OpenChild(directory, name, Sys.O_RDONLY | Sys.O_NONBLOCK | Sys.O_NOCTTY);
        byte[]? value = Sys.TryGetXattr(file, StrictAttribute);
        return value is not null && Words.TryParseBoolean(PathText.Decode(value), out bool strict) && !strict;
    }

    private static ReleaseFile Parse(SafeFileHandle file, string name)
    {
        ReleaseFile release = KeyValueFile.Parse(Root.ReadFile(file, name, MaximumSize));
        return release.Problem is null ? release
            : ReleaseFile.Unusable(PathText.Printable(name) + " " + release.Problem);
    }
}
