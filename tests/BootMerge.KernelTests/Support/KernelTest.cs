using System;

namespace BootMerge.KernelTests.Support;

/// <summary>A test with a root tree of its own. Whatever the test did, nothing may be left at its end.</summary>
public abstract class KernelTest : IDisposable
{
    private TestRoot? _root;
    private KernelLog? _kernelLog;

    protected KernelTest() => KernelLog.Share();

    private protected TestRoot Root => _root ??= TestRoot.On("tmpfs");

    /// <summary>
    /// Chooses a file system other than tmpfs, another name or mount options. Must come first in a test.
    /// </summary>
    private protected TestRoot RootOn(string kind, string name = "root", string options = "") =>
        _root = TestRoot.On(kind, name, options);

    /// <summary>From here on the program has the real kernel log, see <see cref="KernelLog"/>.</summary>
    private protected void WithKernelLog() => _kernelLog = KernelLog.Alone();

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        try
        {
            using (_root)
                _root?.ProveNothingIsLeft();
        }
        finally
        {
            _kernelLog?.Dispose();
            KernelLog.Release();
        }
    }
}
