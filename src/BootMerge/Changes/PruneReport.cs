using System.Text;
using BootMerge.CommandLine;
using BootMerge.Json;
using BootMerge.Linux;
using BootMerge.Reporting;

namespace BootMerge.Changes;

/// <summary>What an upper layer can do without.</summary>
internal enum Pruned
{
    /// <summary>Anything but a directory: links and devices, too.</summary>
    File,
    Directory,
    Whiteout,
    OpaqueMark,
    Marker,
}

/// <summary>What a prune has removed, or would remove: each path with the reason, and how many of each kind.</summary>
/// <param name="verb">"removed" or "would remove".</param>
/// <param name="isListed">Each path is printed; else it is in the log of those who want every step.</param>
internal sealed class PruneReport(string verb, bool isListed, JsonFormat json, Log log)
{
    private const int ChunkLength = 32768;

    /// <summary>In the order of the enumeration.</summary>
    private static readonly string[] Kinds = ["file", "directory", "whiteout", "opaque mark", "marker"];

    /// <summary>In the order of the enumeration.</summary>
    private static readonly string[] Many = ["files", "directories", "whiteouts", "opaque marks", "markers"];

    /// <summary>In the order of the enumeration.</summary>
    private static readonly string[] Reasons =
    [
        "equals the layer below",
        "is empty and equals the layer below",
        "is the mark of a deletion, and no layer has a file of that name any more",
        "is opaque, and hides nothing: only the mark goes",
        "is the copy of an old merge's marker",
    ];

    private readonly int[] _counts = new int[Kinds.Length];
    private readonly StringBuilder _text = new();
    private int _listed;

    public void Add(string path, Pruned kind)
    {
        _counts[(int)kind]++;
        if (!isListed)
        {
            log.Debug("prune: " + verb + " " + path + ": it " + Reasons[(int)kind] + ".");
            return;
        }

        if (json == JsonFormat.Off)
            _text.Append(verb).Append(' ').Append(PathText.Printable(path)).Append(": it ").Append(Reasons[(int)kind]).Append('\n');
        else
            AddJson(path, kind);
        _listed++;
        if (_text.Length > ChunkLength)
            Flush();
    }

    /// <returns>false</returns>
    public bool Keep(string path, string reason)
    {
        log.Debug("prune: kept " + path + ": " + reason + ".");
        return false;
    }

    /// <summary>The end of a list.</summary>
    public void Finish()
    {
        if (json != JsonFormat.Off)
            _text.Append(_listed == 0 ? "[]\n" : json == JsonFormat.Pretty ? "\n]\n" : "]\n");
        Flush();
    }

    /// <summary>"12 files, 1 whiteout"; "nothing".</summary>
    public string Summary()
    {
        StringBuilder text = new();
        for (int i = 0; i < Kinds.Length; i++)
            if (_counts[i] > 0)
                text.Append(text.Length == 0 ? "" : ", ").Append(_counts[i]).Append(' ').Append(_counts[i] == 1 ? Kinds[i] : Many[i]);
        return text.Length == 0 ? "nothing" : text.ToString();
    }

    public JsonValue Counts()
    {
        JsonValue counts = JsonValue.Object();
        for (int i = 0; i < Kinds.Length; i++)
            counts.Add(Many[i], JsonValue.Number(_counts[i]));
        return counts;
    }

    private void AddJson(string path, Pruned kind)
    {
        JsonValue value = JsonValue.Object()
            .Add("path", JsonValue.String(path))
            .Add("kind", JsonValue.String(Kinds[(int)kind]))
            .Add("reason", JsonValue.String(Reasons[(int)kind]));
        _text.Append(_listed == 0 ? "[" : ",").Append(json == JsonFormat.Pretty ? "\n\t" + value.ToPrettyText().Replace("\n", "\n\t") : value.ToCompactText());
    }

    private void Flush()
    {
        Output.Write(_text.ToString());
        _text.Clear();
    }
}
