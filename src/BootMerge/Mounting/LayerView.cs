using System;
using System.Collections.Generic;
using BootMerge.Linux;
using BootMerge.Planning;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>Several layers as one read-only directory: an overlay that is mounted nowhere.</summary>
internal static class LayerView
{
    /// <param name="layers">Topmost first; one at least.</param>
    /// <param name="opened">Gets each layer's directory while it is open; null: not wanted.</param>
    /// <returns>Detached.</returns>
    public static SafeFileHandle Mount(Host host, List<Layer> layers, Action<NamedLayer>? opened = null)
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
                opened?.Invoke(layer);
            if (directories.Count == 1)
                return Sys.CloneTree(directories[0].Directory, recursive: false, directories[0].Name);

            List<OverlayOption> options = [new("redirect_dir", "follow"), new("metacopy", "off"), new("index", "off")];
            if (Sys.IsInUserNamespace())
                options = StackOptions.WithoutRedirects(options);
            OverlayMount mount = new("the layers below", "bootmerge", Sys.MOUNT_ATTR_RDONLY | Sys.MOUNT_ATTR_NOSUID | Sys.MOUNT_ATTR_NODEV,
                options, directories, upper: null, work: null);
            SafeFileHandle overlay = mount.Make(stage, method, isStaged);
            if (!isStaged)
                return overlay;
            using (overlay)
            {
                SafeFileHandle copy = Sys.CloneTree(overlay, recursive: false, "the layers below");
                stage.Detach();
                return copy;
            }
        }
        finally
        {
            foreach (NamedLayer layer in directories)
                layer.Directory.Dispose();
        }
    }
}
