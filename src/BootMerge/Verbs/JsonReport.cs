using System.Collections.Generic;
using System.Text;
using BootMerge.Extensions;
using BootMerge.Extensions.Images;
using BootMerge.Json;
using BootMerge.Sessions;

namespace BootMerge.Verbs;

/// <summary>Parts that several JSON outputs share.</summary>
internal static class JsonReport
{
    public static string Format(JsonValue value, JsonFormat format) =>
        (format == JsonFormat.Pretty ? value.ToPrettyText() : value.ToCompactText()) + "\n";

    /// <summary>
    /// The beginning of an output that is an object of our own, with the version of its keys: see JSON in bootmerge(8).
    /// </summary>
    public static JsonValue Begin() => JsonValue.Object().Add("version", JsonValue.Number(1L));

    /// <summary>Extensions that were found and are left out.</summary>
    public static JsonValue NotMerged(List<Selection> selections)
    {
        JsonValue array = JsonValue.Array();
        foreach (Selection selection in selections)
            AddNotMerged(array, selection);
        return array;
    }

    /// <summary>Entries that were found and are not extensions.</summary>
    public static JsonValue Ignored(List<Selection> selections)
    {
        JsonValue array = JsonValue.Array();
        foreach (Selection selection in selections)
            foreach (SkippedEntry skipped in selection.Found.Skipped)
                array.Add(JsonValue.Object()
                    .Add("path", skipped.Path)
                    .Add("reason", skipped.Reason));
        return array;
    }

    public static void AddNotMerged(JsonValue array, Selection selection)
    {
        foreach (Candidate candidate in selection.Candidates)
            if (!candidate.Verdict.Accepted)
                AddExtension(array, candidate.Extension, candidate.Verdict.Reason);
    }

    public static void AddExtension(JsonValue array, Extension extension, string reason) =>
        array.Add(JsonValue.Object()
            .Add("name", extension.Name)
            .Add("path", extension.FoundPath)
            .Add("reason", reason));

    /// <summary>Disk images that are merged, or would be, and whether their content is verified.</summary>
    public static JsonValue Images(List<Selection> selections)
    {
        JsonValue array = JsonValue.Array();
        foreach (Selection selection in selections)
            foreach (Candidate candidate in selection.Candidates)
                if (candidate.Verdict.Accepted && candidate.Extension.Image is DiskImage image)
                    array.Add(JsonValue.Object()
                        .Add("name", candidate.Extension.Name)
                        .Add("path", candidate.Extension.FoundPath)
                        .Add("protection", Protection(image.Protection)));
        return array;
    }

    /// <summary>null: it is a directory.</summary>
    public static JsonValue Protection(ImageProtection? protection) => protection is null ? JsonValue.Null()
        : Protection(protection.Describe(), protection.RootHash, protection.SignedBy);

    public static JsonValue Protection(string state, string? rootHash, string? signedBy) => JsonValue.Object()
        .Add("state", state)
        .Add("rootHash", rootHash)
        .Add("signedBy", signedBy);

    /// <summary>
    /// What <see cref="Images"/>, <see cref="NotMerged"/> and <see cref="Ignored"/> have collected, for people: one
    /// line each.
    /// </summary>
    public static string Text(JsonValue images, JsonValue notMerged, JsonValue ignored)
    {
        StringBuilder text = new();
        foreach (JsonValue entry in images.Items)
            text.Append("image: ").Append(Part(entry, "name")).Append(" (").Append(Part(entry, "path")).Append("): ")
                .Append(Part(entry.Get("protection")!, "state")).Append('\n');
        foreach (JsonValue entry in notMerged.Items)
            text.Append("not merged: ").Append(Part(entry, "name")).Append(" (").Append(Part(entry, "path"))
                .Append("): ")
                .Append(Part(entry, "reason")).Append('\n');
        foreach (JsonValue entry in ignored.Items)
            text.Append("ignored: ").Append(Part(entry, "path")).Append(": ").Append(Part(entry, "reason"))
                .Append('\n');
        return text.ToString();
    }

    private static string Part(JsonValue entry, string key) => PathText.Printable(entry.Get(key)!.Text);
}
