using System;
using BootMerge.Extensions.Images;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>
/// A tmpfs for one stack: the marker's layer, an upperdir in memory, and, where the kernel wants layers attached, the
/// place to attach the overlay to. Nobody else sees it; it lives as long as a layer of it does.
/// </summary>
internal sealed class Stage : IDisposable
{
    private const string MarkerLayerName = "marker";
    private const string ReleaseLayerName = "release";
    private const string UpperName = "upper";
    private const string WorkName = "work";
    private const string FillerName = "empty";
    private const string LinksName = "layers";
    private const string StackName = "stack";
    private const string ImageName = "image.";

    private readonly SafeFileHandle _directory;
    private int _images;

    private Stage(SafeFileHandle directory) => _directory = directory;

    public static Stage Create() => new(Sys.NewMemory());

    /// <summary>In a private mount namespace: hides <paramref name="directory"/> there, which nobody sees.</summary>
    public void AttachOn(SafeFileHandle directory) => Sys.Attach(_directory, directory, "the staging tmpfs");

    /// <summary>
    /// Shows that directory again: ".." of a symlink would lead to what is attached on it. What was made meanwhile
    /// stays.
    /// </summary>
    public void Detach() => Sys.Detach(_directory, "the staging tmpfs");

    /// <summary>In a private mount namespace: a mount of an image, where it can be a layer.</summary>
    /// <returns>The mount's root.</returns>
    public SafeFileHandle Attach(DiskImage image)
    {
        SafeFileHandle mount = image.Mount();
        try
        {
            using SafeFileHandle point = Subdirectory(ImageName + _images++.ToString(), Octal.Mode700);
            Sys.Attach(mount, point, "the staging tmpfs");
            return mount;
        }
        catch
        {
            mount.Dispose();
            throw;
        }
    }

    /// <summary>The tmpfs itself.</summary>
    public SafeFileHandle Top => _directory;

    public SafeFileHandle MarkerLayer() => Subdirectory(MarkerLayerName, Octal.Mode755);

    /// <summary>What is laid over a directory to make an extension of it.</summary>
    public SafeFileHandle ReleaseLayer() => Subdirectory(ReleaseLayerName, Octal.Mode755);

    public SafeFileHandle Upper() => Subdirectory(UpperName, Octal.Mode755);

    public SafeFileHandle Work() => Subdirectory(WorkName, Octal.Mode700);

    /// <summary>An empty layer: overlayfs wants two where nothing is written.</summary>
    public SafeFileHandle Filler() => Subdirectory(FillerName, Octal.Mode755);

    /// <summary>Holds symlinks with short names, which stand for layers in mount options.</summary>
    public SafeFileHandle Links() => Subdirectory(LinksName, Octal.Mode700);

    /// <summary>Where an overlay is attached while things are mounted on it.</summary>
    public SafeFileHandle Stack() => Subdirectory(StackName, Octal.Mode700);

    public void Dispose() => _directory.Dispose();

    // Opened again after a mount, a name leads to the mount's root.
    private SafeFileHandle Subdirectory(string name, uint mode)
    {
        Sys.MakeDirectory(_directory, name, mode, name);
        return Sys.OpenChild(_directory, name, Sys.O_RDONLY | Sys.O_DIRECTORY);
    }
}
