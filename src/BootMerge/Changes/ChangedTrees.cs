using System;
using System.Collections.Generic;
using BootMerge.Configuration;
using BootMerge.Extensions;
using BootMerge.Linux;
using BootMerge.Markers;
using BootMerge.Mounting;
using BootMerge.Planning;
using BootMerge.Sessions;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>
/// Opens the hierarchies as they are merged, or, if nothing is merged, as merge would merge them. Files can be examined
/// until this is disposed: the root without merges may be in a private view of this thread.
/// </summary>
internal sealed class ChangedTrees : IDisposable
{
    private readonly RootViews _views;
    private readonly MountTable _mounts;
    private readonly string _root;
    private readonly bool _hasPaths;

    /// <param name="mounts">Read before the root without merges was in a private view.</param>
    /// <param name="root">The root's path for this process, without a "/" at the end.</param>
    /// <param name="hasPaths">Paths will be looked up.</param>
    private ChangedTrees(RootViews views, MountTable mounts, string root, bool hasPaths)
    {
        _views = views;
        _mounts = mounts;
        _root = root;
        _hasPaths = hasPaths;
    }

    /// <summary>The root without merges.</summary>
    public Root UnmergedRoot => _views.Unmerged;

    public List<ChangedTree> Trees { get; } = [];

    /// <summary>Hierarchies in which the machine has no files above another layer, with the reason.</summary>
    public List<SkippedHierarchy> WithoutUpper { get; } = [];

    /// <param name="session">Its classes are examined.</param>
    /// <param name="withAll">Include hierarchies without an upper layer, as if it were empty.</param>
    /// <param name="isReading">Nothing will be changed: works even on a read-only file system, for which merge would
    /// refuse.</param>
    public static ChangedTrees Open(Session session, bool withAll = false, bool isReading = false)
    {
        List<Selection> selections = Selections.MakeAll(session, VendorDefaults.AsExtension(session.Root));
        return Open(session, selections, withAll, isReading);
    }

    /// <param name="selections">What a merge would be made of.</param>
    public static ChangedTrees Open(Session session, List<Selection> selections, bool withAll = false,
        bool isReading = false)
    {
        List<List<AcceptedExtension>> accepted = [];
        foreach (Selection selection in selections)
            accepted.Add(selection.Accepted(session.Root));

        List<SeenHierarchy> seen = SeenHierarchy.OpenAll(session, selections);
        MountTable mounts = MountTable.Read();
        string root = Sys.PathOf(session.Root.Handle).TrimEnd('/');
        ChangedTrees trees = new(RootViews.Open(session.Root, session.Settings.Classes, session.Log), mounts, root,
            session.Settings.Names.Count > 0);
        try
        {
            List<ClassSettings> classes = selections.ConvertAll(static selection => selection.Settings);
            List<List<AcceptedExtension>> sources = LayerSources.Of(trees._views, classes, accepted, []);
            List<List<AcceptedExtension>> merged = LayerSources.Of(trees._views, classes,
                selections.ConvertAll(selection => SeenHierarchy.Extensions(seen, selection.Settings.Class)), []);
            for (int i = 0; i < selections.Count; i++)
                trees.Add(selections[i].Settings, sources[i], merged[i], seen, withAll, isReading);
            return trees;
        }
        catch
        {
            trees.Dispose();
            throw;
        }
        finally
        {
            foreach (SeenHierarchy hierarchy in seen)
                hierarchy.Dispose();
        }
    }

    /// <summary>null if the hierarchy has no layers at all.</summary>
    public ChangedTree? Find(string hierarchy) => Trees.Find(tree => tree.Hierarchy == hierarchy);

    public void Dispose()
    {
        foreach (ChangedTree tree in Trees)
            tree.Dispose();
        _views.Dispose();
    }

    /// <param name="found">What would be merged now.</param>
    /// <param name="merged">What is merged, on any hierarchy of the class.</param>
    private void Add(ClassSettings settings,
        List<AcceptedExtension> found, List<AcceptedExtension> merged, List<SeenHierarchy> all, bool withAll,
        bool isReading)
    {
        foreach (HierarchyState now in _views.Look(settings))
        {
            SeenHierarchy? seen = all.Find(hierarchy => hierarchy.Hierarchy == now.Hierarchy);
            ExistingMerge? merge = seen?.Merge;
            Mount? mount = merge is null ? null : seen!.MountIn(_mounts);
            HierarchyState state = merge is null ? now : MergedLayers.State(now, merge, mount);
            ClassSettings used = merge is null ? settings : MergedLayers.Settings(settings, merge, mount);
            PlanResult result = Planner.Plan(used, [state], merge is null
                ? found : merged.FindAll(extension => merge.Marker.Names.Has(extension.Name)));
            // For an existing merge it does not matter whether it could be made today.
            if (result.Refusal is not null && (merge is null || state.AreMarksHidden)
                && !(isReading && state.Routing.IsReadOnly && !state.AreMarksHidden))
                throw new InputException(result.Refusal);
            foreach (SkippedHierarchy left in result.Plan.Skipped)
            {
                WithoutUpper.Add(left);
                if (withAll && state.Path is not null)
                    Trees.Add(Open(Alone(state, state.Path), seen, hasUpper: false));
            }

            foreach (StackPlan stack in result.Plan.Stacks)
            {
                string? reason = WhyWithoutUpper(stack, isMerged: merge is not null);
                if (reason is not null)
                    WithoutUpper.Add(new SkippedHierarchy(settings.Class, state.Hierarchy, reason));
                if (reason is null || withAll)
                    Trees.Add(Open(stack, seen, hasUpper: reason is null));
            }
        }
    }

    /// <summary>A hierarchy on which nothing is merged shows its own directory.</summary>
    private static StackPlan Alone(HierarchyState state, string path) => new()
    {
        Class = state.Class,
        Hierarchy = state.Hierarchy,
        Target = path,
        CreateTarget = false,
        Lower = [new Layer(LayerKind.Hierarchy, HierarchyState.ShortName(state.Hierarchy), path)],
        Upper = null,
        Attributes = 0,
        Options = [],
        Backing = null,
    };

    private static string? WhyWithoutUpper(StackPlan stack, bool isMerged) => stack.Upper switch
    {
        PersistentUpper { CreateWithMode: not null } => "nothing has been written yet, the upperdir does not exist",
        MemoryUpper when !isMerged && ImportedLayer(stack) is null =>
            "writes go to memory, and nothing has been written yet",
        null when ImportedLayer(stack) is null =>
            "it is read-only, and the extensions are above the machine's own files",
        _ => null,
    };

    /// <summary>In the import modes the machine's layer is the topmost lowerdir.</summary>
    private static Layer? ImportedLayer(StackPlan stack) =>
        stack.Upper is not PersistentUpper && stack.Lower.Count > 1 && stack.Lower[0].Kind != LayerKind.Extension
            ? stack.Lower[0] : null;

    private ChangedTree Open(StackPlan stack, SeenHierarchy? seen, bool hasUpper)
    {
        bool isMerged = seen?.Merge is not null;
        Layer? imported = ImportedLayer(stack);
        List<Layer> below = imported is null ? stack.Lower : stack.Lower.GetRange(1, stack.Lower.Count - 1);
        bool isWhole = hasUpper && stack.Upper is MemoryUpper && isMerged;
        string path = isWhole ? stack.Hierarchy : imported?.Path ?? (stack.Upper as PersistentUpper)?.Path
            ?? stack.Hierarchy;
        List<NamedLayer> layers = [];
        SafeFileHandle? upper = null;
        SafeFileHandle? shown = null;
        try
        {
            upper = !hasUpper ? LayersBelow.Open(_views, [], [])
                : isWhole ? seen!.OpenWithoutMounts()
                : OpenUpper(path, stack.Hierarchy, isMerged);
            SafeFileHandle view = LayersBelow.Open(_views, below, layers);
            if (_hasPaths)
                shown = isMerged ? seen!.OpenWithoutMounts()
                    : LayersBelow.Open(_views, hasUpper ? [new Layer(LayerKind.Routed, "upper", path), .. below]
                    : below,
                    []);
            // It is one of the machine's layers too, but its changes are not measured against it.
            if (isWhole && imported is not null)
                layers.Insert(0, new NamedLayer(imported.Name, OpenUpper(imported.Path, stack.Hierarchy, isMerged))
                {
                    Place = imported.Place,
                });
            List<string> mountedUpon = [];
            AddMountsBelow(stack.Target, stack.Class, mountedUpon);
            if (path != stack.Target)
                AddMountsBelow(path, stack.Class, mountedUpon);
            return new ChangedTree
            {
                Class = stack.Class,
                Hierarchy = stack.Hierarchy,
                Target = stack.Target,
                UpperPath = path,
                Upper = upper,
                HasUpper = hasUpper,
                Below = view,
                Layers = layers,
                Seen = shown,
                IsWhole = isWhole,
                MountedUpon = mountedUpon,
                Merged = isMerged ? seen!.OpenWithoutMounts() : null,
            };
        }
        catch
        {
            upper?.Dispose();
            shown?.Dispose();
            foreach (NamedLayer layer in layers)
                layer.Directory.Dispose();
            throw;
        }
    }

    private void AddMountsBelow(string path, ExtensionClass extensionClass, List<string> found)
    {
        foreach (Mount mount in _mounts.Mounts)
            if (PathName.IsBelow(mount.Path, _root + path)
                && mount.Path != _root + path + "/" + extensionClass.MarkerName)
                found.Add(mount.Path[(_root.Length + path.Length)..]);
    }

    private SafeFileHandle OpenUpper(string path, string hierarchy, bool isMerged)
    {
        using SafeFileHandle? found = isMerged ? _views.Unmerged.TryOpenDirectory(path)
            : _views.Unmerged.OpenAt(path, Sys.O_PATH | Sys.O_DIRECTORY);
        if (found is not SafeFileHandle directory)
            throw new InputException("the merge on " + PathText.Printable(hierarchy) + " writes to "
                + PathText.Printable(path) + ", which no longer exists: unmerge it");
        return WithoutMounts(directory, path);
    }

    /// <summary>Without what is mounted upon it.</summary>
    internal static SafeFileHandle WithoutMounts(SafeFileHandle directory, string name)
    {
        using SafeFileHandle copy = Sys.CloneTree(directory, recursive: false, name);
        return Sys.Reopen(copy, Sys.O_RDONLY | Sys.O_DIRECTORY);
    }
}
