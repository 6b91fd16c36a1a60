using System;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Extensions.Images;

/// <summary>An extension that is a disk image, opened: a bare file system, or partitions of a GPT.</summary>
internal sealed class DiskImage : IDisposable
{
    private const string UsrName = "usr";

    private readonly Volume? _root;

    // It is mounted on the root's /usr; an image may have it without a root.
    private readonly Volume? _usr;

    /// <summary>Takes over both volumes; <see cref="ImageOpener"/> makes them.</summary>
    public DiskImage(string path, Volume? root, Volume? usr, ImageProtection protection)
    {
        Reference = new ImageReference(path, protection);
        _root = root;
        _usr = usr;
        Root = usr is null ? root!.Root : Join();
    }

    /// <summary>Stands for it where nothing is opened.</summary>
    public ImageReference Reference { get; }

    /// <summary>Inside the root.</summary>
    public string Path => Reference.Path;

    /// <summary>The root of a detached, read-only mount of it.</summary>
    public SafeFileHandle Root { get; }

    /// <summary>
    /// <see cref="Root"/> has a mount on it. To use a directory of that mount as a layer, the kernel needs a copy of
    /// the mount.
    /// </summary>
    public bool HasUsr => _usr is not null;

    /// <summary>Whether reads from it are verified.</summary>
    public ImageProtection Protection => Reference.Protection;

    /// <summary>Another detached mount of it: an older kernel attaches each mount only once.</summary>
    public SafeFileHandle Mount() => _usr is null ? _root!.Mount() : Join();

    public void Dispose()
    {
        Root.Dispose();
        _root?.Dispose();
        _usr?.Dispose();
    }

    /// <summary>
    /// Before 6.15 the kernel attaches nothing to a detached mount. So the mounts are joined where nobody sees them,
    /// and copied from there.
    /// </summary>
    private SafeFileHandle Join()
    {
        using SafeFileHandle root = _root?.Mount() ?? EmptyRoot();
        using SafeFileHandle usr = _usr!.Mount();
        using PrivateView view = PrivateView.Enter();
        using SafeFileHandle place = Sys.Open("/", Sys.O_PATH | Sys.O_DIRECTORY);
        Sys.Attach(root, place, Path);
        using SafeFileHandle point = Sys.TryOpenAt(root, UsrName, Sys.O_PATH | Sys.O_DIRECTORY | Sys.O_NOFOLLOW)
            ?? throw new InputException("its root partition has no directory usr");
        Sys.Attach(usr, point, Path);
        return Sys.CloneTree(root, recursive: true, Path);
    }

    private static SafeFileHandle EmptyRoot()
    {
        SafeFileHandle root = Sys.NewMemory();
        try
        {
            Sys.MakeDirectory(root, UsrName, Octal.Mode755, UsrName);
            return root;
        }
        catch
        {
            root.Dispose();
            throw;
        }
    }
}
