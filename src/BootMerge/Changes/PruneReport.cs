using System.Text;
using BootMerge.Json;
using BootMerge.Reporting;

namespace BootMerge.Changes;

/// <summary>The kinds of things that an upper layer can do without.</summary>
internal enum Pruned
{
    /// <summary>Anything but a directory, including links and devices.</summary>
    File,
    Directory,
    Whiteout,
    OpaqueMark,
    Marker,
}

/// <summary>What a prune has removed, or would remove: each path with the reason, and how many of each kind.</summary>
/// <param name="verb">"removed" or "would remove".</param>
/// <param name="isListed">Each path is printed; otherwise it is only in the debug log.</param>
/// <param name="isDone">The list is about what was removed: a failure to print it is reported, and does not end the
/// work.</param>
internal sealed class PruneReport(string verb, bool isListed, bool isDone, JsonFormat json, Log log)
{
    /// <summary>In the order of the enumeration.</summary>
    private static readonly string[] Kinds = ["file", "directory", "whiteout", "opaque mark", "marker"];

    /// <summary>In the order of the enumeration.</summary>
    private static readonly string[] Many = ["files", "directories", "whiteouts", "opaque marks", "markers"];

    /// <summary>In the order of the enumeration.</summary>
    private static readonly string[] Reasons =
    [
        "equals the layer below",
        "is empty and equals the layer below",
        "is a whiteout, and no layer below has a file of that name any more",
        "is opaque, and hides nothing: only the mark is removed",
        "is a copy of an old merge's marker",
    ];

    private readonly int[] _counts = new int[Kinds.Length];
    private readonly ListOutput _list = new(json, isDone ? log : null);

    /// <summary>Whether some of the list could not be printed.</summary>
    public bool HasFailed => _list.HasFailed;

    /// <param name="reason">null: the usual one for this kind.</param>
    public void Add(string hierarchy, Entry entry, Pruned kind, string? reason = null)
    {
        reason ??= Reasons[(int)kind];
        _counts[(int)kind]++;
        // In a deep tree, paths take longer than everything else, so they are built only if wanted.
        if (!isListed && !log.IsDebug)
            return;
        string path = hierarchy + entry.Path;
        if (!isListed)
            log.Debug("prune: " + verb + " " + path + ": it " + reason + ".");
        else if (_list.IsJson)
            _list.Add(JsonValue.Object()
                .Add("path", path)
                .Add("kind", Kinds[(int)kind])
                .Add("reason", reason));
        else
            _list.Add(verb + " " + PathText.Printable(path) + ": it " + reason + "\n");
    }

    /// <returns>false</returns>
    public bool Keep(string hierarchy, Entry entry, string reason)
    {
        if (log.IsDebug)
            log.Debug("prune: kept " + hierarchy + entry.Path + ": " + reason + ".");
        return false;
    }

    /// <summary>The end of a list.</summary>
    public void Finish() => _list.Finish();

    /// <summary>"12 files, 1 whiteout"; "nothing".</summary>
    public string Summary()
    {
        StringBuilder text = new();
        for (int i = 0; i < Kinds.Length; i++)
            if (_counts[i] > 0)
                text.Append(text.Length == 0 ? "" : ", ").Append(_counts[i]).Append(' ')
                    .Append(_counts[i] == 1 ? Kinds[i] : Many[i]);
        return text.Length == 0 ? "nothing" : text.ToString();
    }

    public JsonValue Counts()
    {
        JsonValue counts = JsonValue.Object();
        for (int i = 0; i < Kinds.Length; i++)
            counts.Add(Many[i], JsonValue.Number(_counts[i]));
        return counts;
    }
}
