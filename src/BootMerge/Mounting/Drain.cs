using System;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>
/// Waits until a detached merge is really gone: until then a process that still works in it may write through its
/// upperdir and workdir.
/// </summary>
internal sealed class Drain : IDisposable
{
    private const int TimeoutMilliseconds = 500;

    // null: nothing can be watched, and the merge counts as in use.
    private readonly SafeFileHandle? _watch;

    private Drain(SafeFileHandle? watch) => _watch = watch;

    /// <param name="merged">Root of the merge, still mounted.</param>
    public static Drain Watch(SafeFileHandle merged) => new(Sys.TryWatchForUnmount(merged));

    /// <summary>Waits a moment; all descriptors of the merge must be closed.</summary>
    /// <returns>false when somebody still holds the merge.</returns>
    public bool Wait() => _watch is not null && Sys.WaitForEvent(_watch, TimeoutMilliseconds);

    public void Dispose() => _watch?.Dispose();
}
