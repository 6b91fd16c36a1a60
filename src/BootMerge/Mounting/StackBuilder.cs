using System;
using System.Collections.Generic;
using BootMerge.Extensions;
using BootMerge.Extensions.Images;
using BootMerge.Linux;
using BootMerge.Markers;
using BootMerge.Planning;
using BootMerge.Reporting;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>A complete overlay that nobody sees yet.</summary>
/// <param name="mount">Detached; its descriptor is the merged directory.</param>
/// <param name="markerLayer">Its topmost lowerdir.</param>
/// <param name="warnings">To be logged when it is attached.</param>
internal sealed class BuiltStack(StackPlan plan, SafeFileHandle mount, SafeFileHandle markerLayer,
    List<string> warnings) : IDisposable
{
    public StackPlan Plan { get; } = plan;

    public SafeFileHandle Mount { get; } = mount;

    public List<string> Warnings { get; } = warnings;

    public void WriteOrigin(string origin) => MarkerDirectory.WriteOrigin(markerLayer, Plan.Class, origin);

    public void Dispose()
    {
        Mount.Dispose();
        markerLayer.Dispose();
    }
}

/// <summary>Makes a plan's overlay, with its marker and the mounts carried over, detached.</summary>
internal sealed class StackBuilder
{
    private readonly RootViews _views;
    private readonly Root _root;
    private readonly LayerMethod _method;
    private readonly bool _isStaged;
    private readonly Log _log;

    /// <param name="views">If this thread is in their private view, layers and overlay are attached there while they
    /// are prepared.</param>
    public StackBuilder(RootViews views, LayerMethod method, Log log)
    {
        _views = views;
        _root = views.Unmerged;
        _method = method;
        _isStaged = views.IsPrivate;
        _log = log;
    }

    /// <summary>Everything that the plan creates (target, upperdir, workdir) must exist.</summary>
    /// <param name="isReplacement">The replaced merge may still use the upperdir.</param>
    public BuiltStack Build(MergePlan merge, StackPlan plan, Submounts submounts, bool isReplacement)
    {
        using SafeFileHandle hierarchy = _root.OpenAt(plan.Target, Sys.O_RDONLY | Sys.O_DIRECTORY);
        List<NamedLayer> layers = [];
        SafeFileHandle? upper = plan.Upper is PersistentUpper persistent
            ? _root.OpenAt(persistent.Path, Sys.O_PATH | Sys.O_DIRECTORY) : null;
        SafeFileHandle? work = plan.Upper is PersistentUpper { WorkDirectory: string path }
            ? _root.OpenAt(path, Sys.O_PATH | Sys.O_DIRECTORY | Sys.O_NOFOLLOW) : null;
        try
        {
            // Overlayfs would mount it with a warning, and fail later when a directory is renamed or created again.
            if (upper is not null && !Sys.TakesXattrs(upper))
                throw new InputException("the upperdir " + PathText.Printable(Sys.PathOf(upper))
                    + " is on a file system without extended attributes, which overlayfs needs there");

            using Stage stage = Stage.Create();
            if (_isStaged)
                stage.AttachOn(_root.Handle);
            OpenLayers(_views, plan.Lower, stage, _isStaged, layers);
            List<string> warnings = MountedOver.Find(plan.Lower, layers, submounts, _root.Outside(plan.Target));

            using SafeFileHandle markerLayer = stage.MarkerLayer();
            DirectoryAttributes.Copy(hierarchy, markerLayer, _log);
            MarkerDirectory.Write(markerLayer, plan.Class, merge.Extensions, WorkDirectoryText(plan), plan.Backing,
                merge.MarkerMode);
            layers.Insert(0, new NamedLayer("marker", Duplicate(markerLayer)));
            if (plan.Upper is MemoryUpper)
            {
                upper = stage.Upper();
                work = stage.Work();
                DirectoryAttributes.Copy(hierarchy, upper, _log);
            }
            else if (plan.Upper is null && layers.Count == 1)
                layers.Add(new NamedLayer("empty", stage.Filler()));

            if (plan.Upper is PersistentUpper && !isReplacement && UpperInUse.Probe(_root, upper!, stage, _method,
                _isStaged))
                throw new InputException("the upperdir " + PathText.Printable(Sys.PathOf(upper!))
                    + " is in use (EBUSY): it is merged elsewhere, or processes still use a merge that was undone: "
                    + "end them");

            if (plan.Upper is PersistentUpper && upper is not null)
                RemoveOrigins(upper, plan.Target);
            OverlayMount mount = new(_root.Outside(plan.Target), plan.Class.Name, plan.Attributes, plan.Options, layers,
                upper, work);
            SafeFileHandle overlay = mount.Make(stage, _method, _isStaged);
            try
            {
                return Complete(plan, stage, markerLayer, overlay, submounts, warnings);
            }
            catch
            {
                overlay.Dispose();
                throw;
            }
        }
        finally
        {
            foreach (NamedLayer layer in layers)
                layer.Directory.Dispose();
            upper?.Dispose();
            work?.Dispose();
        }
    }

    /// <summary>
    /// Since the last merge of this upper layer, a file in it may have been removed or copied, and the layers below may
    /// have changed. During a refresh the old merge still uses the layer: an open file there may get a second inode
    /// with the same content.
    /// </summary>
    private void RemoveOrigins(SafeFileHandle upper, string target)
    {
        using SafeFileHandle alone = Sys.CloneTree(upper, recursive: false, target);
        if (CopyOrigins.Remove(alone) is string problem)
            _log.Warning("In " + target + " two files may be seen as one: " + problem + ".");
    }

    /// <summary>An older kernel needs attached layers: then an image gets a mount of its own on the stage.</summary>
    public static void OpenLayers(RootViews views, List<Layer> lower, Stage stage, bool isStaged,
        List<NamedLayer> layers)
    {
        foreach (Layer layer in lower)
        {
            SafeFileHandle? directory;
            if (views.ImageOf(layer) is not DiskImage image)
                directory = views.Unmerged.OpenAt(layer.Path, Sys.O_PATH | Sys.O_DIRECTORY);
            else if (!isStaged)
                directory = InsideImage(image, layer.Path);
            else
            {
                using SafeFileHandle mount = stage.Attach(image);
                directory = Extension.TryOpenInside(mount, layer.Path, Sys.O_PATH | Sys.O_DIRECTORY);
            }

            layers.Add(new NamedLayer(layer.Name,
                directory ?? throw new KernelException("open", layer.Name + " " + layer.Path, Errno.ENOENT))
            {
                Place = layer.Place,
            });
        }
    }

    private static SafeFileHandle? InsideImage(DiskImage image, string path)
    {
        SafeFileHandle? directory = Extension.TryOpenInside(image.Root, path, Sys.O_PATH | Sys.O_DIRECTORY);
        if (directory is null || !image.HasUsr)
            return directory;
        using (directory)
            return Sys.CloneTree(directory, recursive: false, image.Path);
    }

    private static string? WorkDirectoryText(StackPlan plan) =>
        (plan.Upper as PersistentUpper)?.WorkDirectory.TrimStart('/');

    private static SafeFileHandle Duplicate(SafeFileHandle directory) =>
        Sys.Reopen(directory, Sys.O_PATH | Sys.O_DIRECTORY);

    /// <summary>
    /// What can be done only once the overlay exists: writing its device into the marker, and mounting on it.
    /// </summary>
    private BuiltStack Complete(StackPlan plan, Stage stage, SafeFileHandle markerLayer, SafeFileHandle overlay,
        Submounts submounts, List<string> warnings)
    {
        string target = _root.Outside(plan.Target);
        if (plan.Upper is not null && (plan.Attributes & Sys.MOUNT_ATTR_RDONLY) == 0 && Sys.IsReadOnly(overlay))
            throw new KernelException("fsmount", target, Errno.EROFS,
                "overlayfs could not use the workdir and went read-only");

        MarkerDirectory.WriteDevice(markerLayer, plan.Class, Sys.Status(overlay).Device);
        if (plan.Upper is not null)
            CoverMarker(plan, markerLayer, overlay, target);
        if (!MarkerDirectory.Exists(overlay, plan.Class))
            throw new InputException("the marker " + plan.Class.MarkerName + " cannot be read through the new merge of "
                + PathText.Printable(target)
                + ": the upperdir has something else of that name, remove it");
        submounts.AttachTo(overlay, target);
        SafeFileHandle mount = _isStaged ? Sys.CloneTree(overlay, recursive: true, target) : overlay;
        return new BuiltStack(plan, mount, Sys.Reopen(markerLayer, Sys.O_PATH | Sys.O_DIRECTORY), warnings);
    }

    /// <summary>
    /// On a writable merge, a read-only mount of the marker covers the marker. If the upperdir ever received a copy of
    /// an older marker, that copy would win, so the cover comes from the marker's own layer.
    /// </summary>
    private void CoverMarker(StackPlan plan, SafeFileHandle markerLayer, SafeFileHandle overlay, string target)
    {
        string name = target + "/" + plan.Class.MarkerName;
        using SafeFileHandle? point = Sys.TryOpenAt(overlay, plan.Class.MarkerName,
            Sys.O_PATH | Sys.O_DIRECTORY | Sys.O_NOFOLLOW);
        if (point is null)
            throw new InputException("the upperdir of " + PathText.Printable(target) + " hides the marker "
                + plan.Class.MarkerName + ": remove what has that name there");
        bool isCopy = !MarkerDirectory.Exists(overlay, plan.Class);
        if (isCopy)
            _log.Warning("The upperdir of " + PathText.Printable(target) + " has a copy of an older merge's "
                + plan.Class.MarkerName + ": it is covered while merged.");
        using SafeFileHandle source = isCopy
            ? Sys.OpenChild(markerLayer, plan.Class.MarkerName, Sys.O_PATH | Sys.O_DIRECTORY)
            : Sys.Reopen(point, Sys.O_PATH | Sys.O_DIRECTORY);
        using SafeFileHandle cover = Sys.CloneTree(source, recursive: false, name);
        Sys.MakeReadOnly(cover, name);
        Sys.Attach(cover, point, name);
    }
}
