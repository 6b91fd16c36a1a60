using System;
using BootMerge.Linux;
using BootMerge.Markers;
using BootMerge.Reporting;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>A merge that is being taken away: how to put it back, and what it leaves behind.</summary>
internal sealed class Replaced : IDisposable
{
    private readonly Drain _drain;
    private readonly SafeFileHandle _copy;
    private SafeFileHandle? _top;

    private Replaced(ExistingMerge merge, SafeFileHandle top, SafeFileHandle copy, Drain drain)
    {
        Merge = merge;
        _top = top;
        _copy = copy;
        _drain = drain;
    }

    public ExistingMerge Merge { get; }

    /// <summary>The root of the mounted merge, until <see cref="ReleaseTop"/>.</summary>
    public SafeFileHandle Top => _top ?? throw new ObjectDisposedException(nameof(Top));

    public static Replaced Take(Root root, ExistingMerge merge)
    {
        string target = root.Outside(merge.Hierarchy);
        SafeFileHandle top = root.OpenAt(merge.Hierarchy, Sys.O_PATH | Sys.O_DIRECTORY);
        SafeFileHandle copy = Sys.CloneTree(top, recursive: true, target);
        return new Replaced(merge, top, copy, Drain.Watch(top));
    }

    /// <summary>Shows the merge again after it was detached.</summary>
    public void PutBack(Root root)
    {
        using SafeFileHandle point = root.OpenAt(Merge.Hierarchy, Sys.O_PATH | Sys.O_DIRECTORY);
        Sys.Attach(_copy, point, root.Outside(Merge.Hierarchy));
    }

    public void ReleaseTop()
    {
        _top?.Dispose();
        _top = null;
    }

    /// <summary>After all has worked: removes the old workdir once nobody uses it.</summary>
    /// <returns>false when somebody still does.</returns>
    public bool RemoveRest(Root root, Log log)
    {
        ReleaseTop();
        _copy.Dispose();
        if (Merge.Marker.WorkDirectory is not string workDirectory)
            return true;
        if (!_drain.Wait())
        {
            log.Info("Other processes still use the old merge of " + root.Outside(Merge.Hierarchy) + ", its workdir " + root.Outside("/" + workDirectory)
                + " stays until the next merge.");
            return false;
        }

        try
        {
            Directories.RemoveWorkDirectory(root, "/" + workDirectory);
        }
        catch (KernelException e)
        {
            log.Warning("The workdir of the old merge stays behind: " + e.Message);
        }

        return true;
    }

    public void Dispose()
    {
        ReleaseTop();
        _copy.Dispose();
        _drain.Dispose();
    }
}
