using System;
using BootMerge.Linux;
using BootMerge.Markers;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>
/// The root in a private view, which this thread is in until it is disposed. There merges can be taken away without
/// anybody noticing.
/// </summary>
internal sealed class PrivateRoot : IDisposable
{
    private readonly PrivateView _view;

    private PrivateRoot(PrivateView view, string path)
    {
        _view = view;
        Root = Root.Open(path);
    }

    public Root Root { get; }

    /// <param name="root">Must not be used until this is disposed.</param>
    public static PrivateRoot Enter(Root root)
    {
        string path = Sys.PathOf(root.Handle);
        PrivateView view = PrivateView.Enter();
        try
        {
            return new PrivateRoot(view, path);
        }
        catch
        {
            view.Dispose();
            throw;
        }
    }

    /// <summary>Takes all merges of a hierarchy away, those below others too.</summary>
    public void TakeAway(ExtensionClass extensionClass, string hierarchy)
    {
        while (ExistingMerge.Find(Root, extensionClass, hierarchy) is not null)
        {
            using SafeFileHandle merged = Root.OpenAt(hierarchy, Sys.O_PATH | Sys.O_DIRECTORY);
            Sys.Detach(merged, Root.Outside(hierarchy));
        }
    }

    public void Dispose()
    {
        Root.Dispose();
        _view.Dispose();
    }
}
