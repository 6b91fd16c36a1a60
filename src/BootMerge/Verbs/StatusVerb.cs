using System.Collections.Generic;
using System.Text;
using BootMerge.CommandLine;
using BootMerge.Configuration;
using BootMerge.Extensions;
using BootMerge.Json;
using BootMerge.Linux;
using BootMerge.Markers;
using BootMerge.Mounting;
using BootMerge.Reporting;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Verbs;

/// <summary>status: what is merged on each hierarchy; with --verbose also what was found and is not merged.</summary>
internal static class StatusVerb
{
    public static void Run(Session session)
    {
        Table table = new("HIERARCHY", "EXTENSIONS", "SINCE", "WRITES");
        JsonValue array = JsonValue.Array();
        foreach (ClassSettings settings in session.Settings.Classes)
        {
            foreach (string hierarchy in settings.Hierarchies)
            {
                if (!Exists(session.Root, hierarchy))
                    continue;
                Marker? marker = ExistingMerge.Find(session.Root, settings.Class, hierarchy)?.Marker;
                AddRows(table, hierarchy, marker);
                array.Add(Json(hierarchy, marker));
            }
        }

        if (session.Settings.Json != JsonFormat.Off)
            Output.Write(JsonReport.Format(array, session.Settings.Json));
        else
            Output.Write(table.ToText(session.Settings.Legend) + (session.Settings.Verbose ? NotMerged(session) : ""));
    }

    private static bool Exists(Root root, string hierarchy)
    {
        using SafeFileHandle? handle = root.TryOpenDirectory(hierarchy);
        return handle is not null;
    }

    private static void AddRows(Table table, string hierarchy, Marker? marker)
    {
        string since = marker is null ? "-" : Timestamp.Format(marker.Since);
        string writes = marker is null ? "-" : Writes(hierarchy, marker) ?? "read-only";
        if (marker is null || marker.Names.Count == 0)
            table.Add(hierarchy, "-", since, writes);
        for (int i = 0; marker is not null && i < marker.Names.Count; i++)
            table.Add(i == 0 ? hierarchy : "", marker.Names[i], i == 0 ? since : "", i == 0 ? writes : "");
    }

    private static JsonValue Json(string hierarchy, Marker? marker)
    {
        JsonValue value = JsonValue.Object()
            .Add("hierarchy", JsonValue.String(hierarchy))
            .Add("extensions", JsonValue.Strings(marker?.Names ?? []))
            .Add("since", marker is null ? JsonValue.Null() : JsonValue.Number(marker.Since));
        return value
            .Add("mode", JsonValue.StringOrNull(marker is null ? null : Mode(marker)))
            .Add("writes", JsonValue.StringOrNull(marker is null ? null : Writes(hierarchy, marker)));
    }

    private static string? Mode(Marker marker) => OriginMutable(marker)?.Get("mode")?.Text;

    /// <summary>Where writes go: a directory inside the root, or "memory"; null when they are refused.</summary>
    private static string? Writes(string hierarchy, Marker marker)
    {
        if (OriginMutable(marker) is not JsonValue mutable || !MutableModes.TryParse(Mode(marker) ?? "", out MutableMode mode))
            return marker.WorkDirectory is null ? null : "an upperdir"; // written by an older systemd
        return mode switch
        {
            MutableMode.Ephemeral or MutableMode.EphemeralImport => "memory",
            MutableMode.Yes or MutableMode.Auto => mutable.Get("mutableDirs")?.Get(hierarchy)?.Text,
            _ => null,
        };
    }

    private static JsonValue? OriginMutable(Marker marker) =>
        marker.Origin is null ? null : JsonReader.TryParse(PathText.Encode(marker.Origin))?.Get("mutable");

    private static string NotMerged(Session session)
    {
        StringBuilder text = new();
        foreach (ClassSettings settings in session.Settings.Classes)
        {
            Survey survey = Survey.Make(session, settings);
            foreach (Candidate candidate in survey.Candidates)
                if (!candidate.Verdict.Accepted)
                    AppendLine(text, candidate.Extension.Name, candidate.Extension.FoundPath, candidate.Verdict.Reason);
                else if (!IsMerged(session.Root, settings, candidate.Extension.Name))
                    AppendLine(text, candidate.Extension.Name, candidate.Extension.FoundPath, "would be merged by the next refresh");
            foreach (SkippedEntry skipped in survey.Found.Skipped)
                text.Append("ignored: ").Append(PathText.Printable(skipped.Path)).Append(": ").Append(skipped.Reason).Append('\n');
        }

        return text.Length == 0 ? "" : "\n" + text;
    }

    private static void AppendLine(StringBuilder text, string name, string path, string reason) =>
        text.Append("not merged: ").Append(PathText.Printable(name)).Append(" (").Append(PathText.Printable(path)).Append("): ").Append(reason).Append('\n');

    private static bool IsMerged(Root root, ClassSettings settings, string name)
    {
        foreach (string hierarchy in settings.Hierarchies)
            if (ExistingMerge.Find(root, settings.Class, hierarchy) is ExistingMerge merge && merge.Marker.Names.Contains(name))
                return true;
        return false;
    }
}
