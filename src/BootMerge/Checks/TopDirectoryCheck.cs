using BootMerge.Extensions;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Checks;

/// <summary>Owner and mode of the directories at the top of an extension.</summary>
internal static class TopDirectoryCheck
{
    /// <summary>The owner of a merged directory decides what is in /etc.</summary>
    public static void CheckOwner(ExtensionCheck check, Extension extension, string place, FileStatus status)
    {
        if (status.Uid != 0 || status.Gid != 0)
            check.Add(FindingId.TopOwner, extension, place,
                "does not belong to root, so its owner can change what is merged: ",
                "give it to root: chown 0:0", status.Uid.ToString() + ":" + status.Gid.ToString());
    }

    /// <summary>
    /// The merged directory keeps the hierarchy's mode. But overlayfs itself shows the mode of the topmost layer, so
    /// other tools may show that; and if the system lacks the hierarchy, there is no other mode.
    /// </summary>
    public static void CheckMode(ExtensionCheck check, Root root, Extension extension, string hierarchy,
        FileStatus status)
    {
        using SafeFileHandle? own = root.TryOpenDirectory(hierarchy);
        uint wanted = own is null ? Octal.Mode755 : Sys.Status(own).Permissions;
        if (status.Permissions != wanted)
            check.Add(FindingId.TopMode, extension, hierarchy, "has another mode than the system's: ",
                "give it the system's by chmod",
                Octal.Text(status.Permissions) + ", not " + Octal.Text(wanted));
    }
}
