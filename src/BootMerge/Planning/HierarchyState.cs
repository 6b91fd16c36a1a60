using System;
using System.Collections.Generic;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Planning;

/// <summary>What a routing entry leads to.</summary>
internal enum RoutingKind
{
    Absent,

    /// <summary>A symlink to something that does not exist.</summary>
    Dangling,

    /// <summary>The hierarchy itself: self-routed.</summary>
    Self,

    /// <summary>A directory, or a link to one.</summary>
    Directory,

    /// <summary>Something else, or nothing that can be opened: <see cref="Routing.Problem"/> says what.</summary>
    Unusable,
}

/// <summary>Facts about a routing entry and the directory behind it.</summary>
internal sealed class Routing
{
    /// <summary>The entry's path inside the root: "/var/lib/extensions.mutable/etc".</summary>
    public required string Entry { get; init; }

    public required RoutingKind Kind { get; init; }

    /// <summary>Where it leads, inside the root; of a dangling link where it would lead. null when absent or unusable.</summary>
    public string? Path { get; init; }

    /// <summary>Permission bits of the directory behind it.</summary>
    public uint Permissions { get; init; }

    public bool IsReadOnly { get; init; }

    /// <summary>The directory beside which the workdir goes is on another mount: the directory is a mount point itself.</summary>
    public bool IsMountRoot { get; init; }

    public string? Problem { get; init; }

    /// <summary>
    /// Workdirs of this hierarchy that exist beside the directory: of a merge that is mounted, here or where nobody sees
    /// it, or left by a kill or a power cut. None of them is used again. Paths inside the root.
    /// </summary>
    public List<string> WorkDirectories { get; init; } = [];

    /// <summary>What has a workdir's name and is no directory; null when nothing has.</summary>
    public string? InTheWay { get; init; }
}

/// <summary>
/// Facts about one hierarchy as it is without any merge: what planning starts from. Gathered once; nothing here changes
/// the system.
/// </summary>
internal sealed class HierarchyState
{
    public required ExtensionClass Class { get; init; }

    /// <summary>As configured: "/etc".</summary>
    public required string Hierarchy { get; init; }

    /// <summary>Resolved, inside the root; null when there is no such directory.</summary>
    public string? Path { get; init; }

    /// <summary>Where it is created when it is absent, inside the root: a symlink to nothing is followed.</summary>
    public string? Place { get; init; }

    /// <summary>Permission bits; those a new hierarchy gets when it is absent.</summary>
    public uint Permissions { get; init; } = 0x1ED; // 0755

    public bool IsEmpty { get; init; } = true;

    /// <summary>"8:1".</summary>
    public string Device { get; init; } = "0:0";

    public required Routing Routing { get; init; }

    /// <summary>This is a user namespace: what an upper layer hides cannot be read, nor written (xattr(7), trusted.*).</summary>
    public bool AreMarksHidden { get; init; }

    /// <summary>Looks at a hierarchy on which nothing is merged (any more).</summary>
    public static HierarchyState Look(Root root, ExtensionClass extensionClass, string hierarchy)
    {
        using SafeFileHandle? handle = root.TryOpenDirectory(hierarchy, Sys.O_RDONLY);
        if (handle is null)
        {
            if (root.TryOpen(hierarchy) is SafeFileHandle other)
            {
                other.Dispose();
                throw new InputException(PathText.Printable(root.Outside(hierarchy)) + " is not a directory, nothing can be merged into it");
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
            IsEmpty = Sys.IsEmpty(handle),
            Device = status.Device,
            Routing = LookAtRouting(root, hierarchy, status),
            AreMarksHidden = Sys.IsInUserNamespace(),
        };
    }

    /// <summary>The same hierarchy as if its routing entry led to itself and nothing could be written to.</summary>
    public HierarchyState SelfRouted() => With(RoutingTo(Path ?? Hierarchy, isReadOnly: true));

    /// <summary>The same hierarchy as if its routing entry led there.</summary>
    /// <param name="path">A directory inside the root, resolved; null: there is no entry.</param>
    public HierarchyState RoutedTo(string? path) => With(RoutingTo(path, isReadOnly: false));

    private Routing RoutingTo(string? path, bool isReadOnly) => new()
    {
        Entry = Routing.Entry,
        Kind = path is null ? RoutingKind.Absent : path == (Path ?? Hierarchy) ? RoutingKind.Self : RoutingKind.Directory,
        Path = path,
        Permissions = Permissions,
        IsReadOnly = isReadOnly,
    };

    private HierarchyState With(Routing routing) => new()
    {
        Class = Class,
        Hierarchy = Hierarchy,
        Path = Path,
        Place = Place,
        Permissions = Permissions,
        IsEmpty = IsEmpty,
        Device = Device,
        Routing = routing,
        AreMarksHidden = AreMarksHidden,
    };

    /// <summary>"/opt/x" to "opt.x": how systemd names what belongs to a hierarchy.</summary>
    public static string ShortName(string hierarchy) => hierarchy.Trim('/').Replace('/', '.');

    public static string RoutingEntry(string hierarchy) => "/var/lib/extensions.mutable/" + ShortName(hierarchy);

    private static Routing LookAtRouting(Root root, string hierarchy, FileStatus? hierarchyStatus)
    {
        string entry = RoutingEntry(hierarchy);
        using SafeFileHandle? handle = root.TryOpen(entry, Sys.O_PATH, out int errno);
        if (handle is null)
            return errno is Errno.ENOENT or Errno.ENOTDIR
                ? LookAtMissing(root, hierarchy, entry)
                : new Routing { Entry = entry, Kind = RoutingKind.Unusable, Problem = "cannot be opened: " + Errno.Describe(errno) };

        FileStatus status = Sys.Status(handle);
        if (!status.IsDirectory)
            return new Routing { Entry = entry, Kind = RoutingKind.Unusable, Problem = "is not a directory or a symlink to one" };
        bool isSelf = hierarchyStatus is not null && status.IsSameInode(hierarchyStatus) && status.UniqueMountId == hierarchyStatus.UniqueMountId;
        using SafeFileHandle readable = Sys.Reopen(handle, Sys.O_RDONLY | Sys.O_DIRECTORY);
        string path = root.PathOf(handle);
        List<string> workDirectories = WorkDirectory.FindBeside(root, path, hierarchy, out string? inTheWay);
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
        List<string> workDirectories = WorkDirectory.FindBeside(root, target ?? entry, hierarchy, out string? inTheWay);
        return new Routing
        {
            Entry = entry,
            Kind = target is null ? RoutingKind.Absent : RoutingKind.Dangling,
            Path = target,
            WorkDirectories = workDirectories,
            InTheWay = inTheWay,
        };
    }

    /// <summary>Where a symlink leads that leads to nothing; null when nothing is there at all.</summary>
    private static string? DanglingTarget(Root root, string path)
    {
        int slash = path.LastIndexOf('/');
        using SafeFileHandle? parent = root.TryOpenDirectory(path[..slash]);
        if (parent is null || Sys.TryStatusAt(parent, path[(slash + 1)..]) is not { IsSymlink: true })
            return null;
        using SafeFileHandle link = Sys.OpenChild(parent, path[(slash + 1)..], Sys.O_PATH);
        return Join(path[..slash], Sys.ReadLink(link));
    }

    /// <summary>Where a symlink in a directory leads, by its text alone; ".." stops at the root.</summary>
    internal static string Join(string directory, string target)
    {
        string path = "";
        foreach (string component in (target.StartsWith('/') ? target : directory + "/" + target).Split('/'))
        {
            if (component == "..")
                path = path.Length == 0 ? "" : path[..path.LastIndexOf('/')];
            else if (component is not ("" or "."))
                path += "/" + component;
        }

        return path.Length == 0 ? "/" : path;
    }
}
