using System;
using System.Collections.Generic;
using System.Diagnostics;
using BootMerge.Changes;
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
        bool isSystemds = settings.IsDropIn && !settings.Has(Switches.Verbose);
        Table table = isSystemds ? new("HIERARCHY", "EXTENSIONS", "SINCE")
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
                AddRows(table, hierarchy, marker, isSystemds);
                hierarchies.Add(Json(hierarchy, marker, settings.IsDropIn));
                isMerged |= marker is not null;
                if (marker is not null)
                    merged.AddAll(marker.Names);
            }

            if (selections.Find(selection => selection.Settings.Class == classSettings.Class) is Selection selection)
                AddNotMerged(notMerged, selection, merged, isMerged);
        }

        // Both classes may be merged at boot: who does not ask for one wants to know of the other.
        if (!settings.IsDropIn && !settings.IsClassChosen)
            foreach (string hierarchy in ExtensionClass.Sysext.Hierarchies)
                if (ExistingMerge.Find(session.Root, ExtensionClass.Sysext, hierarchy)?.Marker is Marker other)
                {
                    AddRows(table, hierarchy, other, isSystemds);
                    hierarchies.Add(Json(hierarchy, other, isSystemds: false));
                }

        if (hierarchies.Items.Count == 0 && !settings.IsDropIn && !session.Root.Exists("/usr")
            && !session.Root.Exists("/etc"))
            throw new InputException(settings.RootPath + " is not the root of a system: it has neither /usr nor /etc");
        if (settings.Json == JsonFormat.Off)
        {
            string others = JsonReport.Text(JsonReport.Images(selections), notMerged,
                JsonReport.Ignored(selections));
            Output.Write(table.ToText(!settings.Has(Switches.NoLegend), Colours.AreWanted())
                + (others.Length == 0 ? "" : "\n" + others) + Hint(session, hierarchies));
            return;
        }

        bool hasLooked = settings.Has(Switches.Verbose);
        Output.Write(JsonReport.Format(settings.IsDropIn ? hierarchies : JsonReport.Begin()
            .Add("hierarchies", hierarchies)
            .Add("images", hasLooked ? JsonReport.Images(selections) : JsonValue.Null())
            .Add("notMerged", hasLooked ? notMerged : JsonValue.Null())
            .Add("ignored", hasLooked ? JsonReport.Ignored(selections) : JsonValue.Null()), settings.Json));
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
        string text = "";
        try
        {
            List<Selection> selections = Selections.MakeAll(session, VendorDefaults.AsExtension(session.Root));
            int leftOut = JsonReport.NotMerged(selections).Items.Count;
            if (leftOut > 0)
                text = leftOut.ToString() + (leftOut == 1 ? " extension" : " extensions")
                    + " left out. Why: bootmerge status --verbose";
            int frozen = Frozen(session, selections);
            if (frozen > 0)
                text += (leftOut > 0 ? "; " : "") + frozen.ToString() + (frozen == 1 ? " file" : " files")
                    + " frozen. Which: bootmerge diff --frozen";
        }
        catch (Exception e) when (e is KernelException or InputException)
        {
            // For example not root: the table is what was asked for.
        }
        finally
        {
            Descent.AtEachName = null;
        }

        return text.Length == 0 ? "" : "\n" + text + "\n";
    }

    /// <summary>
    /// Only a walk can tell, as long as it is a short one: nobody waits for status. Then nothing is said of them.
    /// </summary>
    private static int Frozen(Session session, List<Selection> selections)
    {
        if (!ShadowedRecord.Exists(session.Root))
            return 0;
        long end = Stopwatch.GetTimestamp() + Stopwatch.Frequency / 4;
        Descent.AtEachName = () =>
        {
            if (Stopwatch.GetTimestamp() > end)
                throw new InputException("");
        };
        ChangeTally tally = new();
        ShadowedRecord shadowed = ShadowedRecord.Read(session.Root, session.Log);
        using ChangedTrees trees = ChangedTrees.Open(session, selections, isReading: true);
        foreach (ChangedTree tree in trees.Trees)
            if (tree.IsMerged)
                new DiffWalk(tree, new Comparison(withLabels: false), [], shadowed, tally).Run();
        return tally.Frozen;
    }

    private static void AddRows(Table table, string hierarchy, Marker? marker, bool isSystemds)
    {
        string since = marker is null ? "-" : Timestamp.Format(marker.Since);
        string writes = marker is null ? "-" : Writes(hierarchy, marker)
            ?? (Mode(marker) is string name && MutableModes.TryParse(name, out MutableMode mode)
                && MutableModes.Imports(mode) ? "read-only, the machine's files on top" : "read-only");
        List<string> names = marker is null || marker.Names.Count == 0 ? ["-"] : marker.Names;
        for (int i = 0; i < names.Count; i++)
        {
            if (isSystemds)
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

    /// <summary>After a fallback of boot the origin names another one.</summary>
    private static string? Mode(Marker marker) => marker.Mode ?? Origin.Mutable(marker.Origin)?.Get("mode")?.Text;

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
