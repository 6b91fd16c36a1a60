using System.Collections.Generic;
using System.Linq;
using static BootMerge.DifferentialTests.Steps;

namespace BootMerge.DifferentialTests;

/// <summary>Hierarchies that are absent, empty, links, mounts, several, or have a copy of a marker in them.</summary>
internal static class HierarchyScenarios
{
    private const string Variable = "SYSTEMD_CONFEXT_HIERARCHIES";

    public static IReadOnlyList<Scenario> All =>
    [
        new("An absent hierarchy is created",
            root => root.Extension("foo").Remove("etc"),
            Status, Merge(), Status, Refresh(), Unmerge, Merge("--mutable=ephemeral")),
        new("An absent hierarchy with an upper directory",
            root => root.Extension("foo").Remove("etc"),
            [Merge("--mutable=yes"), .. Writes, Refresh("--mutable=yes"), Unmerge]),
        new("An absent hierarchy without extensions",
            root => root.Remove("etc"),
            Merge("--mutable=no"), Refresh("--mutable=no")),
        new("An absent hierarchy without extensions in mode auto",
            root => root.Remove("etc"),
            Merge("--mutable=auto"), Status),
        .. ((string[])["yes", "ephemeral", "ephemeral-import"])
            .Select(mode => new Scenario($"An absent hierarchy that nobody fills in mode {mode}",
            root => root.Remove("etc"),
            Merge("--mutable=" + mode), Attempt("create etc/new", root => root.File("etc/new", "new\n")),
                Refresh("--mutable=" + mode), Unmerge)),
        new("An absent hierarchy that nobody fills with a routing directory",
            root => root.Remove("etc").RoutingDirectory(),
            Merge("--mutable=auto"), Refresh("--mutable=auto"), Unmerge, Merge("--mutable=import"),
                Refresh("--mutable=import")),
        new("A hierarchy that is a symlink to nowhere is created where it leads",
            root => root.Extension("foo").Remove("etc").Link("etc", "data/etc"),
            Merge(), Refresh(), Unmerge) { Hierarchies = ["data/etc"] },
        new("An empty hierarchy is not a layer",
            root => root.Extension("foo").Remove("etc/hosts").Remove("etc/os-release"),
            [Merge(), StatusJson, Unmerge, Merge("--mutable=yes"), .. Writes, Unmerge]),
        new("An empty hierarchy without extensions in mode auto",
            root => root.Remove("etc/hosts").Remove("etc/os-release"),
            Merge("--mutable=auto"), Status),
        new("An empty hierarchy without extensions and a routing directory",
            root => root.Remove("etc/hosts").Remove("etc/os-release").RoutingDirectory(),
            Merge("--mutable=auto"), Attempt("create etc/new", root => root.File("etc/new", "new\n")),
                Refresh("--mutable=auto"), StatusJson),
        new("An empty self-routed hierarchy without extensions",
            root => root.Remove("etc/hosts").Remove("etc/os-release").RoutingLink("/etc"),
            Merge("--mutable=auto"), Attempt("create etc/new", root => root.File("etc/new", "new\n")),
                Refresh("--mutable=auto"), StatusJson),
        new("A hierarchy that is a relative symlink is merged where it points",
            root => root.Extension("foo").Move("etc", "real").Link("etc", "real"),
            Merge(), StatusJson, Refresh(), Unmerge) { Hierarchies = ["real"] },
        new("A hierarchy that is an absolute symlink is merged inside the root",
            root => root.Extension("foo").Move("etc", "real").Link("etc", "/real"),
            Merge(), StatusJson, Refresh(), Unmerge) { Hierarchies = ["real"] },
        new("A hierarchy that is a file is an error",
            root => root.Extension("foo").Remove("etc").File("etc", "no directory\n"),
            Merge(), StatusJson),
        new("A hierarchy that is a mount of its own",
            root => root.Extension("foo").Bind("etc", "etc"),
            Merge(), StatusJson, Refresh(), Unmerge),
        new("A self-routed hierarchy that is a mount of its own",
            root => root.Extension("foo").RoutingLink("/etc").Bind("etc", "etc"),
            Merge("--mutable=auto"), StatusJson, Unmerge),
        new("A hierarchy that is a tmpfs with a routing directory",
            root => root.Extension("foo").RoutingDirectory().Tmpfs("etc", "machine").Mode("etc", 755)
                .File("etc/mine", "mine\n"),
            [Merge("--mutable=auto"), .. Writes, Refresh("--mutable=auto"), Unmerge]),
        new("A read-only hierarchy is refused as an upper directory",
            root => root.Extension("foo").RoutingLink("/etc").Bind("etc", "etc").MakeReadOnly("etc"),
            Merge("--mutable=auto"), Merge("--mutable=yes"), Merge("--mutable=no"), Unmerge),
        new("A read-only root can be merged read-only and in memory",
            root => root.Extension("foo").MakeReadOnly(""),
            Merge("--mutable=no"), Unmerge, Merge("--mutable=yes"), Merge("--mutable=ephemeral"),
            Attempt("create etc/new", root => root.File("etc/new", "new\n")), Unmerge),
        new("Two hierarchies are merged with one command",
            root => root.Extension("foo").File("usr/lib/confexts/foo/opt/tool", "tool\n").File("opt/mine", "mine\n"),
            With(Variable, "/etc:/opt", Status), With(Variable, "/etc:/opt", Merge()),
                With(Variable, "/etc:/opt", StatusJson),
            With(Variable, "/etc:/opt", Merge()), With(Variable, "/etc:/opt", Refresh()),
                With(Variable, "/etc:/opt", Unmerge))
        { Hierarchies = ["etc", "opt"] },
        new("Two hierarchies with routings of their own",
            root => root.Extension("foo").File("usr/lib/confexts/foo/opt/tool", "tool\n").File("opt/mine", "mine\n")
                .RoutingLink("/etc"),
            With(Variable, "/etc:/opt", Merge("--mutable=auto")),
                With(Variable, "/etc:/opt", Refresh("--mutable=auto")),
            With(Variable, "/etc:/opt", Refresh("--mutable=yes")),
                Attempt("create opt/new", root => root.File("opt/new", "new\n")),
            With(Variable, "/etc:/opt", Unmerge))
        { Hierarchies = ["etc", "opt"] },
        new("One of two hierarchies is filled by no extension",
            root => root.Extension("foo").File("opt/mine", "mine\n"),
            With(Variable, "/etc:/opt", Merge()), With(Variable, "/etc:/opt", StatusJson),
                With(Variable, "/etc:/opt", Refresh()),
            With(Variable, "/etc:/opt", Unmerge), With(Variable, "/etc:/opt", Merge("--mutable=auto")),
                With(Variable, "/etc:/opt", Unmerge))
        { Hierarchies = ["etc", "opt"] },
        new("One of two hierarchies is merged already",
            root => root.Extension("foo").File("usr/lib/confexts/foo/opt/tool", "tool\n").File("opt/mine", "mine\n"),
            Merge(), With(Variable, "/etc:/opt", Merge()), With(Variable, "/etc:/opt", StatusJson),
                With(Variable, "/etc:/opt", Unmerge))
        { Hierarchies = ["etc", "opt"] },
        new("A failure at the second hierarchy leaves the first one alone",
            root => root.Extension("foo").File("usr/lib/confexts/foo/opt/tool", "tool\n").File("opt/mine", "mine\n")
                .Directory("var/lib/extensions.mutable/opt", 700),
            With(Variable, "/etc:/opt", Merge("--mutable=auto")), With(Variable, "/etc:/opt", StatusJson))
        { Hierarchies = ["etc", "opt"] },
        new("A hierarchy deep in the tree has an escaped routing entry",
            root => root.Extension("foo").File("usr/lib/confexts/foo/srv/deep/tool", "tool\n")
                .File("srv/deep/mine", "mine\n"),
            With(Variable, "/srv/deep", Merge("--mutable=yes")),
                Attempt("create srv/deep/new", root => root.File("srv/deep/new", "new\n")),
            With(Variable, "/srv/deep", Refresh("--mutable=yes")), With(Variable, "/srv/deep", StatusJson),
                With(Variable, "/srv/deep", Unmerge))
        { Hierarchies = ["srv/deep"] },
        new("A hierarchy that nobody has is skipped",
            root => root.Extension("foo"),
            With(Variable, "/srv/x", Status), With(Variable, "/srv/x", Merge()), With(Variable, "/srv/x", Unmerge)),
        new("A list of hierarchies that is not valid is refused",
            root => root.Extension("foo"),
            With(Variable, "etc", Merge()), With(Variable, "/", Merge()), With(Variable, "/etc/../opt", Merge()),
                With(Variable, "etc", Status)),
        new("A copy of a marker in the hierarchy is not a merge",
            root => root.Extension("foo").File("etc/.systemd-confext/dev", "0:1\n")
                .File("etc/.systemd-confext/confexts", "old\n"),
            StatusJson, Merge(), StatusJson, Refresh(), Unmerge, Unmerge),
        new("A marker without a device is not a merge",
            root => root.Extension("foo").File("etc/.systemd-confext/confexts", "old\n"),
            StatusJson, Unmerge, Merge(), StatusJson, Unmerge),
        new("A copy of a marker in the upper directory",
            root => root.Extension("foo").RoutingDirectory()
                .File("var/lib/extensions.mutable/etc/.systemd-confext/dev", "0:1\n")
                .File("var/lib/extensions.mutable/etc/.systemd-confext/confexts", "old\n"),
            Merge("--mutable=auto"), StatusJson, Unmerge),
        new("A copy of a marker in a self-routed hierarchy",
            root => root.Extension("foo").RoutingLink("/etc").File("etc/.systemd-confext/dev", "0:1\n")
                .File("etc/.systemd-confext/confexts", "old\n"),
            Merge("--mutable=auto"), StatusJson, Unmerge),
        new("A leftover workdir is taken over and removed",
            root => root.Extension("foo").RoutingLink("/etc").File(".systemd-etc-workdir/work/rest", "rest\n")
                .Directory(".systemd-etc-workdir/index"),
            [Merge("--mutable=auto"), .. Writes, Unmerge]),
    ];
}
