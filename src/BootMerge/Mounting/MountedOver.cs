using System.Collections.Generic;
using BootMerge.Linux;
using BootMerge.Planning;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>Finds what extensions bring in vain because a mount that is carried over hides it.</summary>
internal static class MountedOver
{
    /// <summary>Looks only at each mount's place, and walks no tree.</summary>
    /// <param name="lower">Of the plan.</param>
    /// <param name="layers">The same, opened.</param>
    /// <param name="target">For messages.</param>
    /// <returns>One warning for each mount that hides something.</returns>
    public static List<string> Find(List<Layer> lower, List<NamedLayer> layers, Submounts submounts, string target)
    {
        List<string> warnings = [];
        for (int i = 0; i < submounts.Mounts.Count; i++)
        {
            string path = submounts.Mounts[i].Path;
            // Several mounts on one place hide the same.
            if (submounts.Mounts.FindIndex(other => other.Path == path) < i)
                continue;
            List<string> names = [];
            for (int layer = 0; layer < lower.Count; layer++)
                if (lower[layer].Kind == LayerKind.Extension && HasAt(layers[layer].Directory, path))
                    names.Add(Words.Quote(lower[layer].Name));
            if (names.Count > 0)
                warnings.Add("The mount on " + PathText.Printable(target + "/" + path) + " hides what the extension"
                    + (names.Count == 1 ? " " : "s ")
                    + names.Joined(", ") + (names.Count == 1 ? " has there." : " have there."));
        }

        return warnings;
    }

    private static bool HasAt(SafeFileHandle layer, string path)
    {
        // This is only for a warning: a damaged directory that the merge itself does not read must not fail it.
        try
        {
            return HasSomethingAt(layer, path);
        }
        catch (KernelException)
        {
            return false;
        }
    }

    /// <summary>Whether a file is there, or a directory that is not empty.</summary>
    private static bool HasSomethingAt(SafeFileHandle layer, string path)
    {
        const ulong Resolve = Sys.RESOLVE_BENEATH | Sys.RESOLVE_NO_SYMLINKS | Sys.RESOLVE_NO_XDEV;
        using SafeFileHandle? found = Sys.TryOpenAt(layer, path, Sys.O_PATH | Sys.O_NOFOLLOW, Resolve, out _);
        if (found is null)
            return false;
        FileStatus status = OverlayMark.Status(found);
        if (!status.IsDirectory)
            return !status.IsWhiteout;
        using SafeFileHandle directory = Sys.Reopen(found, Sys.O_RDONLY | Sys.O_DIRECTORY);
        return !Sys.IsEmptyFromHere(directory);
    }
}
