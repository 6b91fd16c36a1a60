using System.Collections.Generic;
using BootMerge.Linux;
using BootMerge.Mounting;
using BootMerge.Planning;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>
/// Everything below an upper layer as one directory: an overlay that is mounted nowhere. So whiteouts, opaque
/// directories and redirects among those layers are read by the kernel itself.
/// </summary>
internal static class LayersBelow
{
    /// <param name="layers">Topmost first; may be empty.</param>
    /// <param name="opened">Gets each layer's directory, without what is mounted upon it.</param>
    /// <returns>Opened for reading.</returns>
    public static SafeFileHandle Open(RootViews views, List<Layer> layers, List<NamedLayer> opened)
    {
        if (layers.Count == 0)
        {
            using Stage stage = Stage.Create();
            return Sys.Reopen(stage.Filler(), Sys.O_RDONLY | Sys.O_DIRECTORY);
        }

        using SafeFileHandle mount = LayerView.Mount(views, layers,
            directory =>
            opened.Add(new NamedLayer(directory.Name,
                ChangedTrees.WithoutMounts(directory.Directory, directory.Name))));
        return Sys.Reopen(mount, Sys.O_RDONLY | Sys.O_DIRECTORY);
    }

    /// <summary>
    /// What is seen of a name in a directory of theirs: one layer alone is read as it is, with its whiteouts.
    /// </summary>
    /// <param name="directory">null: there is none.</param>
    public static FileStatus? TryStatus(SafeFileHandle? directory, string name) =>
        directory is not null && OverlayMark.TryStatus(directory, name) is { IsWhiteout: false } found ? found : null;
}
