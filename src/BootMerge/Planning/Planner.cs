using System.Collections.Generic;
using BootMerge.Configuration;
using BootMerge.Extensions;
using BootMerge.Markers;

namespace BootMerge.Planning;

/// <summary>Facts and settings in, a plan out. Reads nothing, changes nothing.</summary>
internal static class Planner
{
    /// <summary>
    /// systemd records this for upper directories that exist only in memory, and its refresh compares it.
    /// </summary>
    private const string EphemeralDirectory = "/run/systemd/sysext";

    /// <param name="states">One for each of the class's hierarchies, in order.</param>
    /// <param name="extensions">Lowest layer first.</param>
    /// <param name="recordAs">The mode to state in the marker; null: the mode of the merge.</param>
    public static PlanResult Plan(
        ClassSettings settings,
        List<HierarchyState> states,
        List<AcceptedExtension> extensions,
        MutableMode? recordAs = null)
    {
        bool isUnrouted = settings.Mode == MutableMode.Auto && !HasRouting(states);
        MutableMode recorded = recordAs ?? (isUnrouted && settings.RecordsUnroutedAsNo
            ? MutableMode.No : settings.Mode);
        string? refusal = null;
        List<StackPlan> stacks = [];
        List<SkippedHierarchy> skipped = [];
        List<KeyValuePair<string, string>> mutableDirectories = [];
        foreach (HierarchyState state in states)
        {
            List<Layer> layers = ExtensionLayers(extensions, state.Hierarchy);
            if (layers.Count == 0 && (IsOnlyForExtensions(settings, state)
                || state.Path is null && !HasOtherLayers(settings.Mode, state)))
            {
                skipped.Add(new SkippedHierarchy(settings.Class, state.Hierarchy, "no extension has files for it"));
                continue;
            }

            refusal ??= MarksProblem(settings.Mode, state) ?? RoutingProblem(settings, state);
            if (RecordedDirectory(recorded, state) is string directory)
                mutableDirectories.Add(new KeyValuePair<string, string>(state.Hierarchy, directory));
            stacks.Add(Stack(settings, state, layers));
        }

        MergePlan plan = new()
        {
            Class = settings.Class,
            Mode = settings.Mode,
            RecordedMode = recorded,
            Extensions = Names(extensions),
            Stacks = stacks,
            Skipped = skipped,
            Shown = Shown(extensions),
            Origin = Origin.Of(MutableModes.Name(recorded), mutableDirectories, settings.OverlayOptions,
                Identities(extensions)),
        };
        return new PlanResult(plan, refusal);
    }

    private static StackPlan Stack(ClassSettings settings, HierarchyState state, List<Layer> extensions)
    {
        UpperDirectory? upper = Upper(settings.Mode, state);
        List<Layer> lower = Lower(settings.Mode, state, extensions);
        bool hierarchyIsLower = false;
        foreach (Layer layer in lower)
            hierarchyIsLower |= layer.Kind == LayerKind.Hierarchy;

        return new StackPlan
        {
            Class = settings.Class,
            Hierarchy = state.Hierarchy,
            Target = state.Path ?? state.Place ?? state.Hierarchy,
            CreateTarget = state.Path is null,
            Lower = lower,
            Upper = upper,
            Attributes = StackOptions.Attributes(settings, isMutable: upper is not null),
            Options = state.AreMarksHidden ? StackOptions.WithoutRedirects(StackOptions.Of(settings))
                : StackOptions.Of(settings),
            Backing = hierarchyIsLower && !state.Device.StartsWith("0:", System.StringComparison.Ordinal)
                ? state.Device : null,
        };
    }

    /// <summary>A merge without extensions would only make the hierarchy read-only.</summary>
    private static bool IsOnlyForExtensions(ClassSettings settings, HierarchyState state) =>
        settings.Mode == MutableMode.No
        || settings.Mode == MutableMode.Auto && !settings.IsDropIn && !IsRouted(state);

    private static bool HasRouting(List<HierarchyState> states)
    {
        foreach (HierarchyState state in states)
            if (IsRouted(state))
                return true;
        return false;
    }

    private static bool IsRouted(HierarchyState state) =>
        state.Routing.Kind is not (RoutingKind.Absent or RoutingKind.Dangling) || IsSelfToBe(state);

    /// <summary>
    /// An absent hierarchy that no extension fills is merged if something can be written to, or there is a routed
    /// directory.
    /// </summary>
    private static bool HasOtherLayers(MutableMode mode, HierarchyState state) =>
        Upper(mode, state) is not null || Lower(mode, state, []).Count > 0;

    private static UpperDirectory? Upper(MutableMode mode, HierarchyState state)
    {
        if (MutableModes.WritesToMemory(mode))
            return new MemoryUpper();
        if (!MutableModes.WritesToDisk(mode))
            return null;

        Routing routing = state.Routing;
        bool exists = routing.Kind is RoutingKind.Self or RoutingKind.Directory;
        if (!exists && mode == MutableMode.Auto && !IsSelfToBe(state))
            return null;
        string path = routing.Path ?? routing.Entry;
        return new PersistentUpper(path, exists ? null : state.Permissions,
            WorkDirectory.Choose(path, state.Hierarchy, routing.WorkDirectories));
    }

    /// <summary>
    /// The routing entry leads to the hierarchy, which does not exist: it is created, and then self-routed.
    /// </summary>
    private static bool IsSelfToBe(HierarchyState state) =>
        state.Path is null && state.Routing.Kind == RoutingKind.Dangling
            && state.Routing.Path == (state.Place ?? state.Hierarchy);

    /// <summary>The layers below the marker's, topmost first.</summary>
    private static List<Layer> Lower(MutableMode mode, HierarchyState state, List<Layer> extensions)
    {
        bool imports = MutableModes.Imports(mode);
        bool writes = MutableModes.WritesToDisk(mode);
        bool isSelf = state.Routing.Kind == RoutingKind.Self;
        string name = HierarchyState.ShortName(state.Hierarchy);

        List<Layer> lower = [];
        if (imports && state.Routing is { Kind: RoutingKind.Directory, Path: string routed })
            lower.Add(new Layer(LayerKind.Routed, name, routed));
        Layer? own = state.Path is null || state.IsEmpty ? null : new Layer(LayerKind.Hierarchy, name, state.Path);
        if (own is not null && imports && isSelf)
            lower.Add(own);
        lower.AddAll(extensions);
        if (own is not null && !(isSelf && (imports || writes)))
            lower.Add(own);
        return lower;
    }

    /// <summary>
    /// Why overlayfs's marks in the machine's layer, which say what is deleted, cannot be honoured; null if they can,
    /// or there is no such layer.
    /// </summary>
    private static string? MarksProblem(MutableMode mode, HierarchyState state)
    {
        bool imports = MutableModes.Imports(mode)
            && state.Routing.Kind is RoutingKind.Self or RoutingKind.Directory;
        if (!state.AreMarksHidden || !imports && Upper(mode, state) is null)
            return null;
        return "this is a user namespace, where overlayfs's marks in an upper layer (trusted.overlay.*) can neither be "
            + "read nor written, so what was deleted in " + state.Hierarchy
            + " could show again: run it outside the namespace; a merge with --mutable=no works";
    }

    /// <summary>Why the routed directory cannot serve the mode; null if it can.</summary>
    private static string? RoutingProblem(ClassSettings settings, HierarchyState state)
    {
        MutableMode mode = settings.Mode;
        Routing routing = state.Routing;
        if (!MutableModes.UsesRouting(mode))
            return null;
        if (routing.Kind == RoutingKind.Unusable)
            return PathText.Printable(routing.Entry) + " " + routing.Problem;
        if (MutableModes.Imports(mode) && routing.Kind == RoutingKind.Self
            && !settings.ImportSelf)
            return PathText.Printable(routing.Entry) + " leads to the hierarchy " + state.Hierarchy
            + " itself, which systemd does not import (ELOOP): use --import-self";
        bool isThere = routing.Kind is RoutingKind.Self or RoutingKind.Directory;
        if (!MutableModes.WritesToDisk(mode) || !isThere && mode == MutableMode.Auto)
            return null;
        if (routing.InTheWay is string other)
            return PathText.Printable(other) + " is in the way of the workdir: it is not a directory, remove it";
        if (!isThere)
            return null;

        string path = PathText.Printable(routing.Path!);
        if (routing.Permissions != state.Permissions)
            return "the upperdir " + path + " has mode " + Octal.Text(routing.Permissions) + ", but the hierarchy "
                + state.Hierarchy + " has mode "
                + Octal.Text(state.Permissions) + ": give both the same mode";
        if (state.Path is not null && PathName.IsBelow(routing.Path!, state.Path))
            return "the upperdir " + path + " is inside the hierarchy " + state.Hierarchy
                + ", which would then contain itself: route to a directory outside it";
        if (routing.IsReadOnly)
            return "the upperdir " + path + " is on a read-only file system";
        if (routing.IsMountRoot)
            return "the upperdir " + path + " is a mount point, so its workdir beside it would be on another file "
                + "system: route to a directory inside that file system";
        return null;
    }

    /// <summary>
    /// The directory that systemd records as a hierarchy's mutable one: the directory written to, or imported.
    /// </summary>
    private static string? RecordedDirectory(MutableMode mode, HierarchyState state) => mode switch
    {
        MutableMode.No => null,
        _ when MutableModes.WritesToMemory(mode) =>
            EphemeralDirectory + "/" + HierarchyState.ShortName(state.Hierarchy),
        MutableMode.Yes => state.Routing.Path ?? state.Routing.Entry,
        MutableMode.Auto when IsSelfToBe(state) => state.Routing.Path,
        _ => state.Routing.Kind is RoutingKind.Self or RoutingKind.Directory ? state.Routing.Path : null,
    };

    private static List<Layer> ExtensionLayers(List<AcceptedExtension> extensions, string hierarchy)
    {
        List<Layer> layers = [];
        for (int i = extensions.Count - 1; i >= 0; i--)
            foreach (ExtensionLayer layer in extensions[i].Layers)
                if (layer.Hierarchy == hierarchy)
                    layers.Add(new Layer(LayerKind.Extension, extensions[i].Name, layer.Path, layer.Image?.Reference));
        return layers;
    }

    private static List<string> Names(List<AcceptedExtension> extensions)
    {
        List<string> names = [];
        foreach (AcceptedExtension extension in extensions)
            names.Add(extension.Name);
        return names;
    }

    private static List<string> Shown(List<AcceptedExtension> extensions)
    {
        List<string> names = [];
        foreach (AcceptedExtension extension in extensions)
            if (extension.IsShown)
                names.Add(extension.Name);
        return names;
    }

    private static List<KeyValuePair<string, Json.JsonValue>> Identities(List<AcceptedExtension> extensions)
    {
        List<KeyValuePair<string, Json.JsonValue>> identities = [];
        foreach (AcceptedExtension extension in extensions)
            identities.Add(new KeyValuePair<string, Json.JsonValue>(extension.Name, extension.Identity));
        return identities;
    }
}
