using System;
using System.Collections.Generic;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Extensions;

/// <summary>Which of the extensions found are merged, and why the others are not.</summary>
internal static class Judgement
{
    /// <param name="hierarchies">Those to be merged: the class's own, or what replaces them for debugging.</param>
    /// <param name="force">Accept what could be merged although it does not fit.</param>
    /// <param name="policy">For disk images; null: the built-in one.</param>
    /// <param name="routing">For each hierarchy the entry that says where writes go; null: nothing is written or
    /// imported.</param>
    /// <returns>In the order of <see cref="DiscoveryResult.Extensions"/>: the last is the topmost layer.</returns>
    public static List<Candidate> Of(Root root, DiscoveryResult found, HostRelease host, string[] hierarchies,
        bool force, ImagePolicy? policy = null, string[]? routing = null)
    {
        List<Candidate> candidates = Judge(root, found, host, hierarchies, force, policy, routing,
            out bool overlapsRouting);
        // If that would leave none, it is the entry that leads to a wrong place: then the merge fails, and nothing is
        // written there.
        if (overlapsRouting && !candidates.Exists(candidate => candidate.Verdict.Accepted))
            candidates = Judge(root, found, host, hierarchies, force, policy, routing: null, out _);
        return candidates;
    }

    private static List<Candidate> Judge(
        Root root, DiscoveryResult found, HostRelease host, string[] hierarchies, bool force, ImagePolicy? policy,
            string[]? routing, out bool overlapsRouting)
    {
        overlapsRouting = false;
        List<Candidate> candidates = [];
        List<Layer> layers = [];
        if (found.Extensions.Count == 0)
            return candidates;
        MountTable mounts = MountTable.Read();
        for (int i = 0; i < hierarchies.Length; i++)
        {
            AddLayer(layers, hierarchies[i], "the system's own", root, mounts, root.TryOpenDirectory(hierarchies[i]));
            if (routing is not null)
                AddLayer(layers, hierarchies[i], Routed(routing[i]), root, mounts,
                    root.TryOpen(routing[i], Sys.O_PATH | Sys.O_DIRECTORY, out _));
        }

        // The directories that each accepted extension needs for itself.
        List<Layer>?[] claims = new List<Layer>?[found.Extensions.Count];
        for (int i = 0; i < claims.Length; i++)
        {
            Extension extension = found.Extensions[i];
            Verdict verdict;
            string? missing = null;
            List<ExtensionLayer> brought = [];
            // As in ReleaseFileSearch: a broken extension is refused, and the others go on.
            try
            {
                verdict = Judge(root, extension, host, policy);
                if (force)
                    verdict = verdict.Forced();
                if (verdict.Accepted)
                {
                    List<Layer> claimed = [];
                    brought = Look(root, extension, hierarchies, mounts, claimed, out missing);
                    claims[i] = claimed;
                }
            }
            catch (Exception e) when (e is KernelException or InputException)
            {
                verdict = Verdict.Unusable(e.Message);
                if (extension.Kind != ExtensionKind.Directory)
                    verdict = verdict.OfImage();
            }

            candidates.Add(new Candidate
            {
                Extension = extension,
                Verdict = verdict,
                Layers = brought,
                Missing = missing
            });
        }

        // If two extensions bring the same directory, the one that contains it stays: systemd finds it there too. If
        // neither or both do, the stronger one stays, so this goes from the top.
        for (int pass = 0; pass < 2; pass++)
            for (int i = claims.Length - 1; i >= 0; i--)
            {
                if (claims[i] is not List<Layer> claimed || AreInside(found.Extensions[i], claimed) != (pass == 0))
                    continue;
                if (Claim(claimed, layers, out Layer? overlapped) is Verdict refused)
                    candidates[i].Verdict = refused;
                overlapsRouting |= routing is not null && overlapped is not null
                    && Array.Exists(routing, entry => overlapped.Owner == Routed(entry));
            }

        return candidates;
    }

    private static Verdict Judge(Root root, Extension extension, HostRelease host, ImagePolicy? policy)
    {
        if (extension.IsDefaultsDirectory)
            return Verdict.Accept;

        if (extension.OpenImage(root, policy) is string refusal)
            return Verdict.RefusedByPolicy(refusal);
        using SafeFileHandle? directory = extension.TryOpen(root, "/", Sys.O_RDONLY | Sys.O_DIRECTORY);
        if (directory is null)
            return Verdict.Unusable("it disappeared during the search");
        if (extension.Image is null && Sys.IsEmptyFromHere(directory))
            return Verdict.Mask;
        if (ShipsOsRelease(root, extension))
            return Verdict.Unusable("it contains usr/lib/os-release and would replace the system's own");
        if (ShipsOsRelease(directory))
            return Verdict.Rejected("it contains usr/lib/os-release, which belongs to the system alone");
        ReleaseFile release = ReleaseFileSearch.Read(root, extension);
        if (release.Problem is null)
            return Compatibility.Judge(release, host, extension.Class);
        Verdict rejected = Verdict.Rejected(release.Problem);
        return extension.Image is null ? rejected : rejected.OfImage();
    }

    /// <summary>No symlink leads out of it, and it is not just the directory of the defaults.</summary>
    private static bool AreInside(Extension extension, List<Layer> layers)
    {
        foreach (Layer layer in layers)
            if (!PathName.IsBelow(layer.Path, extension.Path))
                return false;
        return true;
    }

    public static List<ExtensionLayer> LayersOf(Root root, Extension extension, string[] hierarchies) =>
        Look(root, extension, hierarchies, null, [], out _);

    /// <summary>
    /// Opens each hierarchy once for everything that is asked about it: there may be hundreds of extensions.
    /// </summary>
    /// <param name="mounts">null: nothing is claimed.</param>
    /// <param name="claimed">Receives what must not be in a merge twice.</param>
    /// <param name="missing">The first hierarchy that the extension means to have but lacks.</param>
    private static List<ExtensionLayer> Look(
        Root root, Extension extension, string[] hierarchies, MountTable? mounts, List<Layer> claimed,
            out string? missing)
    {
        missing = null;
        List<ExtensionLayer> brought = [];
        foreach (string hierarchy in hierarchies)
        {
            using SafeFileHandle? directory = extension.OpenHierarchy(root, hierarchy, Sys.O_RDONLY);
            if (directory is null)
            {
                missing ??= Missing(root, extension, hierarchy);
                continue;
            }

            string outside = Sys.PathOf(directory);
            string path = extension.Image is null ? root.Inside(outside) : outside;
            FileStatus status = Sys.Status(directory);
            // An image is a file system of its own, mounted once for this extension.
            if (extension.Image is null && mounts is not null)
                claimed.Add(LayerAt(hierarchy, "that of '" + PathText.Printable(extension.Name) + "'", path, status,
                    mounts.PlacesOf(directory, outside, status)));
            if (!Sys.IsEmptyFromHere(directory))
                brought.Add(new ExtensionLayer(hierarchy, path, extension.Image) { MountId = status.UniqueMountId });
        }

        return brought;
    }

    private static string? Missing(Root root, Extension extension, string hierarchy) =>
        !extension.IsDefaultsDirectory
        && EntryFile.WhyMissing((path, flags) => extension.TryOpen(root, path, flags), hierarchy) is string reason
            ? hierarchy + " (" + reason + ")" : null;

    /// <summary>
    /// Whether the extension would put its os-release into the merged /usr. The system would then claim to be another
    /// one, for the next merge's extensions too. The file is looked up like the hierarchy, so also if the extension's
    /// usr is a symlink out of it.
    /// </summary>
    public static bool ShipsOsRelease(Root root, Extension extension)
    {
        if (extension.Class != ExtensionClass.Sysext)
            return false;
        using SafeFileHandle? file = extension.TryOpen(root, "usr/lib/os-release", Sys.O_PATH | Sys.O_NOFOLLOW);
        return file is not null;
    }

    private static bool ShipsOsRelease(SafeFileHandle directory)
    {
        // Not followed: a symlink of that name would hide the system's file just as well.
        using SafeFileHandle? file = Extension.TryOpenInside(directory, "usr/lib/os-release",
            Sys.O_PATH | Sys.O_NOFOLLOW);
        return file is not null;
    }

    /// <summary>
    /// overlayfs accepts no directory twice, nor one inside another (ELOOP), and then nothing at all would be merged.
    /// So the extension that brings such a directory is refused.
    /// </summary>
    /// <param name="overlapped">The layer that it overlaps.</param>
    /// <returns>null if nothing is against it; its layers are then in <paramref name="layers"/>.</returns>
    private static Verdict? Claim(List<Layer> claimed, List<Layer> layers, out Layer? overlapped)
    {
        overlapped = null;
        foreach (Layer layer in claimed)
        {
            overlapped = FirstOverlapping(layers, layer);
            if (overlapped is not null)
                return Verdict.Unusable("its " + layer.Hierarchy + " is or overlaps " + overlapped.Owner + " ("
                    + PathText.Printable(layer.Path) + ")");
        }

        foreach (Layer layer in claimed)
            layers.Add(layer);
        return null;
    }

    private static Layer? FirstOverlapping(List<Layer> layers, Layer layer)
    {
        foreach (Layer other in layers)
            if (layer.Overlaps(other))
                return other;
        return null;
    }

    private static string Routed(string entry) => "what " + entry + " leads to";

    private static void AddLayer(List<Layer> layers, string hierarchy, string owner, Root root, MountTable mounts,
        SafeFileHandle? directory)
    {
        if (directory is null)
            return;
        using (directory)
        {
            string outside = Sys.PathOf(directory);
            FileStatus status = Sys.Status(directory);
            layers.Add(LayerAt(hierarchy, owner, root.Inside(outside), status,
                mounts.PlacesOf(directory, outside, status)));
        }
    }

    private static Layer LayerAt(
        string hierarchy, string owner, string path, FileStatus status, List<FileSystemPlace> places) =>
        new()
        {
            Hierarchy = hierarchy,
            Owner = owner,
            Path = path,
            Status = status,
            Places = places
        };

    private sealed class Layer
    {
        public required string Hierarchy { get; init; }

        public required string Owner { get; init; }

        public required string Path { get; init; }

        public required FileStatus Status { get; init; }

        /// <summary>Paths do not reveal bind mounts, and a btrfs subvolume has its own device number.</summary>
        public required List<FileSystemPlace> Places { get; init; }

        /// <summary>Both would be in the same merge. This runs for every two layers, so it allocates nothing.</summary>
        public bool Overlaps(Layer other)
        {
            if (Hierarchy != other.Hierarchy)
                return false;
            if (Status.IsSameInode(other.Status))
                return true;
            foreach (FileSystemPlace place in Places)
                foreach (FileSystemPlace otherPlace in other.Places)
                    if (place.Device == otherPlace.Device && (PathName.IsOrIsBelow(place.Path, otherPlace.Path)
                        || PathName.IsOrIsBelow(otherPlace.Path, place.Path)))
                        return true;
            return false;
        }
    }
}
