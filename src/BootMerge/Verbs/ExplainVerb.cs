using System.Collections.Generic;
using BootMerge.Changes;
using BootMerge.CommandLine;
using BootMerge.Json;
using BootMerge.Linux;
using BootMerge.Planning;
using BootMerge.Reporting;

namespace BootMerge.Verbs;

/// <summary>explain: which layer provides a path, and what each other layer has there.</summary>
internal static class ExplainVerb
{
    private static readonly string[] Parts = ["provides", "merged", "hidden", "deletes", "covers"];

    public static void Run(Session session)
    {
        List<string> paths = HierarchyPaths.Of(session);
        using ChangedTrees trees = ChangedTrees.Open(session, withAll: true, isReading: true);
        JsonValue all = JsonValue.Array();
        string missing = "";
        foreach (string path in paths)
        {
            string hierarchy = HierarchyPaths.HierarchyOf(session, path)!;
            List<LayerFinding> findings = trees.Find(hierarchy) is ChangedTree tree ? Explanation.Of(tree, path[hierarchy.Length..]) : [];
            if (findings.Count == 0)
                missing += (missing.Length == 0 ? "" : ", ") + Words.Quote(path);
            all.Add(JsonValue.Object().Add("path", JsonValue.String(path)).Add("layers", Json(findings)));
            if (session.Settings.Json == JsonFormat.Off && findings.Count > 0)
                Output.Write(Text(path, findings));
        }

        if (session.Settings.Json != JsonFormat.Off)
            Output.Write(JsonReport.Format(all, session.Settings.Json));
        if (missing.Length > 0)
            throw new InputException("no layer has " + missing);
    }

    private static string Text(string path, List<LayerFinding> findings)
    {
        string text = DiffReport.Quoted(path) + "\n";
        foreach (LayerFinding finding in findings)
            text += "  " + Parts[(int)finding.Part].PadRight(9) + PathText.Printable(finding.Layer) + ": " + finding.Type + " " + DiffReport.Quoted(finding.Path)
                + (finding.Note.Length == 0 ? "" : " (" + PathText.Printable(finding.Note) + ")") + "\n";
        return text;
    }

    private static JsonValue Json(List<LayerFinding> findings)
    {
        JsonValue array = JsonValue.Array();
        foreach (LayerFinding finding in findings)
            array.Add(JsonValue.Object()
                .Add("layer", JsonValue.String(finding.Layer))
                .Add("part", JsonValue.String(Parts[(int)finding.Part]))
                .Add("type", JsonValue.String(finding.Type))
                .Add("path", JsonValue.String(finding.Path))
                .Add("note", JsonValue.StringOrNull(finding.Note.Length == 0 ? null : finding.Note)));
        return array;
    }
}
