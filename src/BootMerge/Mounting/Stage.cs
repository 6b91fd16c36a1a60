using System;
using BootMerge.Extensions.Images;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>
/// A tmpfs for one merge. It holds the marker's layer, an upperdir in memory and, if the kernel needs attached layers,
/// the directory that the overlay is attached to. Nobody else sees it, and it lives as long as one of its layers.
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

    /// <summary>
    /// In a private mount namespace: attaches it on <paramref name="directory"/>, which it hides there.
    /// </summary>
    public void AttachOn(SafeFileHandle directory) => Sys.Attach(_directory, directory, "the staging tmpfs");

    /// <summary>
    /// Uncovers that directory again, because a symlink's ".." would otherwise lead into what is attached on it. What
    /// was made on the stage stays.
    /// </summary>
    public void Detach() => Sys.Detach(_directory, "the staging tmpfs");

    /// <summary>In a private mount namespace: attaches a mount of an image, which can then be a layer.</summary>
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

    /// <summary>The layer that is put on a directory to make an extension of it.</summary>
    public SafeFileHandle ReleaseLayer() => Subdirectory(ReleaseLayerName, Octal.Mode755);

    public SafeFileHandle Upper() => Subdirectory(UpperName, Octal.Mode755);

    public SafeFileHandle Work() => Subdirectory(WorkName, Octal.Mode700);

    /// <summary>An empty layer: overlayfs needs two if there is no upperdir.</summary>
    public SafeFileHandle Filler() => Subdirectory(FillerName, Octal.Mode755);

    /// <summary>Holds symlinks with short names that stand for the layers in mount options.</summary>
    public SafeFileHandle Links() => Subdirectory(LinksName, Octal.Mode700);

    /// <summary>Where an overlay is attached while mounts are put on it.</summary>
    public SafeFileHandle Stack() => Subdirectory(StackName, Octal.Mode700);

    public void Dispose() => _directory.Dispose();

    // Opened anew after a mount, the name leads to the mount's root.
    private SafeFileHandle Subdirectory(string name, uint mode)
    {
        Sys.MakeDirectory(_directory, name, mode, name);
        return Sys.OpenChild(_directory, name, Sys.O_RDONLY | Sys.O_DIRECTORY);
    }
}
