using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Extensions;

/// <summary>
/// Flatcar's defaults for /etc: an extension, which has had two names, or a directory that is not an extension. However
/// many of these a root has, they are one thing.
/// </summary>
internal static class VendorDefaults
{
    /// <summary>Where they are when they are not an extension; else often a symlink to that extension's etc.</summary>
    public const string Directory = "/usr/share/flatcar/etc";

    /// <summary>What the bare directory is called.</summary>
    private const string BareName = "flatcar-defaults";

    private static readonly string[] Names = ["flatcar-default", BareName];

    /// <summary>The directory as an extension; null when there is none.</summary>
    public static Extension? Bare(Root root) => Extension.FromBareDirectory(root, BareName, Directory);

    public static bool IsNamed(Extension extension) => IsName(extension.Name);

    public static bool IsName(string name) => Words.IndexOf(Names, name) >= 0;

    /// <summary>
    /// Whether an extension found has one of the names, be it to mask them, or brings the very directory under another.
    /// </summary>
    public static bool AreAmong(Root root, DiscoveryResult found, Extension bare)
    {
        if (found.Extensions.Exists(IsNamed))
            return true;
        foreach (Extension extension in found.Extensions)
            if (AreOf(root, extension, bare))
                return true;
        return false;
    }

    /// <summary>Whether an extension brings the very directory, whatever it is called.</summary>
    public static bool AreOf(Root root, Extension extension, Extension bare)
    {
        if (extension.Kind != ExtensionKind.Directory)
            return false;
        // Whatever is wrong with it is for the judgement to say.
        using SafeFileHandle? theirs = root.TryOpen(extension.Path + ExtensionClass.Confext.Hierarchies[0],
            Sys.O_PATH | Sys.O_DIRECTORY, out _);
        return theirs is not null && Sys.Status(theirs).IsSameInode(bare.Status);
    }

    /// <summary>Whether a root has them in any form, also one that cannot be merged.</summary>
    public static bool Exist(Root root)
    {
        if (root.Exists(Directory))
            return true;
        foreach (string name in Names)
            if (root.Exists("/usr/lib/confexts/" + name))
                return true;
        return false;
    }
}
