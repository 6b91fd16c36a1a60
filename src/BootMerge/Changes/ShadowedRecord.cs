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
/// the vendor's file is another one by now, the machine's is frozen: it has missed an update. It stays so until it is gone or
/// written anew: then somebody has looked at it, and what is below counts from there on.
/// </summary>
/// <remarks>
/// Text: "bootmerge-shadowed 1", then a line for each file: digest of the one below, microseconds of the machine's file's last
/// modification, path inside the root with C's escapes.
/// </remarks>
internal sealed class ShadowedRecord
{
    /// <summary>More files than any /etc has; those beyond are not remembered.</summary>
    public const int MaximumEntries = 10_000;

    /// <summary>Of the text, in bytes: room for 200 of each of them.</summary>
    public const int MaximumLength = 2 << 20;

    private const string Directory = "/var/lib/bootmerge";
    private const string FileName = "shadowed";
    private const string FirstLine = "bootmerge-shadowed 1";
    private const int DigestLength = 16;
    private const uint DirectoryMode = 0x1ED; // 0755
    private const uint FileMode = 0x180; // 0600

    // Path to "DIGEST TIME".
    private readonly Dictionary<string, string> _entries = new(StringComparer.Ordinal);

    /// <summary>The file was there, but is no record: it is to be replaced, even by one that says nothing.</summary>
    private bool _isDamaged;

    /// <summary>A record that is absent is empty; so is one that cannot be read, with a warning.</summary>
    public static ShadowedRecord Read(Root root, Log log)
    {
        string reason;
        try
        {
            if (root.TryReadFile(Directory + "/" + FileName, MaximumLength) is not byte[] text)
                return new ShadowedRecord();
            if (Parse(PathText.Decode(text)) is ShadowedRecord record)
                return record;
            reason = root.Outside(Directory + "/" + FileName) + " is damaged.";
        }
        catch (KernelException e)
        {
            reason = e.Message;
        }
        catch (InputException e)
        {
            reason = e.Message + ".";
        }

        log.Warning("The record of shadowed files is taken for empty, none is known to be frozen: " + reason);
        return new ShadowedRecord { _isDamaged = true };
    }

    /// <summary>null when the text is no record, or was cut off.</summary>
    public static ShadowedRecord? Parse(string text)
    {
        if (!text.StartsWith(FirstLine + "\n", StringComparison.Ordinal) || !text.EndsWith('\n'))
            return null;
        ShadowedRecord record = new();
        string[] lines = text.Split('\n');
        for (int i = 1; i < lines.Length - 1 && i <= MaximumEntries; i++)
        {
            int path = lines[i].IndexOf('/');
            if (path < 0 || !IsStamp(lines[i].AsSpan(0, path)) || Marker.Unescape(lines[i][path..]) is not string name)
                return null;
            record._entries[name] = lines[i][..(path - 1)];
        }

        return record;
    }

    /// <summary>Sorted, so that the same record is the same text; what would not fit is left out.</summary>
    public string ToText()
    {
        List<string> paths = [];
        foreach (KeyValuePair<string, string> entry in _entries)
            paths.Add(entry.Key);
        paths.Sort(string.CompareOrdinal);
        StringBuilder text = new(FirstLine + "\n");
        foreach (string path in paths)
        {
            string line = _entries[path] + " " + Marker.Escape(path) + "\n";
            if (text.Length + line.Length <= MaximumLength)
                text.Append(line);
        }

        return text.ToString();
    }

    /// <param name="path">Inside the root.</param>
    /// <param name="entry">What lies there in the upper layer, and below.</param>
    public bool IsFrozen(string path, Entry entry)
    {
        if (!IsKnown(path, entry))
            return false;
        // Only what has content was written down.
        if (entry.Below is { IsRegular: false, IsSymlink: false })
            return true;
        return Digest.Of(entry.BelowDirectory!, entry.Name, entry.Below!) is string now && !_entries[path].StartsWith(now, StringComparison.Ordinal);
    }

    /// <summary>Keeps what an older record says of a file that was not written since, else what is below now.</summary>
    public void Add(string path, Entry entry, ShadowedRecord older)
    {
        if (_entries.Count == MaximumEntries)
            return;
        if (older.IsKnown(path, entry))
            _entries[path] = older._entries[path];
        else if (Digest.Of(entry.BelowDirectory!, entry.Name, entry.Below!) is string digest)
            _entries[path] = digest + " " + Time(entry);
    }

    /// <summary>Takes over what an older record says of hierarchies that could not be looked at this time.</summary>
    public void AddAllOutside(List<string> hierarchies, ShadowedRecord older)
    {
        foreach (KeyValuePair<string, string> entry in older._entries)
        {
            bool isLeftOut = _entries.Count == MaximumEntries;
            foreach (string hierarchy in hierarchies)
                isLeftOut |= MountTable.IsBelow(entry.Key, hierarchy);
            if (!isLeftOut)
                _entries[entry.Key] = entry.Value;
        }
    }

    /// <summary>Whole or not at all, and only when it says something new.</summary>
    public void Write(Root root, ShadowedRecord older)
    {
        string text = ToText();
        if (text == older.ToText() && !older._isDamaged)
            return;
        using SafeFileHandle lib = root.OpenAt("/var/lib", Sys.O_PATH | Sys.O_DIRECTORY);
        Sys.MakeDirectory(lib, "bootmerge", DirectoryMode, root.Outside(Directory));
        using SafeFileHandle directory = Sys.OpenChild(lib, "bootmerge", Sys.O_RDONLY | Sys.O_DIRECTORY);
        Sys.ReplaceFile(directory, FileName, PathText.Encode(text), FileMode);
    }

    /// <summary>It was written down, and nobody has written the machine's file since.</summary>
    private bool IsKnown(string path, Entry entry) =>
        _entries.TryGetValue(path, out string? stamp) && stamp.AsSpan(DigestLength + 1).SequenceEqual(Time(entry));

    private static string Time(Entry entry) => entry.Upper!.ModificationTime.ToString();

    /// <summary>"0123456789abcdef 1700000000000000 ", with the blank before the path.</summary>
    private static bool IsStamp(ReadOnlySpan<char> text)
    {
        if (text.Length < DigestLength + 3 || text[DigestLength] != ' ' || text[^1] != ' ')
            return false;
        for (int i = 0; i < text.Length - 1; i++)
            if (i < DigestLength ? !char.IsAsciiHexDigitLower(text[i]) : i > DigestLength && !char.IsAsciiDigit(text[i]))
                return false;
        return true;
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
