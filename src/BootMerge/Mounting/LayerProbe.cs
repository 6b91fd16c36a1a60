using System.Collections.Generic;
using BootMerge.Extensions;
using BootMerge.Linux;
using BootMerge.Reporting;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>
/// Overlayfs refuses directories of some file systems as layers: FAT, automount points, overlays of overlays. One such
/// extension would make the whole merge fail, so each extension is tried alone, and left out if it is refused.
/// </summary>
internal static class LayerProbe
{
    // File systems that hold nearly all extensions and that overlayfs accepts: ext4, XFS, btrfs, tmpfs, squashfs,
    // erofs, ramfs.
    private static readonly long[] Usual = [0xEF53, 0x58465342, 0x9123683E, 0x01021994, 0x73717368, 0xE0F5E1E2,
        0x858458F6];

    /// <summary>Rejects the extensions that the kernel refuses as layers.</summary>
    public static void LeaveOutRefused(Root root, List<Candidate> candidates, Log log)
    {
        ulong? usual = null; // most extensions are on one mount, which is asked only once
        foreach (Candidate candidate in candidates)
        {
            if (!candidate.Verdict.Accepted || candidate.Extension.Image is not null)
                continue;
            foreach (ExtensionLayer layer in candidate.Layers)
                if (layer.MountId != usual && Refusal(root, candidate.Extension, layer, ref usual,
                    log) is string reason)
                    candidate.Verdict = Verdict.Unusable("its " + layer.Hierarchy + " cannot be a layer: " + reason);
        }
    }

    /// <returns>null if the kernel accepts it, or cannot be asked.</returns>
    private static string? Refusal(Root root, Extension extension, ExtensionLayer layer, ref ulong? usual, Log log)
    {
        using SafeFileHandle? directory = extension.OpenHierarchy(root, layer.Hierarchy);
        if (directory is null)
            return null;
        if (System.Array.IndexOf(Usual, Sys.FileSystemType(directory)) >= 0)
        {
            usual = layer.MountId;
            return null;
        }

        try
        {
            // A kernel that needs attached layers also needs the empty layer beside it attached.
            string path = Sys.PathOf(directory);
            using PrivateView view = PrivateView.Enter();
            using SafeFileHandle attached = Sys.Open(path, Sys.O_PATH | Sys.O_DIRECTORY);
            using SafeFileHandle place = Sys.Open("/", Sys.O_PATH | Sys.O_DIRECTORY);
            return Refusal(attached, place, path);
        }
        catch (KernelException e)
        {
            log.Debug("Not asked whether " + extension.Name + " can be a layer: " + e.Message);
            return null;
        }
    }

    /// <summary>
    /// No option of a read-only overlay decides whether the kernel accepts a layer, so the probe needs none of its own.
    /// </summary>
    private static string? Refusal(SafeFileHandle layer, SafeFileHandle place, string path)
    {
        bool isAsked = false; // what fails before says nothing about the layer
        try
        {
            LayerView.Mount(place, OverlaySupport.Probe(), isStaged: true, path, (stage, layers) =>
            {
                layers.Add(new NamedLayer("layer", layer));
                layers.Add(new NamedLayer("empty", stage.Filler()));
                isAsked = true;
            }).Dispose();
            return null;
        }
        catch (KernelException e) when (isAsked && e.Errno is not (Errno.EPERM or Errno.EACCES))
        {
            return e.Message;
        }
    }
}
