using System.Text;
using BootMerge.CommandLine;
using BootMerge.Json;

namespace BootMerge.Reporting;

/// <summary>A list that is printed as it grows, however long it gets: lines, or the elements of one JSON array.</summary>
internal sealed class ListOutput(JsonFormat json)
{
    private const int ChunkLength = 32768;

    private readonly StringBuilder _text = new();

    /// <summary>How many there are by now.</summary>
    public int Count { get; private set; }

    public bool IsJson => json != JsonFormat.Off;

    /// <param name="text">With its newline.</param>
    public void Add(string text) => Append(text);

    public void Add(JsonValue element) => Append((Count == 0 ? "[" : ",")
        + (json == JsonFormat.Pretty ? "\n\t" + element.ToPrettyText().Replace("\n", "\n\t") : element.ToCompactText()));

    /// <summary>The end of the list.</summary>
    public void Finish()
    {
        if (IsJson)
            _text.Append(Count == 0 ? "[]\n" : json == JsonFormat.Pretty ? "\n]\n" : "]\n");
        Flush();
    }

    private void Append(string text)
    {
        _text.Append(text);
        Count++;
        if (_text.Length > ChunkLength)
            Flush();
    }

    private void Flush()
    {
        Output.Write(_text.ToString());
        _text.Clear();
    }
}
