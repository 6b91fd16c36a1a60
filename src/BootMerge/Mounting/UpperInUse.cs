using BootMerge.Linux;
using BootMerge.Planning;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>
/// Asks the kernel whether some overlay writes to a directory: in any mount namespace, or no longer mounted anywhere.
/// </summary>
internal static class UpperInUse
{
    /// <summary>
    /// With index=off overlayfs only writes a line to the kernel's log, which all mounts write to. With index=on it
    /// refuses a directory that is in use, as a lower layer too: there the probe leaves no trace in it, because what
    /// index=on writes goes to an upperdir in memory.
    /// </summary>
    /// <param name="inMemory">Has no upperdir of its own; what the probe leaves in it goes with it.</param>
    /// <param name="isStaged">This thread is in a <see cref="PrivateView"/>: the probe is attached to a stage of its
    /// own.</param>
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
            // Any other reason will be that of the merge, too, and is told there.
            return e.Errno == Errno.EBUSY;
        }
    }
}
