using System.Collections.Generic;
using BootMerge.Configuration;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>The mounts that are seen inside the hierarchies: no layer shows there.</summary>
internal sealed class CoveringMounts
{
    private readonly MountTable _table;
    private readonly List<Top> _tops = [];

    private CoveringMounts(MountTable table) => _table = table;

    /// <summary>
    /// Before this thread is in a private view: there the merges, and what is mounted on them, are not seen.
    /// </summary>
    public static CoveringMounts Read(Root root, List<ClassSettings> classes)
    {
        CoveringMounts mounts = new(MountTable.Read());
        foreach (ClassSettings settings in classes)
            foreach (string hierarchy in settings.Hierarchies)
            {
                using SafeFileHandle? directory = root.TryOpenDirectory(hierarchy);
                if (directory is not null)
                    mounts._tops.Add(new Top(hierarchy, Sys.PathOf(directory), Sys.MountNumber(directory),
                        settings.Class.MarkerName));
            }
        return mounts;
    }

    /// <param name="path">Inside the hierarchy: "/ssh/sshd_config".</param>
    /// <returns>The mount that a path walk ends in, as what is at the path or on the way to it; null when that is the
    /// hierarchy's own.</returns>
    public LayerFinding? On(string hierarchy, string path)
    {
        if (_tops.Find(at => at.Hierarchy == hierarchy) is not Top top)
            return null;
        Mount? last = null;
        while (Next(last?.Id ?? top.Mount, top, top.Path + path) is Mount next)
            last = next;
        if (last is null)
            return null;
        string inside = last.Path[top.Path.Length..];
        // Of a bind mount: what of the file system it shows.
        return new LayerFinding("mount", inside, inside == path ? LayerPart.Provides : LayerPart.Covers, last.Type,
            last.Root == "/" ? "" : "its " + last.Root);
    }

    /// <summary>
    /// Of mounts in one mount the one that is nearest to its root is met first, whichever was there first.
    /// </summary>
    private Mount? Next(int from, Top top, string path)
    {
        Mount? next = null;
        foreach (Mount mount in _table.ChildrenOf(from))
            if (PathName.IsOrIsBelow(path, mount.Path) && PathName.IsBelow(mount.Path, top.Path)
                && mount.Path != top.Path + "/" + top.MarkerName
                    && (next is null || mount.Path.Length < next.Path.Length))
                next = mount;
        return next;
    }

    /// <param name="path">For this process.</param>
    /// <param name="mount">The number of the topmost one at the hierarchy: of its merge if there is one.</param>
    private sealed class Top(string hierarchy, string path, int mount, string markerName)
    {
        public string Hierarchy { get; } = hierarchy;

        public string Path { get; } = path;

        public int Mount { get; } = mount;

        public string MarkerName { get; } = markerName;
    }
}
