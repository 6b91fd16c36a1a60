using System;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>
/// Waits until a detached merge is really gone. Until then a process still using it may write through its upperdir and
/// workdir.
/// </summary>
internal sealed class Drain : IDisposable
{
    private const int TimeoutMilliseconds = 500;

    // null: it cannot be watched, and counts as in use.
    private readonly SafeFileHandle? _watch;

    private Drain(SafeFileHandle? watch) => _watch = watch;

    /// <param name="merged">The merge's root, still mounted.</param>
    public static Drain Watch(SafeFileHandle merged) => new(Sys.TryWatchForUnmount(merged));

    /// <summary>Waits for a moment; all our descriptors of the merge must be closed.</summary>
    /// <returns>false if some process still uses the merge.</returns>
    public bool Wait() => _watch is not null && Sys.WaitForEvent(_watch, TimeoutMilliseconds);

    public void Dispose() => _watch?.Dispose();
}
