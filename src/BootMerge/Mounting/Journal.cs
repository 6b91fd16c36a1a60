using System.Collections.Generic;
using BootMerge.Linux;
using BootMerge.Reporting;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>A line of the journal: what a command was about to change on a hierarchy.</summary>
/// <param name="kind">One of <see cref="Journal"/>'s words.</param>
/// <param name="hierarchy">As configured: "/etc".</param>
/// <param name="value">A path inside the root, or a mount's number.</param>
internal sealed class JournalEntry(string kind, ExtensionClass extensionClass, string hierarchy, string value)
{
    public string Kind { get; } = kind;

    public ExtensionClass Class { get; } = extensionClass;

    public string Hierarchy { get; } = hierarchy;

    public string Value { get; } = value;
}

/// <summary>
/// What the running command is about to change, written into its lock file before each change. After a kill, the next
/// command that takes the lock reads there what may be left. A power loss erases it along with the mounts.
/// </summary>
internal sealed class Journal
{
    /// <summary>A merge is made, replaced or undone here; no value.</summary>
    public const string Stack = "stack";

    /// <summary>A workdir: one made now, or one of a merge that is removed.</summary>
    public const string WorkDirectory = "workdir";

    /// <summary>A directory that was missing: the hierarchy, an upperdir, or a parent of one.</summary>
    public const string Directory = "directory";

    /// <summary>The number of a mount that must go if the command does not finish.</summary>
    public const string Mount = "mount";

    private const int Limit = 4 << 20;

    private readonly Log _log;
    private SafeFileHandle? _file;

    private Journal(SafeFileHandle? file, List<JournalEntry> left, Log log)
    {
        _file = file;
        Left = left;
        _log = log;
    }

    /// <summary>What a killed command has left; empty if the last command finished.</summary>
    public List<JournalEntry> Left { get; }

    /// <summary>A journal that cannot be used is only a warning: it must not keep a machine from booting.</summary>
    /// <param name="file">The lock file, locked, open for reading and appending; null: nothing is written down.</param>
    public static Journal Open(SafeFileHandle? file, Log log)
    {
        if (file is null)
            return new Journal(null, [], log);
        if (!Sys.Status(file).IsRegular)
        {
            log.Warning("No journal is kept, because " + Sys.PathOf(file) + " is not a regular file.");
            return new Journal(null, [], log);
        }

        string reason;
        try
        {
            return new Journal(file, Parse(PathText.Decode(Sys.ReadAll(file, Limit, Sys.PathOf(file)))), log);
        }
        catch (InputException e)
        {
            reason = e.Message + ".";
        }
        catch (KernelException e)
        {
            reason = e.Message;
        }

        log.Warning("The journal is ignored and emptied, so what an interrupted bootmerge may have left stays: "
            + reason);
        Journal journal = new(file, [], log);
        journal.Clear();
        return journal;
    }

    /// <summary>Ignores lines that are not entries: a kill can cut off the last one.</summary>
    public static List<JournalEntry> Parse(string text)
    {
        List<JournalEntry> entries = [];
        foreach (string line in text.Split('\n'))
        {
            string[] fields = line.Split('\t');
            if (fields.Length != 4)
                continue;
            ExtensionClass? extensionClass = ExtensionClass.ByName(fields[1]);
            string? hierarchy = CText.Unescape(fields[2]);
            string? value = CText.Unescape(fields[3]);
            if (extensionClass is not null && hierarchy is not null && value is not null && hierarchy.StartsWith('/'))
                entries.Add(new JournalEntry(fields[0], extensionClass, hierarchy, value));
        }

        return entries;
    }

    public static string Line(string kind, ExtensionClass extensionClass, string hierarchy, string value) =>
        kind + "\t" + extensionClass.Name + "\t" + CText.Escape(hierarchy) + "\t" + CText.Escape(value) + "\n";

    public void Add(string kind, ExtensionClass extensionClass, string hierarchy, string value = "")
    {
        if (_file is null)
            return;
        int errno = Sys.TryWriteAll(_file, PathText.Encode(Line(kind, extensionClass, hierarchy, value)));
        if (errno == 0)
            return;
        // It is needed only after a kill, and a full /run must not keep a machine from booting.
        _log.Warning("No journal is kept, because " + Sys.PathOf(_file) + " cannot be written: " + Errno.Describe(errno)
            + ".");
        _file = null;
    }

    /// <summary>Nothing is left, or everything has been cleaned up.</summary>
    public void Clear()
    {
        Left.Clear();
        if (_file is not null && Sys.TryTruncate(_file) is int errno and not 0)
            _log.Warning("The journal cannot be emptied: " + Errno.Describe(errno) + ".");
    }
}
