using System;
using System.Collections.Generic;
using System.Text;
using BootMerge.Linux;
using BootMerge.Markers;
using BootMerge.Reporting;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>
/// What was below the machine's files when they were first seen over it: /var/lib/bootmerge/shadowed, kept by boot. When
/// the vendor's file is another one by now, the machine's is frozen: it has missed an update. Once the machine's own
/// file changes, somebody has looked at it, and what is below now counts from then on.
/// </summary>
/// <remarks>
/// Text: "bootmerge-shadowed 1", then a line for each file: digest of the one below, microseconds of the machine's file's last
/// change, path inside the root with C's escapes.
/// </remarks>
internal sealed class ShadowedRecord
{
    /// <summary>More files than any /etc has; those beyond are not remembered.</summary>
    public const int MaximumEntries = 10_000;

    private const string Directory = "/var/lib/bootmerge";
    private const string FileName = "shadowed";
    private const string FirstLine = "bootmerge-shadowed 1";
    private const int Limit = 8 << 20;
    private const uint DirectoryMode = 0x1ED; // 0755
    private const uint FileMode = 0x180; // 0600

    private readonly Dictionary<string, string> _entries = new(StringComparer.Ordinal);

    /// <summary>A record that is absent is empty; so is one that cannot be read, with a warning.</summary>
    public static ShadowedRecord Read(Root root, Log log)
    {
        try
        {
            byte[]? text = root.TryReadFile(Directory + "/" + FileName, Limit);
            if (text is null)
                return new ShadowedRecord();
            if (Parse(PathText.Decode(text)) is ShadowedRecord record)
                return record;
            log.Warning(root.Outside(Directory + "/" + FileName) + " is no record of shadowed files: taken for empty.");
        }
        catch (KernelException e)
        {
            log.Warning("The record of shadowed files is taken for empty: " + e.Message);
        }
        catch (InputException e)
        {
            log.Warning("The record of shadowed files is taken for empty: " + e.Message + ".");
        }

        return new ShadowedRecord();
    }

    /// <summary>null when the text is no record, or was cut off.</summary>
    public static ShadowedRecord? Parse(string text)
    {
        if (!text.StartsWith(FirstLine + "\n", StringComparison.Ordinal) || !text.EndsWith('\n'))
            return null;
        ShadowedRecord record = new();
        foreach (string line in text[(FirstLine.Length + 1)..].Split('\n'))
        {
            int path = line.IndexOf('/');
            if (path <= 1 || line[path - 1] != ' ' || Marker.Unescape(line[path..]) is not string name || record._entries.Count == MaximumEntries)
                continue;
            record._entries[name] = line[..(path - 1)];
        }

        return record;
    }

    /// <summary>Sorted, so that the same record is the same text.</summary>
    public string ToText()
    {
        List<string> paths = [];
        foreach (KeyValuePair<string, string> entry in _entries)
            paths.Add(entry.Key);
        paths.Sort(string.CompareOrdinal);
        StringBuilder text = new(FirstLine + "\n");
        foreach (string path in paths)
            text.Append(_entries[path]).Append(' ').Append(Marker.Escape(path)).Append('\n');
        return text.ToString();
    }

    /// <param name="path">Inside the root.</param>
    /// <param name="entry">What lies there in the upper layer, and below.</param>
    public bool IsFrozen(string path, Entry entry) =>
        _entries.TryGetValue(path, out string? remembered) && TryCut(remembered, out string digest, out string time) && time == Time(entry)
        && Digest.Of(entry.BelowDirectory!, entry.Name, entry.Below!) is string now && now != digest;

    /// <summary>Keeps what an older record says of a file that has not changed since, else what is below now.</summary>
    public void Add(string path, Entry entry, ShadowedRecord older)
    {
        if (_entries.Count == MaximumEntries)
            return;
        if (older._entries.TryGetValue(path, out string? remembered) && TryCut(remembered, out _, out string time) && time == Time(entry))
            _entries[path] = remembered;
        else if (Digest.Of(entry.BelowDirectory!, entry.Name, entry.Below!) is string digest)
            _entries[path] = digest + " " + Time(entry);
    }

    /// <summary>Whole or not at all, and only when it says something new.</summary>
    public void Write(Root root, ShadowedRecord older)
    {
        string text = ToText();
        if (text == older.ToText())
            return;
        using SafeFileHandle lib = root.OpenAt("/var/lib", Sys.O_PATH | Sys.O_DIRECTORY);
        Sys.MakeDirectory(lib, "bootmerge", DirectoryMode, root.Outside(Directory));
        using SafeFileHandle directory = Sys.OpenChild(lib, "bootmerge", Sys.O_RDONLY | Sys.O_DIRECTORY);
        Sys.ReplaceFile(directory, FileName, PathText.Encode(text), FileMode);
    }

    private static string Time(Entry entry) => entry.Upper!.ModificationTime.ToString();

    private static bool TryCut(string remembered, out string digest, out string time)
    {
        int blank = remembered.IndexOf(' ');
        digest = blank < 0 ? "" : remembered[..blank];
        time = remembered[(blank + 1)..];
        return blank > 0;
    }
}

/// <summary>Makes a record of an upper layer: of every file in it that hides another.</summary>
internal sealed class ShadowedWalk(ChangedTree tree, ShadowedRecord record, ShadowedRecord older) : TreeWalk(tree)
{
    protected override bool Enter(Entry entry)
    {
        if (entry.Upper is { IsDirectory: false } && !entry.IsWhiteout && entry.Below is { IsDirectory: false })
            record.Add(Tree.Hierarchy + entry.Path, entry, older);
        return !entry.IsOpaque;
    }
}
