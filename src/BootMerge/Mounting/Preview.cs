using System;
using System.Collections.Generic;
using BootMerge.Linux;
using BootMerge.Planning;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>
/// The root as it will be with what a plan merges. systemd's units merge one class after the other. So the second class
/// is looked up in the result of the first, although nothing is attached before everything is built. The preview is in
/// the views' private view until that is left: nobody else sees it, and nothing is created on disk.
/// </summary>
internal sealed class Preview : IDisposable
{
    private readonly Root? _made;

    private Preview(Root root, Root? made)
    {
        Root = root;
        _made = made;
    }

    public Root Root { get; }

    public static Preview Show(RootViews views, MergePlan plan)
    {
        if (!views.IsPrivate)
            views.EnterPrivateView();
        List<string> absent = [];
        foreach (StackPlan stack in plan.Stacks)
            if (stack.CreateTarget)
                absent.Add(stack.Target);
        Root? made = absent.Count == 0 ? null : MakeRoot(views.Unmerged, absent);
        Preview preview = new(made ?? views.Unmerged, made);
        try
        {
            foreach (StackPlan stack in plan.Stacks)
                preview.Show(views, stack);
            return preview;
        }
        catch
        {
            preview.Dispose();
            throw;
        }
    }

    public void Dispose() => _made?.Dispose();

    private void Show(RootViews views, StackPlan stack)
    {
        // Read-only, with the machine's own files as the topmost layer: it looks the same, and needs no workdir.
        List<Layer> layers = [];
        if (stack.Upper is PersistentUpper { CreateWithMode: null } upper)
            layers.Add(new Layer(LayerKind.Routed, "upperdir", upper.Path));
        layers.AddAll(stack.Lower);
        if (layers.Count == 0 || layers.Count == 1 && layers[0].Image is null && layers[0].Path == stack.Target)
            return;

        string target = Root.Outside(stack.Target);
        using SafeFileHandle point = Root.OpenAt(stack.Target, Sys.O_PATH | Sys.O_DIRECTORY);
        using Submounts inner = Submounts.Copy(point, stack.Class.MarkerName);
        using SafeFileHandle mount = LayerView.Mount(views, layers);
        Sys.Attach(mount, point, target);
        inner.AttachTo(mount, target);
    }

    /// <summary>
    /// For a root that lacks a hierarchy, as on a first boot: a root in memory that has its directories and the missing
    /// one, empty.
    /// </summary>
    private static Root MakeRoot(Root unmerged, List<string> absent)
    {
        string path = Sys.PathOf(unmerged.Handle);
        using Stage stage = Stage.Create();
        using SafeFileHandle original = Sys.OpenAt(unmerged.Handle, ".", Sys.O_RDONLY | Sys.O_DIRECTORY);
        foreach (DirectoryEntry entry in Sys.ReadDirectory(original))
        {
            FileStatus? status = Sys.TryStatusAt(original, entry.Name);
            using SafeFileHandle child = Sys.OpenChild(original, entry.Name, Sys.O_PATH);
            if (status is { IsSymlink: true })
                Sys.MakeSymlink(stage.Top, entry.Name, Sys.ReadLink(child), entry.Name);
            if (status is not { IsDirectory: true })
                continue;
            Sys.MakeDirectory(stage.Top, entry.Name, Octal.Mode755, entry.Name);
            using SafeFileHandle point = Sys.OpenChild(stage.Top, entry.Name, Sys.O_PATH | Sys.O_DIRECTORY);
            using SafeFileHandle copy = Sys.CloneTree(child, recursive: true, unmerged.Outside("/" + entry.Name));
            Sys.Attach(copy, point, unmerged.Outside("/" + entry.Name));
        }

        foreach (string hierarchy in absent)
        {
            if (PathName.Parent(hierarchy).Length > 0)
                throw new InputException(PathText.Printable(unmerged.Outside(hierarchy))
                    + " does not exist, and both classes cannot be merged in one step there: create it");
            Sys.MakeDirectory(stage.Top, hierarchy[1..], Octal.Mode755, hierarchy);
        }

        stage.AttachOn(unmerged.Handle);
        return Root.Open(path);
    }
}
