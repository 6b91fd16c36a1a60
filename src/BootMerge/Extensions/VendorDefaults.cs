using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Extensions;

/// <summary>
/// Flatcar's defaults for /etc: an extension, which has had two names, or a directory that is not an extension. However
/// many of these a root has, they count as one.
/// </summary>
internal static class VendorDefaults
{
    /// <summary>
    /// Where they are if they are not an extension; otherwise often a symlink to that extension's etc.
    /// </summary>
    public const string Directory = "/usr/share/flatcar/etc";

    /// <summary>The name of the extension that the directory is treated as.</summary>
    private const string OwnName = "flatcar-defaults";

    private static readonly string[] Names = ["flatcar-default", OwnName];

    /// <summary>The directory as an extension; null if it does not exist.</summary>
    public static Extension? AsExtension(Root root) => Extension.FromDefaults(root, OwnName, Directory);

    public static bool IsNamed(Extension extension) => IsName(extension.Name);

    public static bool IsName(string name) => Words.IndexOf(Names, name) >= 0;

    /// <summary>
    /// Whether a found extension has one of the names, even if only to mask them, or brings the same directory under
    /// another name.
    /// </summary>
    public static bool AreAmong(Root root, DiscoveryResult found, Extension defaults)
    {
        if (found.Extensions.Exists(IsNamed))
            return true;
        foreach (Extension extension in found.Extensions)
            if (AreOf(root, extension, defaults))
                return true;
        return false;
    }

    /// <summary>Whether an extension brings this same directory, whatever the extension is called.</summary>
    public static bool AreOf(Root root, Extension extension, Extension defaults)
    {
        if (extension.Kind != ExtensionKind.Directory)
            return false;
        // The judgement reports whatever is wrong with it.
        using SafeFileHandle? theirs = root.TryOpen(extension.Path + ExtensionClass.Confext.Hierarchies[0],
            Sys.O_PATH | Sys.O_DIRECTORY, out _);
        return theirs is not null && Sys.Status(theirs).IsSameInode(defaults.Status);
    }

    /// <summary>Whether a root has them in any form, even one that cannot be merged.</summary>
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
