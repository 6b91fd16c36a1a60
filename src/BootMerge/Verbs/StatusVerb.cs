using System;
using System.Collections.Generic;
using BootMerge.CommandLine;
using BootMerge.Configuration;
using BootMerge.Extensions;
using BootMerge.Json;
using BootMerge.Linux;
using BootMerge.Markers;
using BootMerge.Mounting;
using BootMerge.Reporting;
using BootMerge.Sessions;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Verbs;

/// <summary>status: what is merged on each hierarchy; with --verbose also what was found and is not merged.</summary>
internal static class StatusVerb
{
    public static void Run(Session session)
    {
        Settings settings = session.Settings;
        bool isBare = settings.IsDropIn && !settings.Has(Switches.Verbose);
        Table table = isBare ? new("HIERARCHY", "EXTENSIONS", "SINCE")
            : new("HIERARCHY", "EXTENSIONS", "SINCE", "WRITES");
        JsonValue hierarchies = JsonValue.Array();
        JsonValue notMerged = JsonValue.Array();
        List<Selection> selections = settings.Has(Switches.Verbose) ? Selections.MakeAll(session) : [];
        foreach (ClassSettings classSettings in settings.Classes)
        {
            List<string> sorted = [];
            foreach (string hierarchy in classSettings.Hierarchies)
                sorted.Add(hierarchy);
            sorted.SortBy(string.CompareOrdinal);
            List<string> merged = [];
            bool isMerged = false;
            foreach (string hierarchy in sorted)
            {
                if (!session.Root.Exists(hierarchy, Sys.O_PATH | Sys.O_DIRECTORY))
                    continue;
                Marker? marker = ExistingMerge.Find(session.Root, classSettings.Class, hierarchy)?.Marker;
                AddRows(table, hierarchy, marker, isBare);
                hierarchies.Add(Json(hierarchy, marker, settings.IsDropIn));
                isMerged |= marker is not null;
                if (marker is not null)
                    merged.AddAll(marker.Names);
            }

            if (selections.Find(selection => selection.Settings.Class == classSettings.Class) is Selection selection)
                AddNotMerged(notMerged, selection, merged, isMerged);
        }

        if (settings.Json == JsonFormat.Off)
        {
            string others = JsonReport.Text(JsonReport.Images(selections), notMerged,
                JsonReport.Ignored(selections));
            Output.Write(table.ToText(!settings.Has(Switches.NoLegend), Colours.AreWanted())
                + (others.Length == 0 ? "" : "\n" + others) + Hint(session, hierarchies));
            return;
        }

        bool isLooked = settings.Has(Switches.Verbose);
        Output.Write(JsonReport.Format(settings.IsDropIn ? hierarchies : JsonReport.Begin()
            .Add("hierarchies", hierarchies)
            .Add("images", isLooked ? JsonReport.Images(selections) : JsonValue.Null())
            .Add("notMerged", isLooked ? notMerged : JsonValue.Null())
            .Add("ignored", isLooked ? JsonReport.Ignored(selections) : JsonValue.Null()), settings.Json));
    }

    /// <summary>For people at a terminal: what they may want to know next.</summary>
    private static string Hint(Session session, JsonValue hierarchies)
    {
        Settings settings = session.Settings;
        if (settings.IsDropIn || settings.Has(Switches.Verbose) || settings.Has(Switches.Quiet)
            || settings.Has(Switches.NoLegend) || !Output.IsTerminal)
            return "";
        if (!hierarchies.Items.Exists(static hierarchy => hierarchy.Get("since")!.Kind != JsonKind.Null))
            return "\nNothing is merged. What a merge would do: bootmerge plan\n";
        try
        {
            int leftOut = JsonReport.NotMerged(Selections.MakeAll(session)).Items.Count;
            return leftOut == 0 ? "" : "\n" + leftOut.ToString()
                + (leftOut == 1 ? " extension" : " extensions") + " left out. Why: bootmerge status --verbose\n";
        }
        catch (Exception e) when (e is KernelException or InputException)
        {
            // For example not root: the table is what was asked for.
            return "";
        }
    }

    private static void AddRows(Table table, string hierarchy, Marker? marker, bool isBare)
    {
        string since = marker is null ? "-" : Timestamp.Format(marker.Since);
        string writes = marker is null ? "-" : Writes(hierarchy, marker) ?? "read-only";
        List<string> names = marker is null || marker.Names.Count == 0 ? ["-"] : marker.Names;
        for (int i = 0; i < names.Count; i++)
        {
            if (isBare)
                table.Add(i == 0 ? hierarchy : "", names[i], i == 0 ? since : "");
            else
                table.Add(i == 0 ? hierarchy : "", names[i], i == 0 ? since : "", i == 0 ? writes : "");
        }
    }

    private static JsonValue Json(string hierarchy, Marker? marker, bool isSystemds)
    {
        JsonValue value = JsonValue.Object()
            .Add("hierarchy", hierarchy)
            .Add("extensions", JsonValue.Strings(marker?.Names ?? []))
            .Add("since", marker is null ? JsonValue.Null() : JsonValue.Number(marker.Since));
        return isSystemds ? value : value
            .Add("mode", marker is null ? null : Mode(marker))
            .Add("writes", marker is null ? null : Writes(hierarchy, marker));
    }

    private static void AddNotMerged(JsonValue notMerged, Selection selection, List<string> merged, bool isMerged)
    {
        foreach (Candidate candidate in selection.Candidates)
            if (candidate.Verdict.Accepted && !merged.Has(candidate.Extension.Name))
                JsonReport.AddExtension(notMerged, candidate.Extension,
                    "would be merged by the next " + (isMerged ? "refresh" : "merge"));
        JsonReport.AddNotMerged(notMerged, selection);
    }

    private static string? Mode(Marker marker) => Origin.Mutable(marker.Origin)?.Get("mode")?.Text;

    /// <summary>Where writes go: a directory inside the root, or "memory"; null if they are refused.</summary>
    private static string? Writes(string hierarchy, Marker marker)
    {
        if (Origin.Mutable(marker.Origin) is not JsonValue mutable
            || Origin.ModeOf(marker.Origin) is not MutableMode mode)
            return marker.WorkDirectory is null ? null : "an upperdir"; // written by an older systemd
        return MutableModes.WritesToMemory(mode) ? "memory"
            : MutableModes.WritesToDisk(mode) ? mutable.Get("mutableDirs")?.Get(hierarchy)?.Text : null;
    }
}
