using System.Collections.Generic;
using BootMerge.Configuration;
using BootMerge.Extensions;
using BootMerge.Extensions.Images;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>
/// Opens image files where no merge covers them. A loop device keeps the mount through which its file was opened. If
/// that were the old merge, every refresh would keep that merge, and the loop devices below it.
/// </summary>
internal static class ImageFiles
{
    /// <summary>
    /// Runs before the images are opened; the caller is in the original namespace. Certificates are read without the
    /// merges too: see <see cref="ReadCertificates"/>.
    /// </summary>
    public static void OpenBelowMerges(Root root, List<ClassSettings> classes, DiscoveryResult found)
    {
        List<Extension> covered = [];
        foreach (Extension extension in found.Extensions)
        {
            if (extension.Kind != ExtensionKind.Image)
                continue;
            using SafeFileHandle? file = extension.TryOpenHere(root);
            if (file is not null && Sys.IsOnOverlay(file))
                covered.Add(extension);
        }

        if (covered.Count == 0)
        {
            ReadCertificates(root, classes, found.Extensions);
            return;
        }

        using PrivateRoot unmerged = PrivateRoot.Enter(root);
        TakeMergesAway(unmerged, classes);
        foreach (Extension extension in covered)
            Use(extension, unmerged.Root, unmerged.Root.TryOpen(extension.Path));
        Trust(found.Extensions, SignerCertificates.Read(unmerged.Root));
    }

    /// <summary>
    /// Certificates count as they are without the merges: an extension must not bring the certificate that vouches for
    /// it, or for another. A caller who may not look below the merges uses the certificates that everybody sees.
    /// </summary>
    /// <param name="root">The session's root, without a preview.</param>
    public static void ReadCertificates(Root root, List<ClassSettings> classes, List<Extension> found)
    {
        if (!found.Exists(static extension => extension.Kind != ExtensionKind.Directory))
            return;
        if (!IsMerged(root, classes) || !Sys.MayMount())
        {
            Trust(found, SignerCertificates.Read(root));
            return;
        }

        using PrivateRoot unmerged = PrivateRoot.Enter(root);
        TakeMergesAway(unmerged, classes);
        Trust(found, SignerCertificates.Read(unmerged.Root));
    }

    private static void Trust(List<Extension> found, SignerCertificates certificates)
    {
        foreach (Extension extension in found)
            extension.Certificates = certificates;
    }

    private static bool IsMerged(Root root, List<ClassSettings> classes)
    {
        foreach (ExtensionClass extensionClass in new[] { ExtensionClass.Confext, ExtensionClass.Sysext })
            foreach (string hierarchy in HierarchiesOf(extensionClass, classes))
            {
                using SafeFileHandle? directory = root.TryOpenDirectory(hierarchy);
                if (directory is not null && Sys.IsOnOverlay(directory))
                    return true;
            }

        return false;
    }

    private static void TakeMergesAway(PrivateRoot unmerged, List<ClassSettings> classes)
    {
        foreach (ExtensionClass extensionClass in new[] { ExtensionClass.Confext, ExtensionClass.Sysext })
            foreach (string hierarchy in HierarchiesOf(extensionClass, classes))
                unmerged.TakeAway(extensionClass, hierarchy);
    }

    /// <summary>Call in a private view: opens what is the same file in the original namespace.</summary>
    public static void OpenAsEverybody(Root root, DiscoveryResult found)
    {
        foreach (Extension extension in found.Extensions)
            if (extension.Kind == ExtensionKind.Image)
                Use(extension, root, extension.TryOpenHere(root));
    }

    /// <summary>
    /// Closes the file if it is another one of the same name, for example one that the machine has in place of the
    /// vendor's.
    /// </summary>
    private static void Use(Extension extension, Root root, SafeFileHandle? file)
    {
        if (file is null)
            return;
        FileStatus status = Sys.Status(file);
        bool isSame = status.IsRegular && status.Size == extension.Status.Size
            && status.ModificationTime == extension.Status.ModificationTime;
        if (isSame && !Sys.IsOnOverlay(file))
            extension.OpenFrom(file, root.TryOpenDirectory(PathName.Parent(extension.Path)));
        else
            file.Dispose();
    }

    private static string[] HierarchiesOf(ExtensionClass extensionClass, List<ClassSettings> classes)
    {
        foreach (ClassSettings settings in classes)
            if (settings.Class == extensionClass)
                return settings.Hierarchies;
        return extensionClass.Hierarchies;
    }
}
