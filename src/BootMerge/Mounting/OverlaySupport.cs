using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>How this kernel accepts the layers of an overlay.</summary>
internal enum LayerMethod
{
    /// <summary>fsconfig(lowerdir+, descriptor); layers may be detached mounts [6.15].</summary>
    Descriptors,

    /// <summary>fsconfig(lowerdir+, path); layers must be attached in the caller's namespace [6.7].</summary>
    Paths,

    /// <summary>mount(2) with one lowerdir= string; layers must be attached here too [before 6.7].</summary>
    MountCall,
}

/// <summary>What the running kernel's overlayfs can do: probed, not read from a version string.</summary>
internal static class OverlaySupport
{
    private static LayerMethod? s_answer;

    /// <summary>Probes once: the kernel stays the same.</summary>
    public static LayerMethod Probe() => s_answer ??= Ask();

    private static LayerMethod Ask()
    {
        using SafeFileHandle context = Sys.FsOpen("overlay");

        // Up to 6.4 the kernel wraps mount(2)'s option string: it accepts any key and complains only at the end.
        // (CREATE works there, but commas are refused, and plain mount(2) is known to work.)
        if (Sys.TrySetString(context, "bootmerge-probe", "x", out _))
            return LayerMethod.MountCall;

        using SafeFileHandle directory = Sys.Open("/", Sys.O_PATH | Sys.O_DIRECTORY);
        if (Sys.TrySetDescriptor(context, "lowerdir+", directory, out _))
            return LayerMethod.Descriptors;
        return Sys.TrySetString(context, "lowerdir+", "/", out _) ? LayerMethod.Paths : LayerMethod.MountCall;
    }

    public static string Describe(LayerMethod method) => method switch
    {
        LayerMethod.Descriptors => "layers by descriptor, detached",
        LayerMethod.Paths => "layers by path, in a private mount namespace: the kernel does not accept descriptors",
        _ => "mount(2) in a private mount namespace: the kernel has no lowerdir+",
    };
}
