using System;
using System.Collections.Generic;
using BootMerge.Linux;
using BootMerge.Planning;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

internal delegate void LayerOpener(Stage stage, List<NamedLayer> directories);

/// <summary>Several layers as one read-only directory: an overlay that is not attached anywhere.</summary>
internal static class LayerView
{
    /// <param name="layers">Topmost first; at least one.</param>
    /// <param name="opened">Receives each layer's directory while it is open, or null.</param>
    /// <returns>Detached.</returns>
    public static SafeFileHandle Mount(RootViews views, List<Layer> layers, Action<NamedLayer>? opened = null)
    {
        // One layer needs no overlay, only a copy of its mount. Before 6.15 the kernel copies only attached mounts;
        // later kernels still refuse detached mounts that were put together in another namespace. So an image's mount
        // is copied on the stage.
        LayerMethod method = layers.Count > 1 ? OverlaySupport.Probe() : LayerMethod.Descriptors;
        bool isStaged = method != LayerMethod.Descriptors || layers.Exists(static layer => layer.Image is not null);
        if (isStaged && !views.IsPrivate)
            views.EnterPrivateView();
        return Mount(views.Unmerged.Handle, method, isStaged, "the layers below", (stage, directories) =>
        {
            StackBuilder.OpenLayers(views, layers, stage, isStaged, directories);
            foreach (NamedLayer layer in directories)
                opened?.Invoke(layer);
        });
    }

    /// <param name="place">Opened in the namespace that this thread is in; the stage is attached on it.</param>
    /// <param name="isStaged">Whether this thread is in a private view, with layers and overlay attached there.</param>
    /// <param name="target">For messages.</param>
    /// <param name="open">Opens the layers, topmost first; they are closed in the end.</param>
    /// <returns>Detached.</returns>
    public static SafeFileHandle Mount(SafeFileHandle place, LayerMethod method, bool isStaged, string target,
        LayerOpener open)
    {
        using Stage stage = Stage.Create();
        if (isStaged)
            stage.AttachOn(place);
        List<NamedLayer> directories = [];
        try
        {
            open(stage, directories);
            SafeFileHandle? overlay = directories.Count == 1 ? null : OverlayMount.ToRead(target, directories,
                StackOptions.ToRead(Sys.IsInUserNamespace())).Make(stage, method, isStaged);
            if (overlay is not null && !isStaged)
                return overlay;
            using (overlay)
            {
                SafeFileHandle copy = overlay is not null ? Sys.CloneTree(overlay, recursive: false, target)
                    : Sys.CloneTree(directories[0].Directory, recursive: false, directories[0].Name);
                if (isStaged)
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
