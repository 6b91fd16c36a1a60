using System.Text;
using BootMerge.Extensions;
using BootMerge.Json;
using BootMerge.Sessions;

namespace BootMerge.Verbs;

/// <summary>Pieces that several JSON outputs share.</summary>
internal static class JsonReport
{
    public static string Format(JsonValue value, JsonFormat format) =>
        (format == JsonFormat.Pretty ? value.ToPrettyText() : value.ToCompactText()) + "\n";

    public static void AddRejected(JsonValue array, Selection selection)
    {
        foreach (Candidate candidate in selection.Candidates)
            if (!candidate.Verdict.Accepted)
                AddExtension(array, candidate.Extension, candidate.Verdict.Reason);
    }

    public static void AddExtension(JsonValue array, Extension extension, string reason) =>
        array.Add(JsonValue.Object()
            .Add("name", JsonValue.String(extension.Name))
            .Add("path", JsonValue.String(extension.FoundPath))
            .Add("reason", JsonValue.String(reason)));

    public static void AddIgnored(JsonValue array, Selection selection)
    {
        foreach (SkippedEntry skipped in selection.Found.Skipped)
            array.Add(JsonValue.Object()
                .Add("path", JsonValue.String(skipped.Path))
                .Add("reason", JsonValue.String(skipped.Reason)));
    }

    /// <summary>What <see cref="AddRejected"/> and <see cref="AddIgnored"/> have collected, for people: a line each.</summary>
    public static string Text(JsonValue rejected, JsonValue ignored)
    {
        StringBuilder text = new();
        foreach (JsonValue entry in rejected.Items)
            text.Append("not merged: ").Append(Part(entry, "name")).Append(" (").Append(Part(entry, "path")).Append("): ")
                .Append(Part(entry, "reason")).Append('\n');
        foreach (JsonValue entry in ignored.Items)
            text.Append("ignored: ").Append(Part(entry, "path")).Append(": ").Append(Part(entry, "reason")).Append('\n');
        return text.ToString();
    }

    private static string Part(JsonValue entry, string key) => PathText.Printable(entry.Get(key)!.Text);
}
