using System.Collections.Generic;
using BootMerge.Linux;
using BootMerge.Planning;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>Gathers the facts that planning starts from. Changes nothing.</summary>
internal static class HierarchyLook
{
    /// <summary>Looks at a hierarchy on which nothing is merged, or nothing any more.</summary>
    public static HierarchyState Of(Root root, ExtensionClass extensionClass, string hierarchy)
    {
        using SafeFileHandle? handle = root.TryOpenDirectory(hierarchy, Sys.O_RDONLY);
        if (handle is null)
        {
            if (root.TryOpen(hierarchy) is SafeFileHandle other)
            {
                other.Dispose();
                throw new InputException(PathText.Printable(root.Outside(hierarchy))
                    + " is not a directory, nothing can be merged into it");
            }

            return new HierarchyState
            {
                Class = extensionClass,
                Hierarchy = hierarchy,
                Place = DanglingTarget(root, hierarchy),
                Routing = LookAtRouting(root, hierarchy, null),
                AreMarksHidden = Sys.IsInUserNamespace(),
            };
        }

        FileStatus status = Sys.Status(handle);
        return new HierarchyState
        {
            Class = extensionClass,
            Hierarchy = hierarchy,
            Path = root.PathOf(handle),
            Permissions = status.Permissions,
            IsEmpty = Sys.IsEmptyFromHere(handle),
            Device = status.Device,
            Routing = LookAtRouting(root, hierarchy, status),
            AreMarksHidden = Sys.IsInUserNamespace(),
        };
    }

    /// <summary>All workdirs that exist beside an upperdir.</summary>
    /// <param name="inTheWay">Something that has a workdir's name but is not a directory, or null.</param>
    public static List<string> WorkDirectoriesBeside(Root root, string upper, string hierarchy, out string? inTheWay)
    {
        inTheWay = null;
        List<string> paths = [];
        using SafeFileHandle? parent = root.TryOpenDirectory(PathName.Parent(upper), Sys.O_RDONLY);
        if (parent is null)
            return paths;
        foreach (DirectoryEntry entry in Sys.ReadDirectory(parent))
        {
            if (!WorkDirectory.IsOf(hierarchy, entry.Name))
                continue;
            string path = PathName.Parent(upper) + "/" + entry.Name;
            if (Sys.TryStatusAt(parent, entry.Name) is { IsDirectory: false })
                inTheWay = path;
            paths.Add(path);
        }

        return paths;
    }

    private static Routing LookAtRouting(Root root, string hierarchy, FileStatus? hierarchyStatus)
    {
        string entry = HierarchyState.RoutingEntry(hierarchy);
        using SafeFileHandle? handle = root.TryOpen(entry, Sys.O_PATH, out int errno);
        if (handle is null)
            return errno is Errno.ENOENT or Errno.ENOTDIR
                ? LookAtMissing(root, hierarchy, entry)
                : new Routing
                {
                    Entry = entry,
                    Kind = RoutingKind.Unusable,
                    Problem = "cannot be opened: " + Errno.Describe(errno)
                };

        FileStatus status = Sys.Status(handle);
        if (!status.IsDirectory)
            return new Routing
            {
                Entry = entry,
                Kind = RoutingKind.Unusable,
                Problem = "is not a directory or a symlink to one"
            };
        bool isSelf = hierarchyStatus is not null && status.IsSameInode(hierarchyStatus)
            && status.UniqueMountId == hierarchyStatus.UniqueMountId;
        using SafeFileHandle readable = Sys.Reopen(handle, Sys.O_RDONLY | Sys.O_DIRECTORY);
        string path = root.PathOf(handle);
        List<string> workDirectories = WorkDirectoriesBeside(root, path, hierarchy, out string? inTheWay);
        return new Routing
        {
            Entry = entry,
            Kind = isSelf ? RoutingKind.Self : RoutingKind.Directory,
            Path = path,
            WorkDirectories = workDirectories,
            InTheWay = inTheWay,
            Permissions = status.Permissions,
            IsReadOnly = Sys.IsReadOnly(readable),
            IsMountRoot = status.IsMountRoot,
        };
    }

    private static Routing LookAtMissing(Root root, string hierarchy, string entry)
    {
        string? target = DanglingTarget(root, entry);
        List<string> workDirectories = WorkDirectoriesBeside(root, target ?? entry, hierarchy, out string? inTheWay);
        return new Routing
        {
            Entry = entry,
            Kind = target is null ? RoutingKind.Absent : RoutingKind.Dangling,
            Path = target,
            WorkDirectories = workDirectories,
            InTheWay = inTheWay,
        };
    }

    /// <summary>The target of a dangling symlink; null if nothing exists at the path.</summary>
    private static string? DanglingTarget(Root root, string path)
    {
        using SafeFileHandle? parent = root.TryOpenDirectory(PathName.Parent(path));
        if (parent is null || Sys.TryStatusAt(parent, PathName.Last(path)) is not { IsSymlink: true })
            return null;
        using SafeFileHandle link = Sys.OpenChild(parent, PathName.Last(path), Sys.O_PATH);
        return PathName.Join(PathName.Parent(path), Sys.ReadLink(link));
    }
}
