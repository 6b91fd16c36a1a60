using System.Collections.Generic;

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

    /// <summary>Something else, or something that cannot be opened: <see cref="Routing.Problem"/> says what.</summary>
    Unusable,
}

/// <summary>Facts about a routing entry and the directory behind it.</summary>
internal sealed class Routing
{
    /// <summary>The entry's path inside the root: "/var/lib/extensions.mutable/etc".</summary>
    public required string Entry { get; init; }

    public required RoutingKind Kind { get; init; }

    /// <summary>
    /// Where it leads, inside the root; for a dangling link, where it would lead. null if absent or unusable.
    /// </summary>
    public string? Path { get; init; }

    /// <summary>Permission bits of the directory that it leads to.</summary>
    public uint Permissions { get; init; }

    public bool IsReadOnly { get; init; }

    /// <summary>
    /// Whether the directory is a mount point: then its parent, where the workdir goes, is on another mount.
    /// </summary>
    public bool IsMountRoot { get; init; }

    public string? Problem { get; init; }

    /// <summary>
    /// This hierarchy's workdirs that exist beside the directory. A mounted merge, here or in another namespace, may
    /// use them, or a kill or power cut left them. None is used again. Paths inside the root.
    /// </summary>
    public List<string> WorkDirectories { get; init; } = [];

    /// <summary>Something that has a workdir's name but is not a directory; null if there is none.</summary>
    public string? InTheWay { get; init; }
}

/// <summary>Facts about one hierarchy as it is without any merge: what planning starts from.</summary>
internal sealed class HierarchyState
{
    public required ExtensionClass Class { get; init; }

    /// <summary>As configured: "/etc".</summary>
    public required string Hierarchy { get; init; }

    /// <summary>Resolved, inside the root; null if there is no such directory.</summary>
    public string? Path { get; init; }

    /// <summary>Where it is created if it is absent, inside the root: a dangling symlink is followed.</summary>
    public string? Place { get; init; }

    /// <summary>Permission bits; if it is absent, those that a new hierarchy gets.</summary>
    public uint Permissions { get; init; } = Octal.Mode755;

    public bool IsEmpty { get; init; } = true;

    /// <summary>"8:1".</summary>
    public string Device { get; init; } = "0:0";

    public required Routing Routing { get; init; }

    /// <summary>
    /// Whether this is a user namespace: there an upper layer's marks can be neither read nor written (xattr(7),
    /// trusted.*).
    /// </summary>
    public bool AreMarksHidden { get; init; }

    /// <summary>The same hierarchy as if its routing entry led to itself and nothing could be written to.</summary>
    public HierarchyState SelfRouted() => With(RoutingTo(Path ?? Hierarchy, isReadOnly: true));

    /// <summary>The same hierarchy as if its routing entry led to <paramref name="path"/>.</summary>
    /// <param name="path">A directory inside the root, resolved; null: there is no entry.</param>
    public HierarchyState RoutedTo(string? path) => With(RoutingTo(path, isReadOnly: false));

    private Routing RoutingTo(string? path, bool isReadOnly) => new()
    {
        Entry = Routing.Entry,
        Kind = path is null ? RoutingKind.Absent : path == (Path ?? Hierarchy)
            ? RoutingKind.Self : RoutingKind.Directory,
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

    /// <summary>Turns "/opt/x" into "opt.x": systemd's name for what belongs to a hierarchy.</summary>
    public static string ShortName(string hierarchy) => hierarchy.Trim('/').Replace('/', '.');

    public static string RoutingEntry(string hierarchy) => "/var/lib/extensions.mutable/" + ShortName(hierarchy);
}
