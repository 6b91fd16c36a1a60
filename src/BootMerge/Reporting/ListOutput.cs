using System.Text;
using BootMerge.Json;
using BootMerge.Linux;

namespace BootMerge.Reporting;

/// <summary>
/// A list that is printed as it grows, however long it gets: lines, or the elements of one JSON array.
/// </summary>
/// <param name="done">
/// For a list of what is being done: if the list cannot be written, the work goes on, and this log gets one message.
/// null: that is an error at once.
/// </param>
internal sealed class ListOutput(JsonFormat json, Log? done = null)
{
    private const int ChunkLength = 32768;

    private readonly StringBuilder _text = new();

    /// <summary>How many there are so far.</summary>
    public int Count { get; private set; }

    /// <summary>Whether some of it could not be written.</summary>
    public bool HasFailed { get; private set; }

    public bool IsJson => json != JsonFormat.Off;

    /// <param name="text">With its newline.</param>
    public void Add(string text) => Append(text);

    public void Add(JsonValue element) => Append((Count == 0 ? "[" : ",")
        + (json == JsonFormat.Pretty ? "\n\t" + element.ToPrettyText().Replace("\n", "\n\t")
        : element.ToCompactText()));

    /// <summary>Ends the list.</summary>
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
        if (done is null)
        {
            Output.Write(_text.ToString());
        }
        else if (!HasFailed && Output.TryWrite(_text.ToString()) is KernelException failure)
        {
            HasFailed = true;
            done.Error("The list of what was done is not complete: " + failure.Message + ".");
        }

        _text.Clear();
    }
}
