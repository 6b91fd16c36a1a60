using System.Collections.Generic;
using BootMerge.Extensions;
using BootMerge.Linux;
using BootMerge.Reporting;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>
/// Overlayfs refuses directories of some file systems as layers: FAT, automount points, overlays of overlays. One
/// extension there would keep all from being merged, so each is tried alone, and left out.
/// </summary>
internal static class LayerProbe
{
    // What nearly every extension is on, and overlayfs accepts: ext4, XFS, btrfs, tmpfs, squashfs, erofs, ramfs.
    private static readonly long[] Usual = [0xEF53, 0x58465342, 0x9123683E, 0x01021994, 0x73717368, 0xE0F5E1E2,
        0x858458F6];

    /// <summary>Replaces the verdict of extensions that the kernel refuses.</summary>
    public static void LeaveOutRefused(Root root, List<Candidate> candidates, Log log)
    {
        ulong? usual = null; // most extensions lie on one mount, which is asked once
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

    /// <returns>null when the kernel takes it, or cannot be asked.</returns>
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
            // A kernel that wants its layers attached wants that of the empty one beside it, too.
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

    private static string? Refusal(SafeFileHandle layer, SafeFileHandle place, string path)
    {
        using Stage stage = Stage.Create();
        stage.AttachOn(place);
        using SafeFileHandle filler = stage.Filler();
        LayerMethod method = OverlaySupport.Probe();
        OverlayMount probe = OverlayMount.ToRead(path,
            [new NamedLayer("layer", layer), new NamedLayer("empty", filler)], []);
        try
        {
            probe.Make(stage, method, isStaged: true).Dispose();
            return null;
        }
        catch (KernelException e) when (e.Errno is not (Errno.EPERM or Errno.EACCES))
        {
            return e.Message;
        }
    }
}
