using System;
using System.Collections.Generic;
using BootMerge.Configuration;
using BootMerge.Extensions;
using BootMerge.Extensions.Images;
using BootMerge.Linux;
using BootMerge.Planning;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>An accepted extension that cannot be merged after all.</summary>
internal sealed class Unseen(ExtensionClass extensionClass, string name, string reason)
{
    public ExtensionClass Class { get; } = extensionClass;

    public string Name { get; } = name;

    public string Reason { get; } = reason;
}

/// <summary>
/// Finds where the layers of extensions really are. A confext may be in the /usr that sysexts make, and a sysext in the
/// /etc that confexts make. If that merge is made in the same step, the extension's path through the merge cannot be a
/// layer, but its directories in that merge's own layers can.
/// </summary>
internal static class LayerSources
{
    private const string Gone = "it came from another extension, which is no longer merged";

    /// <param name="classes">Confexts first if there are both.</param>
    /// <param name="accepted">One list for each class, with layers as they were found.</param>
    /// <param name="unseen">Receives the extensions that are left out, such as those that exist only through the
    /// current merge.</param>
    /// <returns>One list for each class.</returns>
    public static List<List<AcceptedExtension>> Of(
        RootViews views, List<ClassSettings> classes, List<List<AcceptedExtension>> accepted, List<Unseen> unseen)
    {
        List<StackPlan> sysexts = [];
        if (classes.Count > 1)
        {
            // Those sysexts that need no confext: they make the /usr in which confexts are.
            List<AcceptedExtension> first = Of(views, classes[1].Class, accepted[1], [], []);
            sysexts = Planner.Plan(classes[1], views.Look(classes[1]), first).Plan.Stacks;
        }

        List<List<AcceptedExtension>> sources = [Of(views, classes[0].Class, accepted[0], sysexts, unseen)];
        if (classes.Count > 1)
            sources.Add(Of(views, classes[1].Class, accepted[1],
                Planner.Plan(classes[0], views.Look(classes[0]), sources[0]).Plan.Stacks, unseen));
        return sources;
    }

    private static List<AcceptedExtension> Of(
        RootViews views, ExtensionClass extensionClass,
            List<AcceptedExtension> accepted, List<StackPlan> others, List<Unseen> unseen)
    {
        List<AcceptedExtension> sources = [];
        foreach (AcceptedExtension extension in accepted)
        {
            List<ExtensionLayer> layers = [];
            string? reason = null;
            foreach (ExtensionLayer layer in extension.Layers)
                reason ??= Add(views, layer, others, layers);
            if (reason is null)
                sources.Add(extension.WithLayers(layers));
            else
                unseen.Add(new Unseen(extensionClass, extension.Name, reason));
        }

        return sources;
    }

    /// <returns>Why it cannot be a layer; null if it can.</returns>
    private static string? Add(RootViews views, ExtensionLayer layer,
        List<StackPlan> others, List<ExtensionLayer> layers)
    {
        if (layer.Image is not null)
        {
            views.Lend(layer.Image);
            layers.Add(layer); // opened already, whatever covers it now
            return null;
        }

        foreach (StackPlan stack in others)
            if (PathName.IsBelow(layer.Path, stack.Target))
                return AddOf(views, layer, stack, layers);
        // If nothing is merged, it has just been opened.
        if (views.IsPrivate)
        {
            using SafeFileHandle? directory = views.Unmerged.TryOpenDirectory(layer.Path);
            if (directory is null)
                return Gone;
        }

        layers.Add(layer);
        return null;
    }

    /// <summary>
    /// Works as overlayfs merges directories: from the top down, until something hides the layers below.
    /// </summary>
    private static string? AddOf(RootViews views, ExtensionLayer layer, StackPlan stack, List<ExtensionLayer> layers)
    {
        List<Layer> sources = [];
        if (stack.Upper is PersistentUpper { CreateWithMode: null } upper)
            sources.Add(new Layer(LayerKind.Routed, "", upper.Path));
        sources.AddAll(stack.Lower);

        string[] names = layer.Path[stack.Target.Length..].Split('/', StringSplitOptions.RemoveEmptyEntries);
        int before = layers.Count;
        foreach (Layer source in sources)
            if (Take(views, source, names, layer, layers))
                break;
        for (int i = before; i < layers.Count; i++)
            if (layers[i].Image is null && PathName.IsBelow(layers[i].Path, layer.Hierarchy))
                return "its " + layer.Hierarchy + " is inside the system's own (" + PathText.Printable(layers[i].Path)
                    + ")";
        return layers.Count == before ? Gone : null;
    }

    /// <returns>true if this layer hides what those below it have there.</returns>
    private static bool Take(RootViews views, Layer source, string[] names, ExtensionLayer layer,
        List<ExtensionLayer> layers)
    {
        DiskImage? image = views.ImageOf(source);
        SafeFileHandle? directory = image is null
            ? views.Unmerged.TryOpenDirectory(source.Path, Sys.O_RDONLY)
            : Extension.TryOpenInside(image.Root, source.Path, Sys.O_RDONLY | Sys.O_DIRECTORY);
        bool isOpaque = false;
        foreach (string name in names)
        {
            if (directory is null || OverlayMark.TryStatus(directory, name) is not FileStatus status)
            {
                directory?.Dispose();
                return isOpaque;
            }

            SafeFileHandle? child = status.IsDirectory ? Sys.OpenChild(directory, name, Sys.O_RDONLY | Sys.O_DIRECTORY)
                : null;
            directory.Dispose();
            if (child is null)
                return true; // a whiteout, or something other than a directory
            directory = child;
            isOpaque |= OverlayMark.IsOpaque(directory);
        }

        directory?.Dispose();
        layers.Add(new ExtensionLayer(layer.Hierarchy, source.Path + "/" + string.Join('/', names), image));
        return isOpaque;
    }
}
