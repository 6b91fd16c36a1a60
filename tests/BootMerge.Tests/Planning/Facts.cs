using System.Collections.Generic;
using BootMerge.Configuration;
using BootMerge.Extensions;
using BootMerge.Json;
using BootMerge.Planning;

namespace BootMerge.Tests.Planning;

/// <summary>
/// What planning starts from: settings, hierarchies, extensions. Rows of tables choose routings by name.
/// </summary>
internal static class Facts
{
    public const string Entry = "/var/lib/extensions.mutable/etc";

    private const uint Rwxr_xr_x = 0x1ED; // 0755
    private const uint Rwx = 0x1C0; // 0700

    /// <param name="name">"absent", "dangling", "dangling self", "unusable", "self" or "directory"; after the last two,
    /// perhaps ", " and a flaw.</param>
    public static Routing Routing(string name, List<string>? workDirectories = null)
    {
        if (name == "absent")
            return new Routing { Entry = Entry, Kind = RoutingKind.Absent };
        if (name == "dangling")
            return new Routing { Entry = Entry, Kind = RoutingKind.Dangling, Path = "/srv/etc" };
        if (name == "dangling self")
            return new Routing { Entry = Entry, Kind = RoutingKind.Dangling, Path = "/etc" };
        if (name == "unusable")
            return new Routing
            {
                Entry = Entry,
                Kind = RoutingKind.Unusable,
                Problem = "is not a directory or a symlink to one"
            };

        string[] words = name.Split(", ");
        string flaw = words.Length > 1 ? words[1] : "";
        return new Routing
        {
            Entry = Entry,
            Kind = words[0] == "self" ? RoutingKind.Self : RoutingKind.Directory,
            Path = words[0] == "self" ? "/etc" : "/srv/etc",
            Permissions = flaw == "0700" ? Rwx : Rwxr_xr_x,
            IsReadOnly = flaw == "read-only",
            IsMountRoot = flaw == "mount point",
            InTheWay = flaw == "file in the way" ? "/srv/.systemd-etc-workdir" : null,
            WorkDirectories = workDirectories ?? [],
        };
    }

    public static HierarchyState Etc(string routing) => Etc(Routing(routing));

    public static HierarchyState Etc(Routing routing, bool isEmpty = false, string device = "8:1",
        uint permissions = Rwxr_xr_x, bool areMarksHidden = false) => new()
        {
            Class = ExtensionClass.Confext,
            Hierarchy = "/etc",
            Path = "/etc",
            Permissions = permissions,
            IsEmpty = isEmpty,
            Device = device,
            Routing = routing,
            AreMarksHidden = areMarksHidden,
        };

    public static HierarchyState WithoutEtc(string routing) => new()
    {
        Class = ExtensionClass.Confext,
        Hierarchy = "/etc",
        Routing = Routing(routing),
    };

    /// <param name="hierarchies">The hierarchies that it has files for.</param>
    public static AcceptedExtension Extension(string name, params string[] hierarchies)
    {
        List<ExtensionLayer> layers = [];
        foreach (string hierarchy in hierarchies)
            layers.Add(new ExtensionLayer(hierarchy, "/x/" + name + hierarchy));
        return new AcceptedExtension(name, JsonValue.Object().Add("path", JsonValue.String("/x/" + name)), layers);
    }

    public static ClassSettings Settings(string mode, bool importSelf = true, string? overlayOptions = null,
        bool isDropIn = false, bool recordsUnroutedAsNo = false) =>
        Settings(ExtensionClass.Confext, mode, noExec: true, importSelf, overlayOptions, isDropIn, recordsUnroutedAsNo);

    public static ClassSettings Settings(ExtensionClass extensionClass, string mode, bool noExec,
        bool importSelf = true, string? overlayOptions = null,
        bool isDropIn = false, bool recordsUnroutedAsNo = false) => new()
        {
            Class = extensionClass,
            Mode = Mode(mode),
            ModeOrigin = "a test",
            SystemdMode = MutableMode.No,
            Hierarchies = extensionClass.Hierarchies,
            NoExec = noExec,
            OverlayOptions = overlayOptions,
            OverlayOptionsOrigin = "a test",
            SwitchedOffBy = null,
            ImportSelf = importSelf,
            IsDropIn = isDropIn,
            RecordsUnroutedAsNo = recordsUnroutedAsNo,
        };

    public static MutableMode Mode(string name) => (MutableMode)Words.IndexOf(MutableModes.Names, name);
}
