using System;
using BootMerge.Extensions;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Checks;

/// <summary>The release file, and os-release, which an extension must not contain.</summary>
internal static class ReleaseCheck
{
    public static void Check(ExtensionCheck check, Root root, Extension extension, HostRelease host, SafeFileHandle top)
    {
        string place = "/" + extension.Class.ReleaseDirectory + "/extension-release." + extension.Name;
        ReleaseFile release = ReleaseFileSearch.Read(root, extension);
        if (release.Problem is not null)
            check.Add(FindingId.ReleaseFile, extension, place, "is needed: ",
                Advice(extension, top), release.Problem);
        else if (Compatibility.Judge(release, host, extension.Class) is { Accepted: false } verdict)
            check.Add(FindingId.Compatibility, extension, place, "does not fit the system: ",
                "correct it, or check with --root= against the system that it is made for", verdict.Reason);

        // systemd refuses only the first; the second would make the system look like another one.
        if (Judgement.ShipsOsRelease(root, extension))
            AddOsRelease(check, extension, "/usr/lib/os-release");
        else
            CheckOsRelease(check, extension, top, "usr/lib/os-release");
        if (extension.Class == ExtensionClass.Confext)
            CheckOsRelease(check, extension, top, "etc/os-release");
    }

    private static string Advice(Extension extension, SafeFileHandle top)
    {
        bool isConfext = extension.Class == ExtensionClass.Confext;
        using SafeFileHandle? other = Extension.TryOpenInside(top,
            (isConfext ? ExtensionClass.Sysext : ExtensionClass.Confext).ReleaseDirectory,
            Sys.O_PATH | Sys.O_DIRECTORY);
        if (other is null)
            return "write it; for every system: echo ID=_any >extension-release." + extension.Name;
        return isConfext
            ? "write it; it looks like a sysext: if it is one, check it with --class=sysext"
            : "write it; it looks like a confext: if it is one, check it with --class=confext";
    }

    private static void CheckOsRelease(ExtensionCheck check, Extension extension, SafeFileHandle top, string path)
    {
        // Not followed: even a dangling symlink of that name hides the system's file.
        using SafeFileHandle? file = Sys.TryOpenAt(top, path, Sys.O_PATH | Sys.O_NOFOLLOW,
            Sys.RESOLVE_IN_ROOT | Sys.RESOLVE_NO_MAGICLINKS, out _);
        if (file is not null)
            AddOsRelease(check, extension, "/" + path);
    }

    private static void AddOsRelease(ExtensionCheck check, Extension extension, string place) =>
        check.Add(FindingId.OsRelease, extension, place, "belongs to the system alone", "remove it");
}
