using System.Collections.Generic;
using System.Text;
using BootMerge.Linux;
using BootMerge.Planning;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>An open lowerdir, and its name for mount options and messages.</summary>
internal sealed class NamedLayer(string name, SafeFileHandle directory)
{
    public string Name { get; } = name;

    /// <summary>Where it is inside the root, and in an image: "/var/lib/confexts/a.raw:/etc".</summary>
    public string Place { get; init; } = "";

    public SafeFileHandle Directory { get; } = directory;
}

/// <summary>One overlay with all its directories open, and the methods by which different kernels mount it.</summary>
/// <param name="target">Where it will be seen, for messages.</param>
/// <param name="source">Its source in mountinfo.</param>
/// <param name="attributes">MOUNT_ATTR_* bits.</param>
/// <param name="layers">Layers[0] is the topmost lowerdir.</param>
/// <param name="upper">Together with <paramref name="work"/>, or null.</param>
internal sealed class OverlayMount(
    string target,
    string source,
    uint attributes,
    List<OverlayOption> options,
    List<NamedLayer> layers,
    SafeFileHandle? upper,
    SafeFileHandle? work)
{
    /// <summary>A read-only overlay, to look at its layers combined.</summary>
    public static OverlayMount ToRead(string target, List<NamedLayer> layers, List<OverlayOption> options) =>
        new(target, "bootmerge", Sys.MOUNT_ATTR_RDONLY | Sys.MOUNT_ATTR_NOSUID | Sys.MOUNT_ATTR_NODEV, options, layers,
            upper: null, work: null);

    public string Target { get; } = target;

    public string Source { get; } = source;

    public uint Attributes { get; } = attributes;

    public List<OverlayOption> Options { get; } = options;

    public List<NamedLayer> Layers { get; } = layers;

    public SafeFileHandle? Upper { get; } = upper;

    public SafeFileHandle? Work { get; } = work;

    /// <param name="isStaged">In a <see cref="PrivateView"/>: the overlay is attached to the stage.</param>
    /// <returns>The overlay's root: detached, or in the stage.</returns>
    public SafeFileHandle Make(Stage stage, LayerMethod method, bool isStaged)
    {
        if (method == LayerMethod.MountCall)
            return MakeByCall(stage);

        using SafeFileHandle context = Sys.FsOpen("overlay");
        Sys.SetString(context, "source", Source, Target);
        if (method == LayerMethod.Descriptors)
            HandOverDescriptors(context);
        else
            HandOverPaths(context, stage);
        foreach (OverlayOption option in Options)
        {
            if (option.Value is null)
                Sys.SetFlag(context, option.Key, Target);
            else
                Sys.SetString(context, option.Key, option.Value, Target);
        }

        Sys.Create(context, Target);
        SafeFileHandle overlay = Sys.FsMount(context, Attributes, Target);
        if (isStaged)
        {
            using SafeFileHandle point = stage.Stack();
            Sys.Attach(overlay, point, Target);
        }

        return overlay;
    }

    private void HandOverDescriptors(SafeFileHandle context)
    {
        foreach (NamedLayer layer in Layers)
            Sys.SetDescriptor(context, "lowerdir+", layer.Directory, Target + " (layer '" + layer.Name + "')");
        if (Upper is null || Work is null)
            return;
        Sys.SetDescriptor(context, "upperdir", Upper, Target);
        Sys.SetDescriptor(context, "workdir", Work, Target);
    }

    private void HandOverPaths(SafeFileHandle context, Stage stage)
    {
        using LayerLinks links = LayerLinks.Enter(stage, Layers, Upper, Work);
        foreach (string name in links.Names)
            Sys.SetString(context, "lowerdir+", name, Target);
        if (Upper is null)
            return;
        Sys.SetString(context, "upperdir", LayerLinks.Upper, Target);
        Sys.SetString(context, "workdir", LayerLinks.Work, Target);
    }

    private SafeFileHandle MakeByCall(Stage stage)
    {
        using LayerLinks links = LayerLinks.Enter(stage, Layers, Upper, Work);
        StringBuilder data = new("lowerdir=" + links.Names.Joined(":"));
        if (Upper is not null)
            data.Append(",upperdir=" + LayerLinks.Upper + ",workdir=" + LayerLinks.Work);
        ulong flags = MountFlags.CallFlags(Attributes);
        foreach (OverlayOption option in Options)
        {
            ulong flag = MountFlags.CallFlag(option);
            flags |= flag;
            if (flag == 0)
                data.Append(',').Append(option.ToString());
        }

        using (SafeFileHandle point = stage.Stack())
            Sys.Mount(Source, point, "overlay", flags, data.ToString(), Target);
        return stage.Stack();
    }
}
