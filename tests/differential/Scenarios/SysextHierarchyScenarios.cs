using System;
using System.Collections.Generic;
using System.Linq;
using static BootMerge.DifferentialTests.Steps;

namespace BootMerge.DifferentialTests;

/// <summary>
/// /usr and /opt that are absent, empty, links, mounts, or have mounts and markers in them: specification, sections 6
/// and 7.
/// </summary>
internal static class SysextHierarchyScenarios
{
    public static readonly IReadOnlyList<Scenario> All =
        [.. Hierarchies.Concat(Markers).Concat(Submounts)
            .Select(scenario => scenario with { Class = TestedClass.Sysext })];

    private static Step WriteBoth => Attempt("create new files",
        root => root.File("opt/new", "new\n").File("usr/new", "new\n"));

    private static IReadOnlyList<Scenario> Hierarchies =>
    [
        new("Sysexts, an absent /opt is created",
            root => root.Extension("foo").Remove("opt"),
            Merge(), Refresh(), Unmerge, Merge("--mutable=yes"), WriteBoth, Refresh("--mutable=yes"), Unmerge,
                Merge("--mutable=ephemeral")),
        new("Sysexts, an absent /opt that nobody fills",
            root => root.Extension("foo", hierarchies: ["usr"]).Remove("opt"),
            Merge(), Refresh(), Unmerge),
        new("Sysexts, an absent /opt that nobody fills in mode yes",
            root => root.Extension("foo", hierarchies: ["usr"]).Remove("opt"),
            Merge("--mutable=yes"), Unmerge),
        new("Sysexts, an absent /opt that nobody fills in mode auto",
            root => root.Extension("foo", hierarchies: ["usr"]).Remove("opt"),
            Merge("--mutable=auto"), Unmerge),
        new("Sysexts, an empty /opt is not a layer",
            root => root.Extension("foo").Remove("opt/machine"),
            Merge(), Unmerge, Merge("--mutable=yes"), WriteBoth, Unmerge, Merge("--mutable=import")),
        new("Sysexts, an empty /opt that nobody fills",
            root => root.Extension("foo", hierarchies: ["usr"]).Remove("opt/machine"),
            Merge(), Refresh()),
        new("Sysexts, an empty /opt that nobody fills in mode auto",
            root => root.Extension("foo", hierarchies: ["usr"]).Remove("opt/machine"),
            Merge("--mutable=auto")),
        new("Sysexts, an empty self-routed /opt",
            root => root.Extension("foo").Remove("opt/machine").RoutingLink("/opt", "opt"),
            Merge("--mutable=auto"), WriteBoth, Refresh("--mutable=auto")),
        new("Sysexts, /opt that is a symlink to /var/opt",
            root => root.Extension("foo").Move("opt", "var/opt").Link("opt", "/var/opt"),
            Merge(), Refresh(), Refresh("--always-refresh=yes"), Unmerge, Merge("--mutable=yes"), WriteBoth,
                Unmerge) { Hierarchies = ["usr", "var/opt"] },
        new("Sysexts, /opt that is a relative symlink to var/opt",
            root => root.Extension("foo").Move("opt", "var/opt").Link("opt", "var/opt"),
            Merge("--mutable=ephemeral"), WriteBoth, Refresh("--mutable=ephemeral"), Refresh("--mutable=no"),
                Unmerge) { Hierarchies = ["usr", "var/opt"] },
        new("Sysexts, /opt that is a symlink and routed to where it leads",
            root => root.Extension("foo").Move("opt", "var/opt").Link("opt", "var/opt").RoutingLink("/var/opt", "opt"),
            Merge("--mutable=auto"), WriteBoth, Refresh("--mutable=auto"),
                Unmerge) { Hierarchies = ["usr", "var/opt"] },
        new("Sysexts, /opt that is a symlink to nowhere",
            root => root.Extension("foo").Remove("opt").Link("opt", "var/opt"),
            Merge(), Unmerge) { Hierarchies = ["usr", "var/opt"] },
        new("Sysexts, /opt that is a symlink into /usr",
            root => root.Extension("foo").Move("opt", "usr/opt").Link("opt", "usr/opt"),
            Merge(), Unmerge) { Hierarchies = ["usr"] },
        new("Sysexts, /opt that is a file",
            root => root.Extension("foo").Remove("opt").File("opt", "no directory\n"),
            Merge()),
        new("Sysexts, an absent /usr",
            root => root.Remove("etc/os-release").File("etc/os-release", "ID=test\n").Remove("usr").Extension("foo"),
            Merge(), Refresh(), Unmerge),
        new("Sysexts, a /usr that is a read-only mount of its own",
            root => root.Extension("foo").Bind("usr", "usr").MakeReadOnly("usr"),
            Merge(), Refresh(), Refresh("--always-refresh=yes"), Unmerge, Merge("--mutable=yes"), WriteBoth,
                Refresh("--mutable=yes"), Unmerge),
        new("Sysexts, a read-only /usr is refused as an upper directory",
            root => root.Extension("foo").RoutingLink("/usr", "usr").Bind("usr", "usr").MakeReadOnly("usr"),
            Merge("--mutable=auto"), Merge("--mutable=yes"), Merge("--mutable=no")),
        new("Sysexts, a self-routed /usr that is a mount of its own",
            root => root.Extension("foo").RoutingLink("/usr", "usr").Bind("usr", "usr"),
            Merge("--mutable=auto")),
        new("Sysexts, an /opt on a tmpfs with a routing directory",
            root => root.Extension("foo").RoutingDirectory(hierarchy: "opt").Tmpfs("opt", "machine").Mode("opt", 755)
                .File("opt/machine", "mine\n"),
            Merge("--mutable=auto"), WriteBoth, Refresh("--mutable=auto"), Unmerge),
        new("Sysexts, a read-only root",
            root => root.Extension("foo").MakeReadOnly(""),
            Merge(), Unmerge, Merge("--mutable=yes"), Merge("--mutable=ephemeral"), WriteBoth, Unmerge),
        new("Sysexts, the hierarchies' modes and owners are seen in the merge",
            root => root.Extension("foo").Mode("usr", 751).Mode("opt", 1777),
            Merge(), Unmerge, Merge("--mutable=ephemeral"), Unmerge, Merge("--mutable=yes")),
        new("Sysexts, a second merge is refused and changes nothing",
            root => root.Extension("foo"),
            Merge(), Merge(), Merge("--mutable=yes"), Unmerge, Unmerge),
    ];

    private static IReadOnlyList<Scenario> Markers =>
    [
        new("Sysexts, copies of markers in the hierarchies are not merges",
            root => root.Extension("foo").File("usr/.systemd-sysext/dev", "0:1\n")
                .File("usr/.systemd-sysext/extensions", "old\n").File("opt/.systemd-sysext/extensions", "old\n"),
            Status, Unmerge, Refresh(), Unmerge),
        new("Sysexts, a marker of the other class is a directory like any other",
            root => root.Extension("foo").File("usr/.systemd-confext/dev", "0:1\n")
                .File("usr/.systemd-confext/confexts", "old\n"),
            Status, Merge(), Unmerge),
        new("Sysexts, a leftover workdir is in the way of nothing",
            root => root.Extension("foo").RoutingLink("/opt", "opt").File(".systemd-opt-workdir/work/rest", "rest\n"),
            Merge("--mutable=auto"), WriteBoth, Unmerge),
    ];

    private static IReadOnlyList<Scenario> Submounts =>
    [
        new("Sysexts, mounts under /usr and /opt are carried over",
            root => Mounts(root).Extension("foo"),
            Merge(), Attempt("write into the mounts", root =>
                root.File("opt/outer/inner/new", "new\n").File("usr/local/new", "new\n")),
            Refresh(), Refresh("--always-refresh=yes"), Unmerge),
        new("Sysexts, mounts under self-routed hierarchies are carried over",
            root => Mounts(root).Extension("foo").RoutingLink("/usr", "usr").RoutingLink("/opt", "opt"),
            Merge("--mutable=auto"), WriteBoth, Refresh("--mutable=auto", "--always-refresh=yes"), Unmerge),
        new("Sysexts, a mount made while merged survives refresh and unmerge",
            root => root.Extension("foo").File("data/file", "mounted\n"),
            Merge(), Change("mount on usr/machine", root => root.Bind("data/file", "usr/machine")),
                Refresh("--always-refresh=yes"), Unmerge),
        new("Sysexts, mounts are where they were after a merge that failed",
            root => Mounts(root).Extension("foo").RoutingDirectory(700, "opt"),
            Merge("--mutable=auto")),
        new("Sysexts, systemd-sysext carries over the mounts of what was merged",
            root => Mounts(root).Extension("foo"),
            Merge(), Systemd("--always-refresh=yes", "refresh"), Refresh("--always-refresh=yes"), Systemd("unmerge")),
        new("Sysexts, a /usr/local that is a mount and that an extension fills",
            root => Mounts(root).Extension("foo").File("var/lib/extensions/foo/usr/local/tool", "hidden\n"),
            Merge(), Unmerge),
        new("Sysexts without --root, mounts under /opt are carried over",
            root => root.Extension("foo").Tmpfs("opt/outer", "outer", Native.MS_NOSUID)
                .Tmpfs("opt/outer/inner", "inner").File("opt/outer/inner/file", "inner\n"),
            Merge("--no-reload"), Refresh("--no-reload", "--always-refresh=yes"),
                Run("--no-reload", "unmerge")) { Root = RootKind.Slash },
    ];

    private static TestRoot Mounts(TestRoot root) => root
        .Tmpfs("usr/local", "local").File("usr/local/file", "local\n").File("data/file", "mounted\n")
        .Bind("data/file", "usr/machine")
        .Tmpfs("opt/outer", "outer", Native.MS_NOSUID).Tmpfs("opt/outer/inner", "inner", Native.MS_NOEXEC)
        .File("opt/outer/inner/file", "inner\n");
}
