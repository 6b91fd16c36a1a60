using BootMerge.Extensions;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Checks;

/// <summary>The release file, and the os-release that an extension must not have.</summary>
internal static class ReleaseCheck
{
    public static void Check(ExtensionCheck check, Root root, Extension extension, HostRelease host, SafeFileHandle top)
    {
        string place = "/" + extension.Class.ReleaseDirectory + "/extension-release." + extension.Name;
        ReleaseFile release = ReleaseFileSearch.Read(root, extension);
        if (release.Problem is not null)
            check.Add(FindingId.ReleaseFile, extension, place, "is not there or cannot be used: " + release.Problem, Advice(extension, top));
        else if (Compatibility.Judge(release, host, extension.Class) is { Accepted: false } verdict)
            check.Add(FindingId.Compatibility, extension, place, "does not fit the system: " + verdict.Reason,
                "correct it, or check with --root= against the system that it is made for");

        // systemd refuses only the first; the second would make the system look like another one.
        CheckOsRelease(check, extension, top, "usr/lib/os-release", "belongs to the system alone: the extension is refused");
        if (extension.Class == ExtensionClass.Confext)
            CheckOsRelease(check, extension, top, "etc/os-release", "hides the system's: it is then taken for another system");
    }

    private static string Advice(Extension extension, SafeFileHandle top)
    {
        ExtensionClass other = extension.Class == ExtensionClass.Confext ? ExtensionClass.Sysext : ExtensionClass.Confext;
        using SafeFileHandle? directory = Extension.TryOpenInside(top, other.ReleaseDirectory, Sys.O_PATH | Sys.O_DIRECTORY);
        return directory is null
            ? "write it; ID=_any in it fits every system"
            : "write it; if this is a " + other.Name + ", it has " + other.ReleaseDirectory + ", check it with --class=" + other.Name;
    }

    private static void CheckOsRelease(ExtensionCheck check, Extension extension, SafeFileHandle top, string path, string what)
    {
        // Not followed: a symlink of that name hides the system's file just as well.
        using SafeFileHandle? file = Extension.TryOpenInside(top, path, Sys.O_PATH | Sys.O_NOFOLLOW);
        if (file is not null)
            check.Add(FindingId.OsRelease, extension, "/" + path, what, "remove it");
    }
}
