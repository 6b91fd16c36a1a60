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

    /// <summary>One for each name, in ascending version order: the last is the topmost layer.</summary>
    public List<Extension> Extensions => _extensions;

    public List<SkippedEntry> Skipped => _skipped;

    public Extension? Find(string name)
    {
        foreach (Extension extension in _extensions)
            if (extension.Name == name)
                return extension;
        return null;
    }

    /// <summary>Inserts it where its name belongs; names of equal version are sorted by their characters.</summary>
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

    /// <summary>Like <see cref="Add"/>, but replaces the extension of the same name.</summary>
    public void Replace(Extension extension)
    {
        for (int i = _extensions.Count - 1; i >= 0; i--)
            if (_extensions[i].Name == extension.Name)
                _extensions.RemoveAt(i);
        Add(extension);
    }

    /// <summary>Closes the images that were opened.</summary>
    public void Dispose()
    {
        foreach (Extension extension in _extensions)
            extension.Dispose();
    }

    public void Skip(string path, string reason, bool isFailure = false) =>
        _skipped.Add(new SkippedEntry { Path = PathText.Printable(path), Reason = reason, IsFailure = isFailure });

    public void Hide(string path, Extension stronger, bool isForNow) =>
        _skipped.Add(new SkippedEntry
        {
            Path = PathText.Printable(path),
            Reason = "hidden by " + PathText.Printable(stronger.FoundPath),
            IsHidden = true,
            IsHiddenForNow = isForNow
        });
}

/// <summary>
/// The search for extensions. It only finds, and judges nothing: the first search directory that has a name decides it,
/// even with something that cannot be merged, such as the empty directory that masks a name.
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
        // A directory that exists but cannot be opened now must not count as empty: a refresh would unmerge everything.
        using SafeFileHandle? found = EntryFile.TryOpenIfThere(root, searchDirectory, out string problem);
        if (found is null || !Sys.Status(found).IsDirectory)
        {
            if (problem.Length == 0 && EntryFile.WhyMissing((path, flags) => root.TryOpen(path, flags),
                searchDirectory) is string reason)
                problem = reason + ", so no extension is looked for there";
            if (problem.Length > 0)
                result.Skip(searchDirectory, problem);
            return;
        }

        using SafeFileHandle directory = Sys.OpenAt(found, ".", Sys.O_RDONLY | Sys.O_DIRECTORY);
        string resolved = root.PathOf(found);
        List<DirectoryEntry> entries = Sys.ReadDirectory(directory);
        entries.SortBy((a, b) => EntryName.Compare(a.Name, b.Name, extensionClass));
        foreach (DirectoryEntry entry in entries)
        {
            string path = PathName.Child(resolved, entry.Name);
            if (EntryName.IsPartialDownload(entry.Name))
                result.Skip(path, "an incomplete download of systemd-sysupdate");
            else
                Take(root, path, entry.Name, extensionClass, result);
        }
    }

    private static void Take(Root root, string path, string entry, ExtensionClass extensionClass,
        DiscoveryResult result)
    {
        using SafeFileHandle? handle = EntryFile.TryOpen(root, path, out string problem, out bool isFailure);
        if (handle is null)
        {
            result.Skip(path, problem, isFailure: isFailure);
            return;
        }

        FileStatus status = Sys.Status(handle);
        if (!EntryFile.TryGetKind(status, out ExtensionKind kind))
        {
            result.Skip(path, "it is not a directory, regular file or block device");
            return;
        }

        string suffix = "";
        bool versioned = kind == ExtensionKind.Directory && EntryName.IsVersionedDirectory(entry);
        string? name = versioned
            ? EntryName.TryParseVersioned(entry, extensionClass, out suffix, out problem)
            : EntryName.TryParse(entry, kind, extensionClass, out problem);
        if (name is null)
        {
            result.Skip(path, problem);
            return;
        }

        if (!versioned)
        {
            Add(root, path, handle, status, name, extensionClass, result);
            return;
        }

        // A versioned directory without a usable version leaves the name to weaker entries, as with systemd.
        using SafeFileHandle? version = VersionedDirectory.TryPick(root, handle, path, name, suffix, out string picked,
            out problem);
        if (version is null)
            result.Skip(path, problem);
        else
            Add(root, path + "/" + picked, version, Sys.Status(version), name, extensionClass, result);
    }

    /// <summary>
    /// What the boot stage puts into /run for systemd is the extension itself, so it does not hide it.
    /// </summary>
    private static bool BringsTheSame(Root root, string path, Extension stronger)
    {
        if (stronger.Kind != ExtensionKind.Directory)
            return false;
        string hierarchy = stronger.Class.Hierarchies[0];
        using SafeFileHandle? theirs = stronger.OpenHierarchy(root, hierarchy);
        using SafeFileHandle? ours = root.TryOpenDirectory(path + hierarchy);
        return theirs is not null && ours is not null && Sys.Status(theirs).IsSameInode(Sys.Status(ours));
    }

    private static void Add(Root root, string path, SafeFileHandle handle, FileStatus status, string name,
        ExtensionClass extensionClass, DiscoveryResult result)
    {
        if (result.Find(name) is Extension stronger)
        {
            result.Hide(path, stronger, isForNow: stronger.IsForNow && !BringsTheSame(root, path, stronger));
            return;
        }

        EntryFile.TryGetKind(status, out ExtensionKind kind);
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
}
