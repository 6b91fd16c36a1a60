using System;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Linux;

/// <summary>
/// A private copy of the mount namespace, which this thread is in until it is disposed. Nobody else sees what is
/// mounted or unmounted in it, and it ends with the process. It shows the hierarchies without their merges, and is
/// where layers are attached when an older kernel needs that to make an overlay of them.
/// </summary>
internal sealed class PrivateView : IDisposable
{
    private readonly SafeFileHandle _namespace;
    private readonly SafeFileHandle _processRoot;
    private readonly SafeFileHandle _workingDirectory;
    private bool _left;

    private PrivateView(SafeFileHandle mountNamespace, SafeFileHandle processRoot, SafeFileHandle workingDirectory)
    {
        _namespace = mountNamespace;
        _processRoot = processRoot;
        _workingDirectory = workingDirectory;
    }

    public static PrivateView Enter()
    {
        const string Namespace = "/proc/self/ns/mnt";
        SafeFileHandle mountNamespace = Sys.TryOpen(Namespace, Sys.O_RDONLY)
            ?? throw new InputException("cannot open " + Namespace + ": /proc is not mounted");
        SafeFileHandle root = Sys.Open("/", Sys.O_PATH | Sys.O_DIRECTORY);
        SafeFileHandle workingDirectory = Sys.Open(".", Sys.O_PATH | Sys.O_DIRECTORY);
        Sys.CopyMountNamespace();
        PrivateView view = new(mountNamespace, root, workingDirectory);
        try
        {
            Sys.MakeNamespacePrivate();
            return view;
        }
        catch
        {
            // The next steps must not happen in the private view.
            view.Dispose();
            throw;
        }
    }

    /// <summary>Returns to the caller's namespace. Detached mounts made in the private view stay usable.</summary>
    public void Leave()
    {
        if (_left)
            return;
        _left = true;
        Sys.EnterMountNamespace(_namespace, _processRoot, _workingDirectory);
    }

    public void Dispose()
    {
        Leave();
        _namespace.Dispose();
        _processRoot.Dispose();
        _workingDirectory.Dispose();
    }
}
