using System;
using System.Collections.Generic;
using BootMerge.Configuration;
using BootMerge.Extensions.Images;
using BootMerge.Linux;
using BootMerge.Markers;
using BootMerge.Planning;
using BootMerge.Reporting;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>
/// Two views of the root: as it is, and without any merge on its hierarchies. If something is merged, the second is a
/// private view in which the merges are detached.
/// </summary>
internal sealed class RootViews : IDisposable
{
    private readonly Log _log;
    private readonly List<ClassSettings> _classes;
    private readonly List<KeyValuePair<string, Submounts>> _submounts = [];
    private readonly List<DiskImage> _images = [];
    private PrivateRoot? _private;

    private RootViews(Root root, List<ClassSettings> classes, Log log)
    {
        Root = root;
        _classes = classes;
        _log = log;
        Merges = ExistingMerge.FindAll(root, classes);
    }

    /// <summary>As all processes see it; must not be used while <see cref="IsPrivate"/>.</summary>
    public Root Root { get; }

    /// <summary>Without merges.</summary>
    public Root Unmerged => _private?.Root ?? Root;

    public bool IsPrivate => _private is not null;

    /// <summary>The merges that all processes see.</summary>
    public List<ExistingMerge> Merges { get; }

    /// <param name="classes">Their hierarchies are looked at.</param>
    public static RootViews Open(Root root, List<ClassSettings> classes, Log log)
    {
        RootViews views = new(root, classes, log);
        try
        {
            views.CopySubmounts();
            if (views.Merges.Count > 0)
                views.EnterPrivateView();
            return views;
        }
        catch
        {
            views.Dispose();
            throw;
        }
    }

    /// <summary>One state for each hierarchy of the class, in order.</summary>
    public List<HierarchyState> Look(ClassSettings settings)
    {
        List<HierarchyState> states = [];
        foreach (string hierarchy in settings.Hierarchies)
            states.Add(HierarchyLook.Of(Unmerged, settings.Class, hierarchy));
        return states;
    }

    public ExistingMerge? MergeOn(string hierarchy)
    {
        foreach (ExistingMerge merge in Merges)
            if (merge.Hierarchy == hierarchy)
                return merge;
        return null;
    }

    /// <summary>
    /// Whether what is merged is what would be merged: compares each hierarchy with the origin in its marker.
    /// </summary>
    public bool IsUpToDate(MergePlan plan)
    {
        foreach (StackPlan stack in plan.Stacks)
            if (MergeOn(stack.Hierarchy) is not ExistingMerge merge || !Origin.IsSame(plan.Origin, merge.Marker.Origin))
                return false;
        foreach (SkippedHierarchy hierarchy in plan.Skipped)
            if (MergeOn(hierarchy.Hierarchy) is not null)
                return false;
        return true;
    }

    /// <summary>For plans that name it. The extension that brings it closes it, after the plans' last use.</summary>
    public void Lend(DiskImage image)
    {
        if (!_images.Exists(other => other == image))
            _images.Add(image);
    }

    /// <summary>null: the layer is a directory of the root.</summary>
    public DiskImage? ImageOf(Layer layer)
    {
        if (layer.Image is not ImageReference reference)
            return null;
        return _images.Find(image => image.Reference == reference)
            ?? throw new InvalidOperationException("the image of " + layer.Place + " is not open");
    }

    /// <summary>Copies of the mounts that are visible under a hierarchy.</summary>
    public Submounts SubmountsOf(string hierarchy)
    {
        foreach (KeyValuePair<string, Submounts> submounts in _submounts)
            if (submounts.Key == hierarchy)
                return submounts.Value;
        return Submounts.None;
    }

    /// <summary>From now on <see cref="Unmerged"/> is the root in a private mount namespace, without merges.</summary>
    public void EnterPrivateView()
    {
        _private = PrivateRoot.Enter(Root);
        foreach (ClassSettings settings in _classes)
            foreach (string hierarchy in settings.Hierarchies)
                _private.TakeAway(settings.Class, hierarchy);
    }

    /// <summary>Returns to the original namespace; what was built stays.</summary>
    public void LeavePrivateView()
    {
        _private?.Dispose();
        _private = null;
    }

    public void Dispose()
    {
        LeavePrivateView();
        DisposeSubmounts();
    }

    /// <summary>Copies what is mounted under the hierarchies, and drops earlier copies.</summary>
    public void CopySubmounts()
    {
        DisposeSubmounts();
        foreach (ClassSettings settings in _classes)
            foreach (string hierarchy in settings.Hierarchies)
                CopySubmounts(settings.Class, hierarchy);
    }

    private void DisposeSubmounts()
    {
        foreach (KeyValuePair<string, Submounts> submounts in _submounts)
            submounts.Value.Dispose();
        _submounts.Clear();
    }

    private void CopySubmounts(ExtensionClass extensionClass, string hierarchy)
    {
        using SafeFileHandle? handle = Root.TryOpenDirectory(hierarchy);
        if (handle is not null)
            _submounts.Add(new KeyValuePair<string, Submounts>(hierarchy,
                Submounts.Copy(handle, extensionClass.MarkerName)));
    }
}
