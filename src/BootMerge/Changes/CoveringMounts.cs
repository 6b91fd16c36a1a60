using System.Collections.Generic;
using BootMerge.Configuration;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>The visible mounts inside the hierarchies: no layer shows through them.</summary>
internal sealed class CoveringMounts
{
    private readonly MountTable _table;
    private readonly List<Top> _tops = [];

    private CoveringMounts(MountTable table) => _table = table;

    /// <summary>
    /// Call before this thread is in a private view, which does not show the merges and what is mounted on them.
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
    /// <returns>The mount that a path walk ends in, at the path or on the way to it; null if that is the hierarchy's
    /// own.</returns>
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
        // For a bind mount: which part of its file system it shows.
        return new LayerFinding("mount", inside, inside == path ? LayerPart.Provides : LayerPart.Covers, last.Type,
            last.Root == "/" ? "" : "its " + last.Root);
    }

    /// <summary>
    /// Among mounts on one mount, a path walk first meets the one nearest to that mount's root, whichever was mounted
    /// first.
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
    /// <param name="mount">Number of the topmost mount on the hierarchy: that of its merge if there is one.</param>
    private sealed class Top(string hierarchy, string path, int mount, string markerName)
    {
        public string Hierarchy { get; } = hierarchy;

        public string Path { get; } = path;

        public int Mount { get; } = mount;

        public string MarkerName { get; } = markerName;
    }
}
