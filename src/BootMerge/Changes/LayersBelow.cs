using System.Collections.Generic;
using BootMerge.Linux;
using BootMerge.Mounting;
using BootMerge.Planning;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>
/// Everything below an upper layer as one directory: an overlay that is not attached anywhere. So the kernel itself
/// interprets whiteouts, opaque directories and redirects in those layers.
/// </summary>
internal static class LayersBelow
{
    /// <param name="layers">Topmost first; may be empty.</param>
    /// <param name="opened">Receives each layer's directory, without what is mounted on it.</param>
    /// <returns>Opened for reading.</returns>
    public static SafeFileHandle Open(RootViews views, List<Layer> layers, List<NamedLayer> opened)
    {
        if (layers.Count == 0)
        {
            using Stage stage = Stage.Create();
            return Sys.Reopen(stage.Filler(), Sys.O_RDONLY | Sys.O_DIRECTORY);
        }

        using SafeFileHandle mount = LayerView.Mount(views, layers, directory => opened.Add(
            new NamedLayer(directory.Name, ChangedTrees.WithoutMounts(directory.Directory, directory.Name))
            {
                Place = directory.Place,
            }));
        return Sys.Reopen(mount, Sys.O_RDONLY | Sys.O_DIRECTORY);
    }

    /// <summary>
    /// What the layers below show of a name in one of their directories. A single layer is read as it is, including its
    /// whiteouts.
    /// </summary>
    /// <param name="directory">null: there is none.</param>
    public static FileStatus? TryStatus(SafeFileHandle? directory, string name) =>
        directory is not null && OverlayMark.TryStatus(directory, name) is { IsWhiteout: false } found ? found : null;
}
