using System;
using System.Collections.Generic;
using BootMerge.Configuration;
using BootMerge.Extensions;
using BootMerge.Linux;
using BootMerge.Markers;
using BootMerge.Mounting;
using BootMerge.Planning;
using BootMerge.Verbs;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>
/// Opens the hierarchies as they are merged, or, where nothing is, as merge would merge them. Files can be looked at as
/// long as it is not disposed: the bare root behind it may be in a private view of this thread.
/// </summary>
internal sealed class ChangedTrees : IDisposable
{
    private readonly Host _host;
    private readonly MountTable _mounts;
    private readonly string _root;
    private readonly bool _hasPaths;

    /// <param name="mounts">As they were before the bare root was in a private view.</param>
    /// <param name="root">The root's path for this process, without a "/" at the end.</param>
    /// <param name="hasPaths">Paths will be looked up.</param>
    private ChangedTrees(Host host, MountTable mounts, string root, bool hasPaths)
    {
        _host = host;
        _mounts = mounts;
        _root = root;
        _hasPaths = hasPaths;
    }

    /// <summary>The root without merges.</summary>
    public Root BareRoot => _host.Bare;

    public List<ChangedTree> Trees { get; } = [];

    /// <summary>Hierarchies in which no file of the machine lies above another layer, with the reason.</summary>
    public List<LeftAlone> WithoutUpper { get; } = [];

    /// <param name="session">Its classes are looked at.</param>
    /// <param name="withAll">Also hierarchies without an upper layer, as if it were an empty one.</param>
    /// <param name="isReading">Nothing will be changed: also where a file system is read-only, so that merge would refuse.</param>
    public static ChangedTrees Open(Session session, bool withAll = false, bool isReading = false)
    {
        List<Survey> surveys = Survey.MakeAll(session, Extension.BareDefaults(session.Root));
        return Open(session, surveys, withAll, isReading);
    }

    /// <param name="surveys">What a merge would be made of.</param>
    public static ChangedTrees Open(Session session, List<Survey> surveys, bool withAll = false, bool isReading = false)
    {
        List<List<AcceptedExtension>> accepted = [];
        foreach (Survey survey in surveys)
            accepted.Add(survey.Accepted(session.Root));

        // From here on the bare root may be in another namespace, where the merges are not.
        List<KeyValuePair<string, SafeFileHandle>> merged = OpenMerged(session);
        MountTable mounts = MountTable.Read();
        string root = Sys.PathOf(session.Root.Handle).TrimEnd('/');
        ChangedTrees trees = new(Host.Open(session.Root, session.Settings.Classes, session.Log), mounts, root, session.Settings.Names.Count > 0);
        try
        {
            List<List<AcceptedExtension>> sources = LayerSources.Of(trees._host, surveys.ConvertAll(static survey => survey.Settings), accepted, []);
            for (int i = 0; i < surveys.Count; i++)
                trees.Add(session, surveys[i].Settings, sources[i], merged, withAll, isReading);
            return trees;
        }
        catch
        {
            trees.Dispose();
            throw;
        }
        finally
        {
            foreach (KeyValuePair<string, SafeFileHandle> handle in merged)
                handle.Value.Dispose();
        }
    }

    /// <summary>null when the hierarchy has no layer at all.</summary>
    public ChangedTree? Find(string hierarchy) => Trees.Find(tree => tree.Hierarchy == hierarchy);

    public void Dispose()
    {
        foreach (ChangedTree tree in Trees)
            tree.Dispose();
        _host.Dispose();
    }

    private static List<KeyValuePair<string, SafeFileHandle>> OpenMerged(Session session)
    {
        List<KeyValuePair<string, SafeFileHandle>> merged = [];
        foreach (ClassSettings settings in session.Settings.Classes)
            foreach (string hierarchy in settings.Hierarchies)
            {
                using SafeFileHandle? directory = session.Root.TryOpenDirectory(hierarchy);
                if (directory is not null)
                    merged.Add(new KeyValuePair<string, SafeFileHandle>(hierarchy, Bare(directory, hierarchy)));
            }
        return merged;
    }

    private void Add(Session session, ClassSettings settings, List<AcceptedExtension> found, List<KeyValuePair<string, SafeFileHandle>> merged, bool withAll, bool isReading)
    {
        foreach (HierarchyState seen in _host.Look(settings))
        {
            ExistingMerge? merge = _host.MergeOn(seen.Hierarchy);
            // A fallback imports the hierarchy itself, whatever the routing entry says.
            HierarchyState state = merge is { IsFallback: true } ? seen.SelfRouted() : seen;
            ClassSettings used = merge is null ? settings : merge.Keep(settings);
            List<AcceptedExtension> extensions = merge is null ? found : MergedOf(found, merge, session);
            PlanResult result = Planner.Plan(used, [state], extensions);
            if (result.Refusal is not null && !(isReading && state.Routing.IsReadOnly && !state.AreMarksHidden))
                throw new InputException(result.Refusal);
            foreach (LeftAlone left in result.Plan.LeftAlone)
            {
                WithoutUpper.Add(left);
                if (withAll && state.Path is not null)
                    Trees.Add(Open(Alone(state, state.Path), merge, merged, hasUpper: false));
            }

            foreach (StackPlan stack in result.Plan.Stacks)
            {
                string? reason = WhyWithoutUpper(stack, merge);
                if (reason is not null)
                    WithoutUpper.Add(new LeftAlone(settings.Class, state.Hierarchy, reason));
                if (reason is null || withAll)
                    Trees.Add(Open(stack, merge, merged, hasUpper: reason is null));
            }
        }
    }

    /// <summary>A hierarchy that nothing is merged on shows its own directory.</summary>
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

    /// <summary>Those that are merged, in the order in which they would be merged now.</summary>
    private static List<AcceptedExtension> MergedOf(List<AcceptedExtension> found, ExistingMerge merge, Session session)
    {
        List<AcceptedExtension> extensions = found.FindAll(extension => merge.Marker.Names.Contains(extension.Name));
        foreach (string name in merge.Marker.Names)
            if (!extensions.Exists(extension => extension.Name == name))
                session.Log.Warning("The extension " + Words.Quote(name) + " is merged on " + merge.Hierarchy + " but not found any more: what it brings is taken for absent.");
        return extensions;
    }

    private static string? WhyWithoutUpper(StackPlan stack, ExistingMerge? merge) => stack.Upper switch
    {
        PersistentUpper { CreateWithMode: not null } => "nothing has been written yet, the upperdir does not exist",
        MemoryUpper when merge is null && ImportedLayer(stack) is null => "what is written goes to memory, nothing has been written yet",
        null when ImportedLayer(stack) is null => "it is read-only, and the machine's own files are the lowest layer",
        _ => null,
    };

    /// <summary>In the import modes the machine's layer is the topmost lowerdir.</summary>
    private static Layer? ImportedLayer(StackPlan stack) =>
        stack.Upper is not PersistentUpper && stack.Lower.Count > 1 && stack.Lower[0].Kind != LayerKind.Extension ? stack.Lower[0] : null;

    private ChangedTree Open(StackPlan stack, ExistingMerge? merge, List<KeyValuePair<string, SafeFileHandle>> merged, bool hasUpper)
    {
        Layer? imported = ImportedLayer(stack);
        List<Layer> below = imported is null ? stack.Lower : stack.Lower.GetRange(1, stack.Lower.Count - 1);
        bool isWhole = hasUpper && stack.Upper is MemoryUpper && merge is not null;
        string path = isWhole ? stack.Hierarchy : imported?.Path ?? (stack.Upper as PersistentUpper)?.Path ?? stack.Hierarchy;
        List<NamedLayer> layers = [];
        SafeFileHandle? upper = null;
        SafeFileHandle? seen = null;
        try
        {
            upper = !hasUpper ? LayersBelow.Open(_host, [], [])
                : isWhole ? Sys.Reopen(merged.Find(handle => handle.Key == stack.Hierarchy).Value, Sys.O_RDONLY | Sys.O_DIRECTORY)
                : OpenUpper(path);
            SafeFileHandle view = LayersBelow.Open(_host, below, layers);
            if (_hasPaths)
                seen = merge is not null ? Sys.Reopen(merged.Find(handle => handle.Key == stack.Hierarchy).Value, Sys.O_RDONLY | Sys.O_DIRECTORY)
                    : LayersBelow.Open(_host, hasUpper ? [new Layer(LayerKind.Routed, "upper", path), .. below] : below, []);
            // Also of the machine's, but not what its changes are measured by.
            if (isWhole && imported is not null)
                layers.Insert(0, new NamedLayer(imported.Name, OpenUpper(imported.Path)));
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
                Seen = seen,
                IsWhole = isWhole,
                MountedUpon = [.. MountsBelow(stack.Target, stack.Class), .. path == stack.Target ? [] : MountsBelow(path, stack.Class)],
                Merged = merge is null ? null : Sys.Reopen(merged.Find(handle => handle.Key == stack.Hierarchy).Value, Sys.O_RDONLY | Sys.O_DIRECTORY),
            };
        }
        catch
        {
            upper?.Dispose();
            seen?.Dispose();
            foreach (NamedLayer layer in layers)
                layer.Directory.Dispose();
            throw;
        }
    }

    private IEnumerable<string> MountsBelow(string path, ExtensionClass extensionClass)
    {
        foreach (Mount mount in _mounts.Mounts)
            if (MountTable.IsBelow(mount.Path, _root + path) && mount.Path != _root + path + "/" + extensionClass.MarkerName)
                yield return mount.Path[(_root.Length + path.Length)..];
    }

    private SafeFileHandle OpenUpper(string path)
    {
        using SafeFileHandle directory = _host.Bare.OpenAt(path, Sys.O_PATH | Sys.O_DIRECTORY);
        return Bare(directory, path);
    }

    /// <summary>Without what is mounted upon it.</summary>
    internal static SafeFileHandle Bare(SafeFileHandle directory, string name)
    {
        using SafeFileHandle copy = Sys.CloneTree(directory, recursive: false, name);
        return Sys.Reopen(copy, Sys.O_RDONLY | Sys.O_DIRECTORY);
    }
}
