using System;

namespace BootMerge.KernelTests.Support;

/// <summary>A test with a root tree of its own; whatever the test did, at its end nothing may be left.</summary>
public abstract class KernelTest : IDisposable
{
    private TestRoot? _root;

    private protected TestRoot Root => _root ??= TestRoot.On("tmpfs");

    /// <summary>Chooses another file system than tmpfs, another name or other mount options; first thing in a test.</summary>
    private protected TestRoot RootOn(string kind, string name = "root", string options = "") => _root = TestRoot.On(kind, name, options);

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        if (_root is null)
            return;
        using (_root)
            _root.ProveNothingIsLeft();
    }
}
