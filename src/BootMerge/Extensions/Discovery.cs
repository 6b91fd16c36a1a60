using System;
using System.Collections.Generic;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Extensions;

/// <summary>What the search directories hold.</summary>
internal sealed class DiscoveryResult : IDisposable
{
    private readonly List<Extension> _extensions = [];
    private readonly List<SkippedEntry> _skipped = [];

    /// <summary>One a name, in ascending version order: the last is the topmost layer.</summary>
    public IReadOnlyList<Extension> Extensions => _extensions;

    public IReadOnlyList<SkippedEntry> Skipped => _skipped;

    public Extension? Find(string name)
    {
        foreach (Extension extension in _extensions)
            if (extension.Name == name)
                return extension;
        return null;
    }

    /// <summary>In the place that its name gives it; names of equal version in the order of their characters.</summary>
    public void Add(Extension extension)
    {
        int low = 0;
        int high = _extensions.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            int order = VersionOrder.Compare(_extensions[middle].Name, extension.Name);
            if (order < 0 || order == 0 && string.CompareOrdinal(_extensions[middle].Name, extension.Name) < 0)
                low = middle + 1;
            else
                high = middle;
        }

        _extensions.Insert(low, extension);
    }

    public void Remove(Extension extension)
    {
        for (int i = 0; i < _extensions.Count; i++)
            if (ReferenceEquals(_extensions[i], extension))
                _extensions.RemoveAt(i--);
    }

    /// <summary>Lets go of the images that were opened.</summary>
    public void Dispose()
    {
        foreach (Extension extension in _extensions)
            extension.Dispose();
    }

    public void Skip(string path, string reason) => _skipped.Add(new SkippedEntry { Path = PathText.Printable(path), Reason = reason });
}

/// <summary>
/// The search for extensions. Nothing is judged here, only found: the first search directory that has a name wins it,
/// also with something that cannot be merged, such as the empty directory that masks a name.
/// </summary>
internal static class Discovery
{
    /// <param name="initrd">The root is the initramfs that this process runs in: systemd's other list applies.</param>
    public static DiscoveryResult Find(Root root, ExtensionClass extensionClass, bool initrd)
    {
        DiscoveryResult result = new();
        foreach (string directory in initrd ? extensionClass.InitrdSearchDirectories : extensionClass.SearchDirectories)
            Search(root, directory, extensionClass, result);
        return result;
    }

    private static void Search(Root root, string searchDirectory, ExtensionClass extensionClass, DiscoveryResult result)
    {
        using SafeFileHandle? found = TryOpen(root, searchDirectory, out string problem);
        if (found is null || !Sys.Status(found).IsDirectory)
        {
            if (found is not null || problem.Length > 0)
                result.Skip(searchDirectory, found is null ? problem : "it is no directory, no extension is searched there");
            return;
        }

        using SafeFileHandle directory = Sys.OpenAt(found, ".", Sys.O_RDONLY | Sys.O_DIRECTORY);
        string resolved = root.PathOf(found);
        List<DirectoryEntry> entries = Sys.ReadDirectory(directory);
        foreach (DirectoryEntry entry in entries)
        {
            string path = (resolved == "/" ? "" : resolved) + "/" + entry.Name;
            if (EntryName.IsPartialDownload(entry.Name))
                result.Skip(path, "a download of systemd-sysupdate that is not complete");
            else
                Take(root, path, entry.Name, extensionClass, result);
        }
    }

    private static void Take(Root root, string path, string entry, ExtensionClass extensionClass, DiscoveryResult result)
    {
        using SafeFileHandle? handle = TryOpen(root, path, out string problem);
        if (handle is null)
        {
            result.Skip(path, problem.Length > 0 ? problem : Dangling(root, path));
            return;
        }

        FileStatus status = Sys.Status(handle);
        ExtensionKind kind;
        if (status.IsDirectory)
            kind = EntryName.IsVersionedDirectory(entry) ? ExtensionKind.Versioned : ExtensionKind.Directory;
        else if (status.IsRegular)
            kind = ExtensionKind.Image;
        else if (status.IsBlockDevice)
            kind = ExtensionKind.BlockDevice;
        else
        {
            result.Skip(path, "it is no directory, regular file or block device");
            return;
        }

        string? name = EntryName.TryParse(entry, kind, extensionClass, out problem);
        if (name is null)
        {
            result.Skip(path, problem);
            return;
        }

        Extension? other = result.Find(name);
        if (other is not null && !Replaces(path, kind, other))
        {
            result.Skip(path, "hidden by " + PathText.Printable(other.FoundPath));
            return;
        }

        if (other is not null)
        {
            result.Remove(other);
            result.Skip(other.FoundPath, "hidden by " + PathText.Printable(path));
        }

        result.Add(new Extension
        {
            Name = name,
            Class = extensionClass,
            Kind = kind,
            Path = root.PathOf(handle),
            FoundPath = path,
            Status = status,
        });
    }

    /// <summary>Of two entries of one directory that mean the same name, the file system's order must not decide.</summary>
    private static bool Replaces(string path, ExtensionKind kind, Extension other)
    {
        ReadOnlySpan<char> directory = System.IO.Path.GetDirectoryName(path.AsSpan());
        ReadOnlySpan<char> otherDirectory = System.IO.Path.GetDirectoryName(other.FoundPath.AsSpan());
        return directory.SequenceEqual(otherDirectory)
            && EntryName.Rank(path, kind, other.Class) < EntryName.Rank(other.FoundPath, other.Kind, other.Class);
    }

    private static string Dangling(Root root, string path)
    {
        using SafeFileHandle? link = root.TryOpen(path, Sys.O_PATH | Sys.O_NOFOLLOW);
        return link is null || !Sys.Status(link).IsSymlink
            ? "it went away during the search"
            : "a dangling symlink to " + PathText.Printable(Sys.ReadLink(link));
    }

    /// <returns>null when it does not exist, and when it cannot be opened: then <paramref name="problem"/> says why.</returns>
    private static SafeFileHandle? TryOpen(Root root, string path, out string problem)
    {
        problem = "";
        // As in ReleaseFileSearch: one entry that cannot be opened must not keep the others from being merged.
        try
        {
            return root.TryOpen(path);
        }
        catch (KernelException e)
        {
            problem = e.Errno == Errno.ELOOP ? "a loop of symlinks, or a link through /proc" : e.Message;
            return null;
        }
    }
}
