using System;
using System.Collections.Generic;
using BootMerge.Linux;
using BootMerge.Markers;
using BootMerge.Reporting;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>A merge that is being undone: how to put it back, and what it leaves behind.</summary>
internal sealed class ReplacedMerge : IDisposable
{
    private readonly Drain _drain;
    private readonly SafeFileHandle _copy;
    private SafeFileHandle? _top;

    private ReplacedMerge(ExistingMerge merge, SafeFileHandle top, SafeFileHandle copy, Drain drain)
    {
        Merge = merge;
        _top = top;
        _copy = copy;
        _drain = drain;
    }

    public ExistingMerge Merge { get; }

    /// <summary>The root of the mounted merge, until <see cref="Detach"/>.</summary>
    public SafeFileHandle Top => _top ?? throw new ObjectDisposedException(nameof(Top));

    public static ReplacedMerge Take(Root root, ExistingMerge merge, Journal journal)
    {
        journal.Add(Journal.Stack, merge.Class, merge.Hierarchy);
        if (merge.Marker.WorkDirectory is string workDirectory)
            journal.Add(Journal.WorkDirectory, merge.Class, merge.Hierarchy, "/" + workDirectory);
        string target = root.Outside(merge.Hierarchy);
        SafeFileHandle top = root.OpenAt(merge.Hierarchy, Sys.O_PATH | Sys.O_DIRECTORY);
        SafeFileHandle copy = Sys.CloneTree(top, recursive: true, target);
        // If mounts are shared, detaching the original would remove the inner mounts from its copy.
        Sys.MakePrivate(copy, target);
        return new ReplacedMerge(merge, top, copy, Drain.Watch(top));
    }

    public void Detach(string target)
    {
        Sys.Detach(Top, target);
        ReleaseTop();
    }

    /// <summary>
    /// Puts the merge back on top after a new one was attached beneath it, whether it is detached yet or not.
    /// </summary>
    /// <remarks>umount2 takes the topmost mount of a stack: one beneath cannot be detached.</remarks>
    public void PutBackInPlaceOf(SafeFileHandle newMount, Root root)
    {
        string target = root.Outside(Merge.Hierarchy);
        if (_top is not null)
            Detach(target);
        bool isBeneath = Sys.TryAttachBeneath(_copy, newMount) == 0;
        Sys.Detach(newMount, target);
        if (!isBeneath)
            PutBack(root);
    }

    /// <summary>Attaches the merge again after it was detached.</summary>
    public void PutBack(Root root)
    {
        using SafeFileHandle point = root.OpenAt(Merge.Hierarchy, Sys.O_PATH | Sys.O_DIRECTORY);
        Sys.Attach(_copy, point, root.Outside(Merge.Hierarchy));
    }

    private void ReleaseTop()
    {
        _top?.Dispose();
        _top = null;
    }

    /// <summary>
    /// After everything has worked: removes the old workdir once nobody uses it, and those of older merges.
    /// </summary>
    /// <param name="inUse">Workdirs of the current merges.</param>
    /// <returns>false if some process still uses the old merge.</returns>
    public bool RemoveRest(Root root, List<string> inUse, Log log)
    {
        ReleaseTop();
        _copy.Dispose();
        if (Merge.Marker.WorkDirectory is not string workDirectory || !Marker.IsSafeRelativePath(workDirectory))
            return true;
        bool isGone = _drain.Wait();
        if (!isGone)
        {
            log.Info("Other processes still use the old merge of " + root.Outside(Merge.Hierarchy) + ", its workdir "
                + root.Outside("/" + workDirectory)
                + " stays until the next unmerge or merge.");
            inUse.Add("/" + workDirectory);
        }

        try
        {
            // The upperdir's own name does not matter, only its siblings do.
            Directories.RemoveStaleWorkDirectories(root, "/" + workDirectory, Merge.Hierarchy, inUse);
        }
        catch (KernelException e)
        {
            log.Warning("The workdir of the old merge cannot be removed: " + e.Message);
        }

        return isGone;
    }

    public void Dispose()
    {
        ReleaseTop();
        _copy.Dispose();
        _drain.Dispose();
    }
}
