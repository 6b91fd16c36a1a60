using BootMerge.Linux;
using BootMerge.Planning;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>
/// Asks the kernel whether an overlay writes to a directory: one in any mount namespace, or one that is no longer
/// mounted anywhere but still in use.
/// </summary>
internal static class UpperInUse
{
    /// <summary>
    /// With index=off overlayfs only writes a line to the kernel's log, which all mounts share. With index=on it
    /// refuses a directory in use, even as a lower layer. That way the probe leaves no trace in the directory: what
    /// index=on writes goes to an upperdir in memory.
    /// </summary>
    /// <param name="inMemory">A stage without an upperdir of its own; what the probe leaves on it is gone with
    /// it.</param>
    /// <param name="isStaged">Whether this thread is in a <see cref="PrivateView"/>: the probe is attached to its own
    /// stage.</param>
    public static bool Probe(Root root, SafeFileHandle directory, Stage inMemory, LayerMethod method, bool isStaged)
    {
        using Stage? own = isStaged ? Stage.Create() : null;
        own?.AttachOn(root.Handle);
        Stage stage = own ?? inMemory;
        using SafeFileHandle upper = stage.Upper();
        using SafeFileHandle work = stage.Work();
        string name = Sys.PathOf(directory);
        OverlayMount probe = new(name, "bootmerge",
            Sys.MOUNT_ATTR_NOSUID | Sys.MOUNT_ATTR_NODEV | Sys.MOUNT_ATTR_NOEXEC,
            [new OverlayOption("index", "on")], [new NamedLayer("upperdir", directory)], upper, work);
        try
        {
            using SafeFileHandle overlay = probe.Make(stage, method, isStaged);
            if (isStaged)
                Sys.Detach(overlay, name);
            return false;
        }
        catch (KernelException e)
        {
            // Any other error will hit the merge too, and is reported there.
            return e.Errno == Errno.EBUSY;
        }
    }
}
