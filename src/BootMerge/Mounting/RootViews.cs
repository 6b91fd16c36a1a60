using System;
using System.Collections.Generic;
using BootMerge.Configuration;
using BootMerge.Linux;
using BootMerge.Markers;
using BootMerge.Planning;
using BootMerge.Reporting;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>
/// The root twice: as it is, and bare, without any merge on its hierarchies. Where something is merged, the
/// bare one is a private view in which it is detached.
/// </summary>
internal sealed class RootViews : IDisposable
{
    private readonly Log _log;
    private readonly List<ClassSettings> _classes;
    private readonly List<KeyValuePair<string, Submounts>> _submounts = [];
    private PrivateView? _view;
    private Root? _unmerged;

    private RootViews(Root root, List<ClassSettings> classes, Log log)
    {
        Root = root;
        _classes = classes;
        _log = log;
        Merges = ExistingMerge.FindAll(root, classes);
    }

    /// <summary>As it is for all processes; must not be used while <see cref="IsPrivate"/>.</summary>
    public Root Root { get; }

    /// <summary>Without merges.</summary>
    public Root Unmerged => _unmerged ?? Root;

    public bool IsPrivate => _unmerged is not null;

    /// <summary>The merges that all processes see.</summary>
    public List<ExistingMerge> Merges { get; }

    /// <param name="classes">Those whose hierarchies are looked at.</param>
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

    /// <summary>One for each hierarchy of the class, in order.</summary>
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
    /// What is merged is what would be merged: hierarchy by hierarchy, by the origin recorded in the marker.
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

    /// <summary>Copies of the mounts that are seen under a hierarchy.</summary>
    public Submounts SubmountsOf(string hierarchy)
    {
        foreach (KeyValuePair<string, Submounts> submounts in _submounts)
            if (submounts.Key == hierarchy)
                return submounts.Value;
        return Submounts.None;
    }

    /// <summary>From here on <see cref="Unmerged"/> is the root in a private mount namespace, without merges.</summary>
    public void EnterPrivateView()
    {
        string path = Sys.PathOf(Root.Handle);
        _view = PrivateView.Enter();
        _unmerged = Root.Open(path);
        foreach (ClassSettings settings in _classes)
            foreach (string hierarchy in settings.Hierarchies)
                TakeAway(_unmerged, settings.Class, hierarchy);
    }

    /// <summary>Back to the original namespace; what was built stays.</summary>
    public void LeavePrivateView()
    {
        _unmerged?.Dispose();
        _unmerged = null;
        _view?.Dispose();
        _view = null;
    }

    public void Dispose()
    {
        LeavePrivateView();
        DisposeSubmounts();
    }

    /// <summary>Copies what is mounted under the hierarchies, in place of earlier copies.</summary>
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

    /// <summary>In a private view.</summary>
    public static void TakeAway(Root bare, ExtensionClass extensionClass, string hierarchy)
    {
        while (ExistingMerge.Find(bare, extensionClass, hierarchy) is not null)
        {
            using SafeFileHandle merged = bare.OpenAt(hierarchy, Sys.O_PATH | Sys.O_DIRECTORY);
            Sys.Detach(merged, bare.Outside(hierarchy));
        }
    }
}
