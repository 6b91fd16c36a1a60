using System;
using System.Collections.Generic;
using BootMerge.CommandLine;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Configuration;

/// <summary>
/// Collects everything that influences the settings. The only part of the configuration that reads the system.
/// </summary>
internal static class ConfigurationReader
{
    public const string MainFile = "bootmerge.conf";

    /// <summary>In bytes. Far above any real file, far below what would exhaust the memory of an initramfs.</summary>
    private const int FileLimit = 256 * 1024;

    /// <summary>Strongest first.</summary>
    private static readonly string[] Directories = ["/etc", "/run", "/usr/local/lib", "/usr/lib"];

    /// <param name="typed">Tells which classes are meant, and whether the verb is boot.</param>
    /// <param name="root">The tree operated on.</param>
    /// <param name="initramfs">This process's own root if that is not <paramref name="root"/>; read only for
    /// boot.</param>
    public static ConfigurationSources Read(Arguments typed, Root root, Root? initramfs)
    {
        bool boot = typed.Verb == Verb.Boot;
        // A machine must not stay down, or stay merged, because a power cut has filled a file with zeros. So this is an
        // error only if somebody is there to read it and the settings decide what is merged.
        List<string> problems = [];
        List<string>? ignored = typed.Verb is Verb.Merge or Verb.Refresh or Verb.Plan ? null : problems;
        ConfigurationSources sources = new()
        {
            InitramfsFiles = boot && initramfs is not null ? ReadFiles(initramfs, MainFile, ignored) : [],
            Files = ReadFiles(root, MainFile, ignored),
            KernelCommandLine = KernelCommandLine.Read(),
            OsRelease = Environment.GetEnvironmentVariable("SYSTEMD_OS_RELEASE"),
            Problems = problems,
        };
        // For boot, Class= in a file may still choose among them.
        ClassSelection selection = boot && typed.Class is null
            ? ClassSelection.All : SettingsResolver.SelectedBy(typed);
        foreach (ExtensionClass cls in SettingsResolver.ClassesOf(selection))
        {
            sources.Classes.Add(new ClassSources(cls)
            {
                Files = ReadFiles(root, cls.ConfigurationFile, ignored),
                Mode = Environment.GetEnvironmentVariable(cls.ModeVariable),
                OverlayOptions = Environment.GetEnvironmentVariable(cls.OverlayOptionsVariable),
                Hierarchies = Environment.GetEnvironmentVariable(cls.HierarchiesVariable),
            });
        }

        return sources;
    }

    /// <summary>A file and its drop-ins, weakest first: the file itself, then the drop-ins sorted by name.</summary>
    /// <param name="ignored">Receives what is wrong with unusable files; null: such a file throws an
    /// exception.</param>
    public static List<SourceFile> ReadFiles(Root root, string name, List<string>? ignored = null)
    {
        List<SourceFile> files = [];
        foreach (string directory in Directories)
        {
            if (TryRead(root, directory + "/" + name, ignored) is not SourceFile file)
                continue;
            files.Add(file);
            break;
        }

        foreach (SourceFile dropIn in ReadDropIns(root, name + ".d", ".conf", ignored))
            files.Add(dropIn);
        return files;
    }

    /// <summary>
    /// The files of a directory that may exist in each of four places, sorted by name. Of several files with one name,
    /// the one in the strongest place counts. It has no content if it masks the others or cannot be read.
    /// </summary>
    /// <param name="ignored">As for <see cref="ReadFiles"/>.</param>
    public static List<SourceFile> ReadDropIns(Root root, string name, string suffix, List<string>? ignored)
    {
        // The two lists are parallel.
        List<string> names = [];
        List<SourceFile> dropIns = [];
        foreach (string directory in Directories)
            CollectDropIns(root, directory + "/" + name, suffix, names, dropIns, ignored);
        return dropIns;
    }

    private static void CollectDropIns(Root root, string path, string suffix,
        List<string> names, List<SourceFile> dropIns, List<string>? ignored)
    {
        foreach (DirectoryEntry entry in ReadDirectory(root, path, ignored))
        {
            if (entry.Name[0] == '.' || !entry.Name.EndsWith(suffix, StringComparison.Ordinal))
                continue;
            int place = 0;
            while (place < names.Count && string.CompareOrdinal(names[place], entry.Name) < 0)
                place++;
            bool isKnown = place < names.Count && names[place] == entry.Name;
            if (isKnown)
                continue;
            // A file that cannot be read, such as a dangling link, still hides those of its name in weaker directories.
            names.Insert(place, entry.Name);
            string dropIn = path + "/" + entry.Name;
            SourceFile file = TryRead(root, dropIn, ignored)
                ?? new SourceFile(PathText.Printable(root.Outside(dropIn)), []);
            bool isPublished = entry.Name == SourceFile.PublishedName
                && path.StartsWith("/run/", StringComparison.Ordinal);
            dropIns.Insert(place, isPublished ? new SourceFile(file.Path, file.Content, isPublished) : file);
        }
    }

    /// <summary>Empty if the directory does not exist.</summary>
    private static List<DirectoryEntry> ReadDirectory(Root root, string path, List<string>? ignored)
    {
        try
        {
            using SafeFileHandle? directory = root.TryOpenDirectory(path, Sys.O_RDONLY);
            return directory is null ? [] : Sys.ReadDirectory(directory);
        }
        catch (KernelException e) when (ignored is not null)
        {
            ignored.Add(e.Message + ", ignored");
            return [];
        }
    }

    private static SourceFile? TryRead(Root root, string path, List<string>? ignored)
    {
        try
        {
            SourceFile? file = TryRead(root, path);
            if (ignored is null || file is null || Array.IndexOf(file.Content, (byte)0) < 0)
                return file;
            ignored.Add(file.Path + " contains a NUL byte: it is not a text file, ignored");
        }
        catch (InputException e) when (ignored is not null)
        {
            ignored.Add(e.Message + ", ignored");
        }
        catch (KernelException e) when (ignored is not null)
        {
            ignored.Add(e.Message + ", ignored");
        }

        return null;
    }

    /// <summary>null if absent or a dangling link; a masked file has no content.</summary>
    private static SourceFile? TryRead(Root root, string path)
    {
        // First without following links: of the many places where a file may be, nearly all have none.
        using SafeFileHandle? entry = root.TryOpen(path, Sys.O_PATH | Sys.O_NOFOLLOW);
        if (entry is null)
            return null;
        string name = PathText.Printable(root.Outside(path));
        FileStatus status = Sys.Status(entry);
        using SafeFileHandle? target = status.IsSymlink ? root.TryOpen(path) : null;
        // A root that is not booted has an empty /dev: there the link to /dev/null dangles, but still masks.
        if (status.IsSymlink && target is null)
            return Sys.ReadLink(entry) == "/dev/null" ? new SourceFile(name, []) : null;
        SafeFileHandle file = target ?? entry;
        return (target is null ? status : Sys.Status(target)).IsCharacterDevice
            ? new SourceFile(name, [])
            : new SourceFile(name, Root.ReadFile(file, root.Outside(path), FileLimit));
    }
}
