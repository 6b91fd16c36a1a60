using System;
using System.Collections.Generic;
using static BootMerge.DifferentialTests.Steps;

namespace BootMerge.DifferentialTests;

/// <summary>Every mutable mode with every kind of routing entry: specification, section 6.</summary>
internal static class ModeScenarios
{
    private static readonly string[] Modes = ["no", "auto", "yes", "import", "ephemeral", "ephemeral-import"];

    private static readonly (string Name, Action<TestRoot> Arrange)[] Routings =
    [
        ("no routing entry", _ => { }),
        ("a dangling routing entry", root => root.RoutingLink("/data/nowhere").Directory("data")),
        ("a routing directory", root => root.RoutingDirectory()),
        ("routing to elsewhere", root => root.RoutingLink("/data/written").File("data/written/routed", "routed\n")
            .File("data/written/shared", "routed\n")),
        ("self-routing", root => root.RoutingLink("/etc")),
    ];

    public static readonly IReadOnlyList<Scenario> All = [.. Matrix(), .. Details];

    private static IEnumerable<Scenario> Matrix()
    {
        foreach (string mode in Modes)
        {
            foreach ((string routing, Action<TestRoot> arrange) in Routings)
            {
                string option = "--mutable=" + mode;
                // systemd refuses to merge here, so writes would go into its raw /etc: only the merge is compared.
                bool refused = mode.EndsWith("import", StringComparison.Ordinal) && routing == "self-routing";
                yield return new Scenario($"Mode {mode} with {routing} merges, takes writes, refreshes and unmerges",
                    root =>
                    {
                        root.Extension("foo-1.9").Extension("foo-1.10");
                        arrange(root);
                    },
                    [Merge(option), StatusJson, .. refused ? [] : Writes, Refresh(option),
                        Refresh("--always-refresh=yes", option), Unmerge]);
                yield return new Scenario($"Mode {mode} with {routing} and no extension",
                    root => arrange(root),
                    [Merge(option), Status, StatusJson, .. refused ? [] : Writes, Refresh(option),
                        Refresh("--mutable=no"), Unmerge]);
            }
        }
    }

    private static IReadOnlyList<Scenario> Details =>
    [
        new("A relative routing link to the hierarchy is self-routing too",
            root => root.Extension("foo").RoutingLink("../../../etc"),
            [Merge("--mutable=auto"), .. Writes, Unmerge]),
        new("A self-routing link in other words",
            root => root.Extension("foo").RoutingLink("/var/../etc//."),
            Merge("--mutable=auto"), Attempt("create etc/new", root => root.File("etc/new", "new\n")),
            Refresh("--mutable=auto"), Unmerge),
        new("A routing link to itself is refused where it would be used",
            root => root.Extension("foo").RoutingLink("etc"),
            Merge("--mutable=auto"), Merge("--mutable=yes"), Merge("--mutable=import"),
                Merge("--mutable=ephemeral-import"),
            Merge("--mutable=no"), Unmerge, Merge("--mutable=ephemeral")),
        new("A routing link that climbs above the root stays inside it",
            root => root.Extension("foo").RoutingLink("../../../../../../data/written").Directory("data/written"),
            Merge("--mutable=auto"), Attempt("create etc/new", root => root.File("etc/new", "new\n")),
                Refresh("--mutable=auto"), Unmerge),
        new("Routing into the hierarchy",
            root => root.Extension("foo").RoutingLink("/etc/sub").Directory("etc/sub"),
            Merge("--mutable=auto"), Unmerge, Merge("--mutable=import")),
        new("Routing into an extension",
            root => root.Extension("foo").RoutingLink("/usr/lib/confexts/foo/etc"),
            Merge("--mutable=auto"), StatusJson, Unmerge, Merge("--mutable=import")),
        new("The directory of the routing entries is a symlink",
            root => root.Extension("foo").Directory("data/mutable/etc")
                .Link("var/lib/extensions.mutable", "/data/mutable"),
            Merge("--mutable=auto"), Attempt("create etc/new", root => root.File("etc/new", "new\n")),
                Refresh("--mutable=auto"), Unmerge),
        new("Mode yes makes the directories that are not there",
            root => root.Extension("foo").Remove("var"),
            Merge("--mutable=yes"), Attempt("create etc/new", root => root.File("etc/new", "new\n")),
                Refresh("--mutable=yes"), Unmerge),
        new("Mode yes makes the directory that a routing link names, with what is above it",
            root => root.Extension("foo").RoutingLink("/data/deep/written"),
            Merge("--mutable=yes"), Attempt("create etc/new", root => root.File("etc/new", "new\n")), Unmerge),
        new("A routing link through another link is followed inside the root",
            root => root.Extension("foo").RoutingLink("/data/link").Directory("data/written")
                .Link("data/link", "written"),
            [Merge("--mutable=auto"), .. Writes, Unmerge]),
        new("An upper directory with another mode than the hierarchy is refused where it would be written",
            root => root.Extension("foo").RoutingDirectory(700),
            Merge("--mutable=auto"), Merge("--mutable=yes"), Merge("--mutable=import"), Unmerge,
            Merge("--mutable=ephemeral"), Unmerge, Merge("--mutable=ephemeral-import")),
        new("A created upper directory gets the mode of the hierarchy",
            root => root.Extension("foo").Mode("etc", 750),
            Merge("--mutable=yes"), Refresh("--mutable=yes"), Unmerge, Merge("--mutable=auto")),
        new("A self-routed hierarchy with a mode of its own",
            root => root.Extension("foo").RoutingLink("../../../etc").Mode("etc", 750),
            Merge("--mutable=auto"), Refresh("--mutable=auto")),
        new("A routing entry that is a file is refused where it would be used",
            root => root.Extension("foo").File("var/lib/extensions.mutable/etc", "no directory\n"),
            Merge("--mutable=auto"), Merge("--mutable=yes"), Merge("--mutable=import"),
                Merge("--mutable=ephemeral-import"),
            Merge("--mutable=ephemeral"), Unmerge, Merge("--mutable=no")),
        new("Whiteouts and opaque directories of the upper hide what is below where it is used",
            root => root.Extension("foo").RoutingDirectory()
                .Whiteout("var/lib/extensions.mutable/etc/hosts").Whiteout("var/lib/extensions.mutable/etc/foo.conf")
                .OpaqueDirectory("var/lib/extensions.mutable/etc/nested")
                .File("var/lib/extensions.mutable/etc/nested/mine", "mine\n"),
            Merge("--mutable=auto"), Unmerge, Merge("--mutable=import"), Unmerge,
            Merge("--mutable=ephemeral"), Unmerge, Merge("--mutable=ephemeral-import")),
        new("Whiteouts of a self-routed hierarchy hide what extensions have",
            root => root.Extension("foo").RoutingLink("/etc").Whiteout("etc/foo.conf").OpaqueDirectory("etc/nested")
                .File("etc/nested/mine", "mine\n"),
            [Merge("--mutable=auto"), .. Writes, Refresh("--mutable=auto"), Unmerge]),
        new("A second merge is refused and changes nothing",
            root => root.Extension("foo").RoutingLink("/etc"),
            Merge("--mutable=auto"), Merge("--mutable=auto"), Merge("--mutable=no"), Merge(), StatusJson),
        new("Unmerge of what is not merged is not an error",
            root => root.Extension("foo").RoutingDirectory(),
            Unmerge, Unmerge, Status),
        new("A file that was written through a merge stays after unmerge and comes back with the next merge",
            root => root.Extension("foo").RoutingLink("/etc"),
            Merge("--mutable=auto"),
            Change("change etc/shared", root => root.File("etc/shared", "mine\n")),
            Change("remove etc/foo.conf", root => root.Remove("etc/foo.conf")),
            Change("rename etc/nested", root => root.Move("etc/nested", "etc/renamed")),
            Unmerge, Merge("--mutable=auto"), Unmerge, Merge("--mutable=no")),
        new("What was written in an ephemeral merge is gone after it",
            root => root.Extension("foo").RoutingDirectory(),
            Merge("--mutable=ephemeral"), Change("create etc/new", root => root.File("etc/new", "new\n")),
            Refresh("--mutable=ephemeral"), Refresh("--always-refresh=yes", "--mutable=ephemeral"), Unmerge,
                Merge("--mutable=ephemeral-import")),
        new("The hierarchy's owner, ACL and xattrs are seen in the merge",
            root => root.Extension("foo").Owner("etc", 7, 8).Acl("etc").Xattr("etc", "user.note", "mine")
                .Xattr("etc", "trusted.note", "mine"),
            Merge("--mutable=no"), Unmerge, Merge("--mutable=ephemeral"), Unmerge, Merge("--mutable=yes"), Unmerge),
        new("A self-routed hierarchy keeps its owner, ACL and xattrs",
            root => root.Extension("foo").RoutingLink("/etc").Owner("etc", 7, 8).Xattr("etc", "user.note", "mine"),
            Merge("--mutable=auto"), Unmerge),
        new("Files of all types, owners, modes and xattrs are seen through the merge",
            root => root.Extension("foo")
                .File("usr/lib/confexts/foo/etc/secret", "secret\n", 600).Owner("usr/lib/confexts/foo/etc/secret", 3, 4)
                .Xattr("usr/lib/confexts/foo/etc/secret", "user.note", "value").Acl("usr/lib/confexts/foo/etc/nested")
                .Fifo("usr/lib/confexts/foo/etc/fifo").Link("usr/lib/confexts/foo/etc/link", "/nowhere/at all")
                .File("usr/lib/confexts/foo/etc/setuid", "x\n", 4755).Directory("usr/lib/confexts/foo/etc/sticky", 1777)
                .File("usr/lib/confexts/foo/etc/ö and, a: name\\ with blanks", "odd\n"),
            Merge(), Unmerge, Merge("--mutable=yes"),
                Change("append to etc/secret", root => root.Append("etc/secret", "more\n"))),
        new("Whiteouts and opaque directories of an extension hide what is below it",
            root => root.Extension("foo-1").Extension("foo-2").File("etc/nested/mine", "mine\n")
                .Whiteout("usr/lib/confexts/foo-2/etc/hosts")
                .Whiteout("usr/lib/confexts/foo-2/etc/foo-1.conf")
                .Xattr("usr/lib/confexts/foo-2/etc/nested", "trusted.overlay.opaque", "y"),
            Merge(), Unmerge, Merge("--mutable=yes"), Unmerge, Merge("--mutable=ephemeral")),
        new("Extensions' hierarchies on a block device leave a marker that names it",
            root => root.Extension("foo").RoutingLink("/data/written").Directory("data/written"),
            Merge("--mutable=no"), StatusJson, Refresh(), Unmerge, Merge("--mutable=auto"), Refresh("--mutable=auto"),
                Unmerge,
            Merge("--mutable=ephemeral"), Unmerge, Merge("--mutable=import")) { Root = RootKind.Ext4 },
        new("A self-routed hierarchy on a block device",
            root => root.Extension("foo").RoutingLink("/etc"),
            [Merge("--mutable=auto"), StatusJson, .. Writes, Refresh("--mutable=auto"), Unmerge]) { Root =
                RootKind.Ext4 },
        new("Without --root the running system is merged",
            root => root.Extension("foo", directory: "var/lib/confexts").RoutingDirectory(),
            [Merge("--no-reload"), Status, List, Refresh("--no-reload"), Unmerge,
                Merge("--no-reload", "--mutable=auto"), .. Writes,
                StatusJson, ListJson, Refresh("--no-reload", "--mutable=auto"), Unmerge]) { Root = RootKind.Slash },
        new("Without --root a self-routed hierarchy takes the writes",
            root => root.Extension("foo", directory: "var/lib/confexts").RoutingLink("/etc").Mode("etc", 750),
            [Merge("--no-reload", "--mutable=auto"), .. Writes, Refresh("--no-reload", "--mutable=auto"),
                Unmerge]) { Root = RootKind.Slash },
    ];
}
