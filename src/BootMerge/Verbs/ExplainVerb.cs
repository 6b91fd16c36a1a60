using System.Collections.Generic;
using BootMerge.Changes;
using BootMerge.Json;
using BootMerge.Linux;
using BootMerge.Planning;
using BootMerge.Reporting;
using BootMerge.Sessions;

namespace BootMerge.Verbs;

/// <summary>explain: which layer, or mount, provides a path, and what every other layer has there.</summary>
internal static class ExplainVerb
{
    private static readonly string[] Parts = ["provides", "merged", "hidden", "deletes", "covers"];

    public static void Run(Session session)
    {
        ShadowedRecord shadowed = ShadowedRecord.Read(session.Root, session.Log);
        CoveringMounts mounts = CoveringMounts.Read(session.Root, session.Settings.Classes);
        using ChangedTrees trees = ChangedTrees.Open(session, withAll: true, isReading: true);
        List<HierarchyPath> paths = HierarchyPaths.Of(session, trees);
        JsonValue all = JsonValue.Array();
        List<HierarchyPath> missing = [];
        foreach (HierarchyPath path in paths)
        {
            List<LayerFinding> findings = trees.Find(path.Hierarchy) is ChangedTree tree
                ? Explanation.Of(tree, path.Inside, shadowed, mounts.On(path.Hierarchy, path.Inside)) : [];
            if (findings.Count == 0)
                missing.Add(path);
            if (findings is [{ Part: LayerPart.Provides, Layer: "upper", Type: "file" or "symlink" }, _, ..])
                findings[0].Note = Note(trees.Find(path.Hierarchy)!, path.Inside, shadowed);
            all.Add(JsonValue.Object()
                .Add("path", path.Typed)
                .Add("resolved", path.Path)
                .Add("layers", Json(findings)));
            if (session.Settings.Json == JsonFormat.Off && findings.Count > 0)
                Output.Write(Text(path, findings));
        }

        if (session.Settings.Json != JsonFormat.Off)
            Output.Write(JsonReport.Format(all, session.Settings.Json));
        if (missing.Count > 0)
            throw HierarchyPaths.Missing(missing);
    }

    /// <summary>What a file of the machine's has to do with those that it hides.</summary>
    private static string Note(ChangedTree tree, string path, ShadowedRecord shadowed)
    {
        ChangeTally tally = new();
        new DiffWalk(tree, new Comparison(withLabels: false), [path], shadowed, tally).Run();
        return tally.Last is null ? "equals what it hides, see prune"
            : tally.Frozen > 0 ? "frozen: an update is hidden, see diff --content and reset" : "";
    }

    private static string Text(HierarchyPath path, List<LayerFinding> findings)
    {
        string text = CText.Quoted(path.Typed) + (path.Path == path.Typed ? "" : " is " + CText.Quoted(path.Path))
            + "\n";
        foreach (LayerFinding finding in findings)
            text += "  " + Parts[(int)finding.Part].PadRight(9) + PathText.Printable(finding.Layer) + ": "
                + finding.Type + " " + CText.Quoted(finding.Location)
                + (finding.Note.Length == 0 ? "" : " (" + PathText.Printable(finding.Note) + ")") + "\n";
        return text;
    }

    private static JsonValue Json(List<LayerFinding> findings)
    {
        JsonValue array = JsonValue.Array();
        foreach (LayerFinding finding in findings)
            array.Add(JsonValue.Object()
                .Add("layer", finding.Layer)
                .Add("part", Parts[(int)finding.Part])
                .Add("type", finding.Type)
                .Add("path", finding.Path)
                .Add("location", finding.Location)
                .Add("note", finding.Note.Length == 0 ? null : finding.Note));
        return array;
    }
}
