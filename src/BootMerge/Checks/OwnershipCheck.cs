using BootMerge.Extensions;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Checks;

/// <summary>
/// Owner and mode of directories inside the hierarchies: a merged directory takes them from its topmost layer.
/// </summary>
internal static class OwnershipCheck
{
    private const uint WritableForOthers = Octal.Mode2;
    private const uint Sticky = Octal.Mode1000;

    public static void Check(ExtensionCheck check, Root root, Extension extension, string path, FileStatus status)
    {
        using SafeFileHandle? there = root.TryOpen(path, Sys.O_PATH | Sys.O_NOFOLLOW, out _);
        FileStatus? own = there is null ? null : Sys.Status(there);
        if (own is { IsDirectory: true })
        {
            if (status.Uid != own.Uid || status.Gid != own.Gid)
                check.Add(FindingId.Owner, extension, path,
                    "has another owner than the system's, which it replaces: ", "give it the system's by chown",
                    Ids(status) + ", not " + Ids(own));
            if (status.Permissions != own.Permissions)
                check.Add(FindingId.Mode, extension, path, "has another mode than the system's, which it replaces: ",
                    "give it the system's by chmod",
                    Octal.Text(status.Permissions) + ", not " + Octal.Text(own.Permissions));
            return;
        }

        if (status.Uid != 0 || status.Gid != 0)
            check.Add(FindingId.Owner, extension, path,
                "does not belong to root, so its owner can change what is in it: ", "give it to root: chown 0:0",
                Ids(status));
        if ((status.Permissions & (WritableForOthers | Sticky)) == WritableForOthers)
            check.Add(FindingId.Mode, extension, path, "is writable by everybody: ",
                "remove that permission: chmod o-w", Octal.Text(status.Permissions));
    }

    private static string Ids(FileStatus status) => status.Uid.ToString() + ":" + status.Gid.ToString();
}
