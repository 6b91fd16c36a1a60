using System;
using System.Collections.Generic;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>What one layer has at a path.</summary>
internal enum LayerPart
{
    /// <summary>What is seen.</summary>
    Provides,

    /// <summary>A directory whose content is merged into the one that is seen.</summary>
    Merged,

    /// <summary>Hidden by a layer or mount above.</summary>
    Hidden,

    /// <summary>A whiteout: the path is deleted in the layers below.</summary>
    Deletes,

    /// <summary>
    /// Not the path itself, but something on the way to it that hides everything of the layers below in it: a
    /// directory, or something else in its place.
    /// </summary>
    Covers,
}

/// <param name="layer">"upper", "merge", "mount", or the name of the layer.</param>
/// <param name="path">The path inside the layer; a move can make it a different one.</param>
/// <param name="type">For a mount, its file system.</param>
/// <param name="note">What hides the layers below: "opaque", "moved from /ssh"; or "".</param>
internal sealed class LayerFinding(string layer, string path, LayerPart part, string type, string note)
{
    public string Layer { get; } = layer;

    public string Path { get; } = path;

    public LayerPart Part { get; } = part;

    public string Type { get; } = type;

    public string Note { get; set; } = note;

    /// <summary>The layer itself, inside the root.</summary>
    public string Place { get; set; } = "";

    /// <summary>Where it can be opened, inside the root.</summary>
    public string Location => (Place + Path).TrimEnd('/');
}

/// <summary>Looks a path up in one layer after the other, topmost first, as overlayfs does.</summary>
internal static class Explanation
{
    /// <summary>In a merge in memory: deleted.</summary>
    private const string Absent = "absent";

    /// <param name="path">Inside the hierarchy: "/ssh/sshd_config"; "" is the hierarchy itself.</param>
    /// <param name="shadowed">Tells whether an opaque directory hides anything on purpose.</param>
    /// <param name="mount">A mount at the path, or on the way to it: it hides all layers.</param>
    /// <returns>Empty if no layer has the path, and it is not in a mount.</returns>
    public static List<LayerFinding> Of(ChangedTree tree, string path, ShadowedRecord shadowed,
        LayerFinding? mount = null)
    {
        List<LayerFinding> findings = [];
        string[] names = path.Trim('/').Length == 0 ? [] : path.Trim('/').Split('/');
        State state = new(names) { IsCovered = mount is not null };
        if (tree.HasUpper)
            Look(tree.Upper, tree.IsWhole ? "merge" : "upper", state, findings, tree.IsWhole,
                (pathBelow, status) => shadowed.IsMadeFirst(tree.Hierarchy, pathBelow, status));
        Locate(findings, tree.UpperPath);
        foreach (Mounting.NamedLayer layer in tree.Layers)
        {
            Look(layer.Directory, layer.Name, state, findings);
            Locate(findings, layer.Place);
        }

        // A cover with nothing below it makes no difference.
        while (findings.Count > 0 && (findings[^1].Part == LayerPart.Covers || findings is [{ Type: Absent }]))
            findings.RemoveAt(findings.Count - 1);
        if (mount is not null)
        {
            mount.Place = tree.Hierarchy;
            findings.Insert(0, mount);
        }

        return findings;
    }

    private static void Locate(List<LayerFinding> findings, string place)
    {
        for (int i = findings.Count - 1; i >= 0 && findings[i].Place.Length == 0; i--)
            findings[i].Place = place;
    }

    /// <summary>Where to look in the next layer, and whether anything of it still shows.</summary>
    private sealed class State(string[] names)
    {
        public string[] Names { get; set; } = names;

        /// <summary>A layer above hides everything that follows.</summary>
        public bool IsCovered { get; set; }

        public bool IsFound { get; set; }
    }

    /// <param name="isWhole">It is the merge itself, so what it lacks does not show.</param>
    /// <param name="isMadeFirst">Whether nothing was below an opaque directory, at the given path below, when it was
    /// made. null for layers below.</param>
    private static void Look(SafeFileHandle layer, string name, State state, List<LayerFinding> findings,
        bool isWhole = false, Func<string, FileStatus, bool>? isMadeFirst = null)
    {
        // Each directory on the way may say that it hides the layers below, or that they have it elsewhere.
        bool endsHere = false;
        List<string> below = [];
        LayerFinding? cover = null;
        SafeFileHandle at = Sys.Reopen(layer, Sys.O_RDONLY | Sys.O_DIRECTORY);
        try
        {
            for (int i = 0; i < state.Names.Length; i++)
            {
                FileStatus? status = OverlayMark.TryStatus(at, state.Names[i]);
                bool isLast = i == state.Names.Length - 1;
                if (status is null)
                {
                    if (isWhole)
                        findings.Add(new LayerFinding(name, "/" + string.Join('/', state.Names, 0, i + 1),
                            state.IsCovered ? LayerPart.Hidden : isLast ? LayerPart.Deletes : LayerPart.Covers, Absent,
                            ""));
                    AddCover(state, endsHere ? cover : null, findings);
                    AddRest(below, state.Names, i);
                    Continue(state, below, endsHere || isWhole);
                    return;
                }

                if (!status.IsDirectory)
                {
                    if (isLast)
                        Found(name, state, status, "", findings);
                    else
                        AddCover(state, Cover(name, state, i, status, ""), findings);
                    // Anything but a directory hides everything below it.
                    endsHere = true;
                    AddRest(below, state.Names, i);
                    Continue(state, below, endsHere);
                    return;
                }

                SafeFileHandle next = Sys.OpenChild(at, state.Names[i], Sys.O_RDONLY | Sys.O_DIRECTORY);
                at.Dispose();
                at = next;
                bool isOpaque = OverlayMark.IsOpaque(at);
                string? redirect = OverlayMark.RedirectOf(at);
                below.Add(state.Names[i]);
                if (redirect is not null)
                    Redirect(below, redirect);
                bool isFirst = isOpaque && redirect is null && isMadeFirst is not null
                    && isMadeFirst("/" + below.Joined("/"), status);
                string opaque = isFirst ? "opaque, made before the layers below had it" : "opaque";
                if (isOpaque)
                    cover = isLast ? null : Cover(name, state, i, status, opaque);
                if (isLast)
                    Found(name, state, status, isOpaque ? opaque : redirect is null ? "" : "moved from " + redirect,
                        findings);
                // A redirect that is a path from the hierarchy starts again there, whatever was on the way.
                endsHere = isOpaque || endsHere && redirect is not ['/', ..];
            }

            if (state.Names.Length == 0)
                Found(name, state, Sys.Status(at), "", findings);
            AddCover(state, endsHere ? cover : null, findings);
            Continue(state, below, endsHere);
        }
        finally
        {
            at.Dispose();
        }
    }

    private static LayerFinding Cover(string layer, State state, int last, FileStatus status, string note) =>
        new(layer, "/" + string.Join('/', state.Names, 0, last + 1), LayerPart.Covers, TypeOf(status), note);

    /// <summary>Only the topmost cover makes a difference.</summary>
    private static void AddCover(State state, LayerFinding? cover, List<LayerFinding> findings)
    {
        if (cover is not null && !state.IsCovered)
            findings.Add(cover);
    }

    private static void AddRest(List<string> below, string[] names, int from)
    {
        for (int i = from; i < names.Length; i++)
            below.Add(names[i]);
    }

    private static void Redirect(List<string> below, string redirect)
    {
        if (redirect[0] == '/')
            below.Clear();
        else
            below.RemoveAt(below.Count - 1);
        foreach (string part in redirect.Split('/'))
            if (part.Length > 0)
                below.Add(part);
    }

    private static void Continue(State state, List<string> below, bool endsHere)
    {
        state.Names = below.ToArray();
        state.IsCovered |= endsHere;
    }

    private static void Found(string layer, State state, FileStatus status, string note, List<LayerFinding> findings)
    {
        LayerPart part = state.IsCovered ? LayerPart.Hidden
            : status.IsWhiteout ? LayerPart.Deletes
            : !state.IsFound ? LayerPart.Provides
            : status.IsDirectory ? LayerPart.Merged
            : LayerPart.Hidden;
        // A file hides a directory below it, and a whiteout hides everything.
        if (!status.IsDirectory)
            state.IsCovered = true;
        state.IsFound |= part is LayerPart.Provides or LayerPart.Deletes;
        findings.Add(new LayerFinding(layer, "/" + string.Join('/', state.Names), part, TypeOf(status), note));
    }

    private static string TypeOf(FileStatus status) =>
        status.IsDirectory ? "directory" : status.IsWhiteout ? "whiteout" : status.IsRegular ? "file" : status.IsSymlink
            ? "symlink" : "special file";
}
