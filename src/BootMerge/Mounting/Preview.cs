using System.Collections.Generic;
using BootMerge.Linux;
using BootMerge.Planning;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>
/// The root as it will be with what a plan merges. systemd's units merge one class after the other, so the second class is
/// looked up in what comes of the first, and here nothing is shown before all is built.
/// </summary>
internal static class Preview
{
    /// <summary>In the host's private view, until that is left: nobody else sees it, and nothing is created.</summary>
    public static void Show(Host host, MergePlan plan)
    {
        if (!host.IsPrivate)
            host.EnterPrivateView();
        foreach (StackPlan stack in plan.Stacks)
            Show(host, stack);
    }

    private static void Show(Host host, StackPlan stack)
    {
        // Read-only, with the machine's own files as the topmost layer: it looks the same, and takes no workdir.
        List<Layer> layers = [];
        if (stack.Upper is PersistentUpper { CreateWithMode: null } upper)
            layers.Add(new Layer(LayerKind.Routed, "upperdir", upper.Path));
        layers.AddRange(stack.Lower);
        if (layers.Count == 0 || layers.Count == 1 && layers[0].Image is null && layers[0].Path == stack.Target)
            return;

        string target = host.Bare.Outside(stack.Target);
        using SafeFileHandle point = host.Bare.OpenAt(stack.Target, Sys.O_PATH | Sys.O_DIRECTORY);
        using Submounts inner = Submounts.Copy(point, stack.Class.MarkerName);
        using SafeFileHandle mount = LayerView.Mount(host, layers);
        Sys.Attach(mount, point, target);
        inner.AttachTo(mount, target);
    }
}
