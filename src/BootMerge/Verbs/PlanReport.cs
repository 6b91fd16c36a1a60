using System.Collections.Generic;
using System.Text;
using BootMerge.Json;
using BootMerge.Linux;
using BootMerge.Planning;

namespace BootMerge.Verbs;

/// <summary>Plans as text and as JSON.</summary>
internal static class PlanReport
{
    public static string Text(Root root, List<MergePlan> plans)
    {
        StringBuilder text = new();
        foreach (MergePlan plan in plans)
        {
            foreach (StackPlan stack in plan.Stacks)
                Append(text, root, plan, stack);
            foreach (SkippedHierarchy hierarchy in plan.Skipped)
                text.Append(hierarchy.Hierarchy).Append(": left alone, ").Append(hierarchy.Reason).Append('\n');
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, Root root, MergePlan plan, StackPlan stack)
    {
        text.Append(stack.Hierarchy).Append(" (").Append(plan.Class.Name).Append(", mode ")
            .Append(MutableModes.Name(plan.Mode)).Append(")\n");
        if (!stack.HasExtensions)
            Line(text, "shows", stack.Upper is null ? "the machine's own, read-only"
                : "the machine's own, no extension has files for it");
        Line(text, "target", PathText.Printable(root.Outside(stack.Target))
            + (stack.CreateTarget ? " (would be created)" : ""));
        if (stack.Upper is PersistentUpper upper)
        {
            Line(text, "upperdir", PathText.Printable(upper.Path)
                + (upper.CreateWithMode is uint mode ? " (would be created with mode " + Octal.Text(mode) + ")" : ""));
            Line(text, "workdir", PathText.Printable(upper.WorkDirectory) + " (would be created)");
        }
        else
            Line(text, "upperdir", stack.Upper is null ? "none, read-only" : "in memory, lost with the merge");

        Line(text, "flags", MountFlags.Text(stack.Attributes));
        Line(text, "options", stack.Options.ConvertAll(option => option.ToString()).Joined(","));
        text.Append("  layers, topmost first\n    marker     ").Append(stack.Class.MarkerName).Append('\n');
        if (stack.Upper is PersistentUpper { Path: string own })
            text.Append("    upper      ").Append(PathText.Printable(own)).Append("  (the machine's files)\n");
        foreach (Layer layer in stack.Lower)
            text.Append("    ").Append(KindName(layer.Kind).PadRight(11))
                .Append(PathText.Printable(layer.Place))
                .Append(layer.Kind == LayerKind.Extension ? "  (" + PathText.Printable(layer.Name) + ")" : "")
                .Append('\n');
    }

    public static JsonValue Json(List<MergePlan> plans)
    {
        JsonValue hierarchies = JsonValue.Array();
        foreach (MergePlan plan in plans)
        {
            foreach (StackPlan stack in plan.Stacks)
                hierarchies.Add(Json(plan, stack));
            foreach (SkippedHierarchy hierarchy in plan.Skipped)
                hierarchies.Add(JsonValue.Object()
                    .Add("hierarchy", hierarchy.Hierarchy)
                    .Add("class", hierarchy.Class.Name)
                    .Add("leftAlone", hierarchy.Reason));
        }

        return hierarchies;
    }

    private static JsonValue Json(MergePlan plan, StackPlan stack)
    {
        PersistentUpper? upper = stack.Upper as PersistentUpper;
        JsonValue layers = JsonValue.Array();
        foreach (Layer layer in stack.Lower)
            layers.Add(JsonValue.Object()
                .Add("kind", KindName(layer.Kind))
                .Add("name", layer.Name)
                .Add("path", layer.Path)
                .Add("image", layer.Image?.Path)
                .Add("protection", JsonReport.Protection(layer.Image?.Protection)));
        JsonValue options = JsonValue.Array();
        foreach (OverlayOption option in stack.Options)
            options.Add(JsonValue.String(option.ToString()));
        return JsonValue.Object()
            .Add("hierarchy", stack.Hierarchy)
            .Add("class", plan.Class.Name)
            .Add("mode", MutableModes.Name(plan.Mode))
            .Add("target", stack.Target)
            .Add("createsTarget", JsonValue.Boolean(stack.CreateTarget))
            .Add("writes", stack.Upper is null ? null : upper?.Path ?? "memory")
            .Add("upperdir", upper?.Path)
            .Add("createsUpperdir", JsonValue.Boolean(upper?.CreateWithMode is not null))
            .Add("workdir", upper?.WorkDirectory)
            .Add("flags", MountFlags.Text(stack.Attributes))
            .Add("options", options)
            .Add("layers", layers);
    }

    private static string KindName(LayerKind kind) => kind switch
    {
        LayerKind.Extension => "extension",
        LayerKind.Hierarchy => "hierarchy",
        _ => "routed",
    };

    private static void Line(StringBuilder text, string name, string value) =>
        text.Append("  ").Append(name.PadRight(10)).Append(value).Append('\n');
}
