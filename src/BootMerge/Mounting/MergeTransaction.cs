using System;
using System.Collections.Generic;
using System.Threading;
using BootMerge.Extensions;
using BootMerge.Json;
using BootMerge.Linux;
using BootMerge.Markers;
using BootMerge.Planning;
using BootMerge.Reporting;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>
/// Carries plans out, all or nothing: every overlay is built detached, then all are attached. On a failure, all steps
/// are undone, newest first, and the exception is rethrown.
/// </summary>
internal sealed class MergeTransaction : IDisposable
{
    private const int LookupMilliseconds = 5;

    private readonly RootViews _views;
    private readonly Journal _journal;
    private readonly Log _log;
    private readonly Undo _undo;
    private readonly List<BuiltStack> _built = [];
    private readonly List<ReplacedMerge> _replaced = [];

    // The hierarchies that were not merged before, opened as they are below the new merge.
    private readonly List<KeyValuePair<StackPlan, SafeFileHandle>> _covered = [];

    private MergeTransaction(RootViews views, Journal journal, Log log)
    {
        _views = views;
        _journal = journal;
        _log = log;
        _undo = new Undo(log);
    }

    /// <summary>
    /// Merges, or replaces existing merges, on the plans' hierarchies. Merges that no plan covers are undone.
    /// </summary>
    public static void Run(RootViews views, List<MergePlan> plans, Journal journal, Log log)
    {
        using MergeTransaction transaction = new(views, journal, log);
        try
        {
            transaction.Prepare(plans);
            transaction.Build(plans);
            transaction.Show();
            transaction.RemoveMergesWithoutPlan(plans);
        }
        catch
        {
            views.LeavePrivateView();
            transaction._undo.Run();
            journal.Clear();
            throw;
        }

        transaction.CleanUp();
        journal.Clear();
    }

    public void Dispose()
    {
        foreach (BuiltStack stack in _built)
            stack.Dispose();
        foreach (ReplacedMerge old in _replaced)
            old.Dispose();
        foreach (KeyValuePair<StackPlan, SafeFileHandle> covered in _covered)
            covered.Value.Dispose();
    }

    private void Prepare(List<MergePlan> plans)
    {
        CheckSubmounts(plans);
        foreach (MergePlan plan in plans)
            foreach (StackPlan stack in plan.Stacks)
                Directories.Prepare(_views, stack, _undo, _journal, _log);
    }

    /// <summary>If a mount cannot be carried over, fails before anything is changed.</summary>
    private void CheckSubmounts(List<MergePlan> plans)
    {
        foreach (MergePlan plan in plans)
            foreach (StackPlan stack in plan.Stacks)
                _views.SubmountsOf(stack.Hierarchy).Check();
        foreach (ExistingMerge merge in _views.Merges)
        {
            if (IsPlanned(plans, merge.Hierarchy))
                continue;
            Submounts submounts = _views.SubmountsOf(merge.Hierarchy);
            submounts.Check();
            using SafeFileHandle uncovered = _views.Unmerged.OpenAt(merge.Hierarchy, Sys.O_PATH | Sys.O_DIRECTORY);
            submounts.CheckPlaces(uncovered, _views.Root.Outside(merge.Hierarchy));
        }
    }

    private void Build(List<MergePlan> plans)
    {
        LayerMethod method = OverlaySupport.Probe();
        _log.Debug("This kernel's overlayfs: " + OverlaySupport.Describe(method) + ".");
        if (method == LayerMethod.Descriptors && !_views.IsPrivate)
        {
            if (TryBuildInPlace(plans))
                return;
        }

        if (!_views.IsPrivate)
            _views.EnterPrivateView();
        BuildAll(plans, method);
        _views.LeavePrivateView();
    }

    /// <returns>false if this kernel needs attached layers after all.</returns>
    private bool TryBuildInPlace(List<MergePlan> plans)
    {
        try
        {
            BuildAll(plans, LayerMethod.Descriptors);
            return true;
        }
        catch (KernelException e)
            when ((e.Call.StartsWith("fsconfig", StringComparison.Ordinal) || e.Call == "open_tree")
            && e.Errno == Errno.EINVAL)
        {
            // An unbindable root cannot be copied here, but can be in a private namespace. If the cause is the layers
            // themselves, that fails too; only the words in the kernel's log could tell, and they may be about another
            // mount.
            _log.Debug("Building in place failed (" + e.Message + "), trying again in a private mount namespace.");
            foreach (BuiltStack stack in _built)
                stack.Dispose();
            _built.Clear();
            _views.CopySubmounts(); // the copies were lost with what was built
            return false;
        }
    }

    private void BuildAll(List<MergePlan> plans, LayerMethod method)
    {
        StackBuilder builder = new(_views, method, _log);
        foreach (MergePlan plan in plans)
            foreach (StackPlan stack in plan.Stacks)
                _built.Add(builder.Build(plan, stack, _views.SubmountsOf(stack.Hierarchy),
                    isReplacement: _views.MergeOn(stack.Hierarchy) is not null));
        foreach (MergePlan plan in plans)
            WriteOrigin(plan);
    }

    /// <summary>
    /// An extension below one of the hierarchies, such as a confext in a /usr that sysexts are merged on, will be seen
    /// through the new merge. That is another mount, which systemd's refresh would treat as a change.
    /// </summary>
    private void WriteOrigin(MergePlan plan)
    {
        string origin = Origin.Reidentified(plan.Origin, (name, path) => plan.Shown.Has(name)
            ? null : IdentityThroughStacks(path)).ToCompactText();
        foreach (BuiltStack stack in _built)
            if (stack.Plan.Class == plan.Class)
                stack.WriteOrigin(origin);
    }

    /// <returns>null if no new merge covers the path.</returns>
    private JsonValue? IdentityThroughStacks(string path)
    {
        foreach (BuiltStack stack in _built)
        {
            if (!PathName.IsBelow(path, stack.Plan.Target))
                continue;
            using SafeFileHandle? handle = Extension.TryOpenInside(stack.Mount, path[stack.Plan.Target.Length..],
                Sys.O_PATH);
            return handle is null ? null : ExtensionIdentity.Of(path, handle);
        }

        return null;
    }

    private void Show()
    {
        // Nothing was merged before: if this is killed before everything is attached, the next merge starts anew.
        if (_views.Merges.Count == 0)
            foreach (BuiltStack stack in _built)
                _journal.Add(Journal.Mount, stack.Plan.Class, stack.Plan.Hierarchy,
                    Sys.Status(stack.Mount).UniqueMountId.ToString());
        foreach (BuiltStack stack in _built)
        {
            if (_views.MergeOn(stack.Plan.Hierarchy) is ExistingMerge old)
                Replace(stack, old);
            else
                Attach(stack);
        }
    }

    private void Attach(BuiltStack stack)
    {
        string target = _views.Root.Outside(stack.Plan.Target);
        SafeFileHandle point = _views.Root.OpenAt(stack.Plan.Target, Sys.O_PATH | Sys.O_DIRECTORY);
        _covered.Add(new KeyValuePair<StackPlan, SafeFileHandle>(stack.Plan, point));
        Sys.Attach(stack.Mount, point, target);
        _undo.Add(() => Sys.Detach(stack.Mount, target));
    }

    private void Replace(BuiltStack stack, ExistingMerge old)
    {
        string target = _views.Root.Outside(old.Hierarchy);
        ReplacedMerge replaced = ReplacedMerge.Take(_views.Root, old, _journal);
        _replaced.Add(replaced);

        int errno = Sys.TryAttachBeneath(stack.Mount, replaced.Top);
        if (errno == 0)
        {
            _undo.Add(() => replaced.PutBackInPlaceOf(stack.Mount, _views.Root));
            // A path lookup in progress restarts when a mount appears, and may be inside the old merge now. Detaching
            // the old merge would take its inner mounts away at once.
            if (_views.SubmountsOf(old.Hierarchy).Mounts.Count > 0)
                Thread.Sleep(LookupMilliseconds);
            replaced.Detach(target);
        }
        else
        {
            // EINVAL: no MOVE_MOUNT_BENEATH before 6.5, or a parent mount for which it does not work (the namespace's
            // own root).
            _log.Debug("The new merge of " + target + " cannot be attached beneath the old one ("
                + Errno.Describe(errno) + "): replacing it with a short gap.");
            replaced.Detach(target);
            _undo.Add(() => replaced.PutBack(_views.Root));
            using SafeFileHandle point = _views.Root.OpenAt(old.Hierarchy, Sys.O_PATH | Sys.O_DIRECTORY);
            Sys.Attach(stack.Mount, point, target);
            _undo.Add(() => Sys.Detach(stack.Mount, target));
        }
    }

    private void RemoveMergesWithoutPlan(List<MergePlan> plans)
    {
        foreach (ExistingMerge merge in _views.Merges)
            if (!IsPlanned(plans, merge.Hierarchy))
                MergeRemoval.TakeAway(_views.Root, merge, _replaced, _undo, _journal);
    }

    public static bool IsPlanned(List<MergePlan> plans, string hierarchy)
    {
        foreach (MergePlan plan in plans)
            foreach (StackPlan stack in plan.Stacks)
                if (stack.Hierarchy == hierarchy)
                    return true;
        return false;
    }

    /// <summary>Removes what is left of the old merges. A failure here no longer fails the merge.</summary>
    private void CleanUp()
    {
        _undo.Forget();
        foreach (BuiltStack stack in _built)
            foreach (string warning in stack.Warnings)
                _log.Warning(warning);
        foreach (KeyValuePair<StackPlan, SafeFileHandle> covered in _covered)
            _views.SubmountsOf(covered.Key.Hierarchy).RemoveOriginals(covered.Value,
                _views.Root.Outside(covered.Key.Target), _log);
        RemoveStaleWorkDirectories();
        foreach (ReplacedMerge old in _replaced)
        {
            bool isGone = old.RemoveRest(_views.Root, WorkDirectoriesInUse(), _log);
            // While processes wrote through the old merge, the new one may have cached the earlier state.
            if (NewStackOn(old.Merge.Hierarchy) is { Plan.Upper: PersistentUpper } stack)
            {
                if (!isGone)
                    _log.Info("Processes still use the old merge of " + stack.Plan.Hierarchy
                        + ": what they write now shows in the new one after the next refresh.");
                DropUnusedEntries(stack);
            }
        }
    }

    // For hierarchies that were not merged before: no other overlay writes to the upperdir, or the merge would have
    // been refused.
    private void RemoveStaleWorkDirectories()
    {
        foreach (BuiltStack stack in _built)
        {
            if (stack.Plan.Upper is not PersistentUpper upper || _views.MergeOn(stack.Plan.Hierarchy) is not null)
                continue;
            try
            {
                Directories.RemoveStaleWorkDirectories(_views.Root, upper.WorkDirectory, stack.Plan.Hierarchy,
                    WorkDirectoriesInUse());
            }
            catch (KernelException e)
            {
                _log.Warning("A workdir of an earlier merge cannot be removed: " + e.Message);
            }
        }
    }

    private void DropUnusedEntries(BuiltStack stack)
    {
        try
        {
            Sys.DropUnusedEntries(stack.Mount, stack.Plan.Hierarchy);
        }
        catch (KernelException e)
        {
            _log.Warning("What was written to " + stack.Plan.Hierarchy
                + " during the refresh may show only after the next one: " + e.Message);
        }
    }

    private List<string> WorkDirectoriesInUse()
    {
        List<string> inUse = [];
        foreach (BuiltStack stack in _built)
            if (stack.Plan.Upper is PersistentUpper upper)
                inUse.Add(upper.WorkDirectory);
        return inUse;
    }

    private BuiltStack? NewStackOn(string hierarchy)
    {
        foreach (BuiltStack stack in _built)
            if (stack.Plan.Hierarchy == hierarchy)
                return stack;
        return null;
    }
}
