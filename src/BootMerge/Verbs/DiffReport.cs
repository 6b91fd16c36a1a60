using System.Text;
using BootMerge.Changes;
using BootMerge.CommandLine;
using BootMerge.Json;
using BootMerge.Linux;
using BootMerge.Markers;
using BootMerge.Reporting;

namespace BootMerge.Verbs;

/// <summary>Prints changes as they come: a line each, or elements of one JSON array.</summary>
internal sealed class DiffReport(string hierarchy, JsonFormat json, bool withContent, bool withLegend, bool isFirst) : ChangeSink
{
    private const int ChunkLength = 32768;
    private readonly StringBuilder _text = new();

    public int Count { get; private set; }

    public override void Add(Change change, Entry entry)
    {
        if (json != JsonFormat.Off)
            AddJson(change);
        else
            AddLine(change, entry);
        Count++;
        if (_text.Length > ChunkLength)
            Flush();
    }

    public void Flush()
    {
        Output.Write(_text.ToString());
        _text.Clear();
    }

    private void AddJson(Change change)
    {
        string element = json == JsonFormat.Pretty ? change.ToJson(hierarchy).ToPrettyText().Replace("\n", "\n\t") : change.ToJson(hierarchy).ToCompactText();
        _text.Append(Count == 0 && isFirst ? "" : ",").Append(json == JsonFormat.Pretty ? "\n\t" : "").Append(element);
    }

    private void AddLine(Change change, Entry entry)
    {
        if (Count == 0 && isFirst && withLegend)
            _text.Append("CHANGE   PATH\n");
        _text.Append(change.KindName.PadRight(9)).Append(Quoted(change.Path));
        if (change.Detail.Length > 0)
            _text.Append(" (").Append(change.From is string from ? "from " + Quoted(from) : change.Detail).Append(')');
        _text.Append('\n');
        if (withContent && (change.Differs & Difference.Content) != Difference.None && entry.Upper!.IsRegular)
            _text.Append(UnifiedDiff.Of(change.Path, entry));
    }

    /// <summary>In quotes, with C's escapes, when anything in it could be misread.</summary>
    public static string Quoted(string path)
    {
        string escaped = Marker.Escape(path);
        bool isPlain = escaped == path && !path.Contains(' ') && !path.Contains('(');
        return isPlain ? path : PathText.IsValidUtf8(path) && PathText.Printable(path) == path ? "\"" + path.Replace("\\", "\\\\").Replace("\"", "\\\"") + "\"" : "\"" + escaped + "\"";
    }
}
