using System.Collections.Generic;
using BootMerge.Linux;
using BootMerge.Mounting;
using BootMerge.Planning;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>
/// Everything below an upper layer as one directory: an overlay that is mounted nowhere. So whiteouts, opaque directories
/// and redirects among those layers are read by the kernel itself.
/// </summary>
internal static class LayersBelow
{
    /// <param name="layers">Topmost first; may be empty.</param>
    /// <param name="opened">Gets each layer's directory, without what is mounted upon it.</param>
    /// <returns>Opened for reading.</returns>
    public static SafeFileHandle Open(Host host, List<Layer> layers, List<NamedLayer> opened)
    {
        // One layer needs no overlay. Older kernels take only what is attached, newer ones need no help.
        LayerMethod method = layers.Count > 1 ? OverlaySupport.Probe() : LayerMethod.Descriptors;
        bool isStaged = method != LayerMethod.Descriptors;
        if (isStaged && !host.IsPrivate)
            host.EnterPrivateView();
        using Stage stage = Stage.Create();
        if (isStaged)
            stage.AttachOn(host.Bare.Handle);

        List<NamedLayer> directories = [];
        try
        {
            StackBuilder.OpenLayers(host.Bare, layers, stage, isStaged, directories);
            foreach (NamedLayer layer in directories)
                opened.Add(new NamedLayer(layer.Name, ChangedTrees.Bare(layer.Directory, layer.Name)));
            if (directories.Count == 0)
                return Sys.Reopen(stage.Filler(), Sys.O_RDONLY | Sys.O_DIRECTORY);
            if (directories.Count == 1)
                return ChangedTrees.Bare(directories[0].Directory, directories[0].Name);

            List<OverlayOption> options = [new("redirect_dir", "follow"), new("metacopy", "off"), new("index", "off")];
            if (Sys.IsInUserNamespace())
                options = StackOptions.WithoutRedirects(options);
            OverlayMount mount = new("the layers below", "bootmerge", Sys.MOUNT_ATTR_RDONLY | Sys.MOUNT_ATTR_NOSUID | Sys.MOUNT_ATTR_NODEV,
                options, directories, upper: null, work: null);
            using SafeFileHandle overlay = mount.Make(stage, method, isStaged, out _);
            return ChangedTrees.Bare(overlay, "the layers below");
        }
        finally
        {
            foreach (NamedLayer layer in directories)
                layer.Directory.Dispose();
        }
    }

    /// <summary>What is seen of a name in a directory of theirs: one layer alone is read as it is, with its whiteouts.</summary>
    /// <param name="directory">null: there is none.</param>
    public static FileStatus? TryStatus(SafeFileHandle? directory, string name) =>
        directory is not null && OverlayMark.TryStatus(directory, name) is { IsWhiteout: false } found ? found : null;
}
