using System;
using System.Collections.Generic;
using BootMerge.Linux;
using BootMerge.Reporting;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>
/// What the layers below had when the machine last ran, and what was below each of the machine's files when the file
/// was written. Stored in /var/lib/bootmerge/shadowed; boot keeps it, and so does a merge or refresh in the running
/// system. It answers two questions. Has the vendor changed what a machine's file was made from? Then that file is
/// frozen: it has missed an update. And was anything below a directory when the machine made it? If not, its opaque
/// mark hid nothing on purpose.
/// </summary>
/// <remarks>Text: see <see cref="RecordText"/>.</remarks>
internal sealed class ShadowedRecord
{
    /// <summary>More of the machine's files than any /etc has; further ones are not recorded.</summary>
    public const int MaximumEntries = 10_000;

    /// <summary>
    /// For everything that the layers below have in one hierarchy; if they have more, nothing is known of that
    /// hierarchy.
    /// </summary>
    public const int MaximumBelow = 100_000;

    /// <summary>Longer paths below are not examined; whatever is there counts as known.</summary>
    public const int MaximumPath = 4000;

    /// <summary>For <see cref="Below"/>: a directory.</summary>
    public const string IsDirectory = "d";

    /// <summary>
    /// For <see cref="Below"/>: something without content, or something that existed since the last boot and is gone
    /// again.
    /// </summary>
    public const string IsOther = "o";

    private const string Directory = "/var/lib/bootmerge";
    private const string FileName = "shadowed";

    /// <summary>Whether the file exists but is not a record: then it must be replaced.</summary>
    private bool _isDamaged;

    /// <summary>
    /// From a hierarchy to a digest of what distinguishes versions of the vendor's files. Everything below these
    /// hierarchies is listed.
    /// </summary>
    public Dictionary<string, string> Versions { get; } = new(StringComparer.Ordinal);

    /// <summary>
    /// From a path below to <see cref="IsDirectory"/>, <see cref="IsOther"/>, or, for a file or symlink, "DIGEST
    /// STAMP".
    /// </summary>
    public Dictionary<string, string> Below { get; } = new(StringComparer.Ordinal);

    /// <summary>
    /// From the path below of an opaque directory of the machine's to "INODE BIRTH" if it was made while nothing was
    /// below, or to "" if it hides something on purpose.
    /// </summary>
    public Dictionary<string, string> Opaque { get; } = new(StringComparer.Ordinal);

    /// <summary>
    /// From the path of a machine's file to "DIGEST TIME": the digest of what was below, and the file's last
    /// modification in microseconds.
    /// </summary>
    public Dictionary<string, string> Machine { get; } = new(StringComparer.Ordinal);

    /// <summary>If there is no record, it is empty; so it is, with a warning, if it cannot be read.</summary>
    public static ShadowedRecord Read(Root root, Log log)
    {
        string reason;
        try
        {
            if (root.TryReadFile(Directory + "/" + FileName, RecordText.MaximumLength) is not byte[] text)
                return new ShadowedRecord();
            if (RecordText.Parse(PathText.Decode(text)) is ShadowedRecord record)
                return record;
            reason = root.Outside(Directory + "/" + FileName) + " is damaged, or of another version.";
        }
        catch (KernelException e)
        {
            reason = e.Message;
        }
        catch (InputException e)
        {
            reason = e.Message + ".";
        }

        log.Warning("Treating the record of shadowed files as absent, none is known to be frozen: " + reason
            + " The next boot writes a new one.");
        return new ShadowedRecord { _isDamaged = true };
    }

    /// <summary>Whether there is a file of that name, valid or not.</summary>
    public static bool Exists(Root root) => root.Exists(Directory + "/" + FileName);

    /// <summary>Whether what is below the machine's file is no longer what the file was made from.</summary>
    public bool IsFrozen(string hierarchy, Entry entry)
    {
        if (entry.Upper is null or { IsDirectory: true } || entry.IsTooDeep
            || BaseOf(hierarchy, entry) is not string digest)
            return false;
        // What the file was made from had content.
        return entry.Below is not { } below || Digest.Of(entry.BelowDirectory!, entry.Name, below) != digest;
    }

    /// <summary>
    /// Whether the directory is opaque only because overlayfs makes every new one so: nothing was below it that anybody
    /// could have meant to hide.
    /// </summary>
    public bool IsMadeFirst(string hierarchy, Entry entry) =>
        entry.IsOpaque && entry.Redirect is null && !entry.IsTooDeep
            && IsMadeFirst(hierarchy, entry.PathBelow, entry.Upper!);

    /// <param name="pathBelow">Inside the hierarchy, where the layers below would have it.</param>
    /// <param name="directory">It is opaque, and was not moved.</param>
    public bool IsMadeFirst(string hierarchy, string pathBelow, FileStatus directory)
    {
        if (!Versions.ContainsKey(hierarchy))
            return false;
        string path = hierarchy + pathBelow;
        if (Opaque.TryGetValue(path, out string? made) && (made.Length == 0 || made == Identity(directory)))
            return made.Length > 0;
        return path.Length <= MaximumPath && !Below.ContainsKey(path);
    }

    /// <summary>Records a file of the machine's, with what it was made from.</summary>
    public void AddFile(string hierarchy, Entry entry, ShadowedRecord older)
    {
        if (Machine.Count == MaximumEntries || entry.IsTooDeep)
            return;
        string? digest = older.BaseOf(hierarchy, entry);
        if (digest is null && entry.Below is { IsDirectory: false } below)
            digest = Digest.Of(entry.BelowDirectory!, entry.Name, below);
        if (digest is not null)
            Machine[hierarchy + entry.Path] = digest + " " + Time(entry);
    }

    /// <summary>Records an opaque directory of the machine's, with what is known about when it was made.</summary>
    public void AddOpaque(string hierarchy, Entry entry, ShadowedRecord older)
    {
        if (entry.IsTooDeep)
            return; // stays as it is anyway
        if (older.IsMadeFirst(hierarchy, entry))
            Opaque[hierarchy + entry.PathBelow] = Identity(entry.Upper!);
        else if (entry.Below is not null || older.Versions.ContainsKey(hierarchy))
            Opaque[hierarchy + entry.PathBelow] = "";
    }

    /// <summary>
    /// Copies from an older record what existed then and is gone now: it could have been hidden on purpose since the
    /// last boot.
    /// </summary>
    public void AddBelowOf(string hierarchy, ShadowedRecord older)
    {
        foreach (KeyValuePair<string, string> entry in older.Below)
            if (PathName.IsBelow(entry.Key, hierarchy))
                Below.TryAdd(entry.Key, IsOther);
    }

    /// <summary>Copies what an older record says about hierarchies that could not be examined this time.</summary>
    public void AddAllOutside(List<string> hierarchies, ShadowedRecord older)
    {
        foreach (KeyValuePair<string, string> version in older.Versions)
            if (!hierarchies.Has(version.Key))
                Versions[version.Key] = version.Value;
        Copy(older.Below, Below);
        Copy(older.Opaque, Opaque);
        Copy(older.Machine, Machine);

        void Copy(Dictionary<string, string> from, Dictionary<string, string> to)
        {
            foreach (KeyValuePair<string, string> entry in from)
                if (!hierarchies.Exists(hierarchy => PathName.IsBelow(entry.Key, hierarchy)))
                    to[entry.Key] = entry.Value;
        }
    }

    /// <summary>
    /// There are too many files below a hierarchy, or too much text: nothing is known about any of them.
    /// </summary>
    public void ForgetBelow()
    {
        Versions.Clear();
        Below.Clear();
    }

    /// <summary>
    /// Writes the record whole or not at all, and only if it says something new. After a power cut it is on the disk if
    /// anything is that was done later.
    /// </summary>
    public void Write(Root root, ShadowedRecord older)
    {
        if (IsSame(older) && !older._isDamaged)
            return;
        string text = RecordText.Of(this);
        using SafeFileHandle lib = root.OpenAt("/var/lib", Sys.O_PATH | Sys.O_DIRECTORY);
        Sys.MakeDirectory(lib, "bootmerge", Octal.Mode755, root.Outside(Directory));
        using SafeFileHandle directory = Sys.OpenChild(lib, "bootmerge", Sys.O_RDONLY | Sys.O_DIRECTORY);
        Sys.ReplaceFile(directory, FileName, PathText.Encode(text), Octal.Mode600);
        Sys.Synchronize(directory);
    }

    /// <summary>Removes the record: an old one would not describe the machine's last run.</summary>
    public static void Remove(Root root)
    {
        using SafeFileHandle? directory = root.TryOpenDirectory(Directory);
        if (directory is null)
            return;
        Sys.RemoveFile(directory, FileName);
        using SafeFileHandle readable = Sys.Reopen(directory, Sys.O_RDONLY | Sys.O_DIRECTORY);
        Sys.Synchronize(readable);
    }

    private bool IsSame(ShadowedRecord other)
    {
        return AreSame(Versions, other.Versions) && AreSame(Below, other.Below) && AreSame(Opaque, other.Opaque)
            && AreSame(Machine, other.Machine);

        static bool AreSame(Dictionary<string, string> one, Dictionary<string, string> other)
        {
            if (one.Count != other.Count)
                return false;
            foreach (KeyValuePair<string, string> entry in one)
                if (!other.TryGetValue(entry.Key, out string? value) || value != entry.Value)
                    return false;
            return true;
        }
    }

    /// <summary>The digest of what the machine's file was made from; null if that is unknown.</summary>
    private string? BaseOf(string hierarchy, Entry entry)
    {
        if (Machine.TryGetValue(hierarchy + entry.Path, out string? known)
            && known.AsSpan(Digest.Length + 1).SequenceEqual(Time(entry)))
            return known[..Digest.Length];
        // Written since the last boot, so it was made from what was below then.
        return Below.TryGetValue(hierarchy + entry.PathBelow, out string? below) && below.Length > Digest.Length
            ? below[..Digest.Length] : null;
    }

    private static string Time(Entry entry) => entry.Upper!.ModificationTime.ToString();

    /// <summary>"" if the file system records no birth time: an inode's number alone is soon reused.</summary>
    private static string Identity(FileStatus directory) =>
        directory.BirthTime == 0 ? "" : directory.Inode.ToString() + " " + directory.BirthTime.ToString();
}
