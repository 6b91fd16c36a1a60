using System;
using System.Collections.Generic;
using System.Linq;
using static BootMerge.DifferentialTests.Steps;

namespace BootMerge.DifferentialTests;

/// <summary>/usr and /opt in every mutable mode, each with a routing of its own: specification, section 6.</summary>
internal static class SysextModeScenarios
{
    private const string Mutable = "var/lib/extensions.mutable/";

    private static readonly string[] Modes = ["no", "auto", "yes", "import", "ephemeral", "ephemeral-import"];

    private static readonly (string Name, Action<TestRoot> Arrange)[] Routings =
    [
        ("no routing entry", _ => { }),
        ("/usr routed to a directory", root => root.RoutingDirectory(hierarchy: "usr")),
        ("/opt routed to a directory", root => root.RoutingDirectory(hierarchy: "opt")),
        ("both routed to directories", root => root.RoutingDirectory(hierarchy: "usr")
            .RoutingDirectory(hierarchy: "opt")),
        ("/usr routed to elsewhere and /opt to nowhere", root =>
            root.RoutingLink("/data/usr", "usr").File("data/usr/shared", "routed\n")
            .RoutingLink("../../../data/opt", "opt")),
        ("/usr self-routed", root => root.RoutingLink("/usr", "usr")),
        ("/opt self-routed", root => root.RoutingLink("../../../opt", "opt")),
        ("both self-routed", root => root.RoutingLink("/usr", "usr").RoutingLink("/opt", "opt")),
        ("/usr self-routed and /opt routed to a directory",
            root => root.RoutingLink("/usr", "usr").RoutingDirectory(hierarchy: "opt")),
    ];

    public static readonly IReadOnlyList<Scenario> All =
        [.. Matrix().Concat(WithoutExtensions()).Concat(Details)
            .Select(scenario => scenario with { Class = TestedClass.Sysext })];

    /// <summary>Two steps for each hierarchy: if anything can be written, everything can be changed.</summary>
    private static Step[] Written =>
    [
        .. TestedClass.Sysext.Hierarchies.SelectMany(hierarchy => (Step[])
        [
            Attempt($"create {hierarchy}/new", root => root.File($"{hierarchy}/new", "new\n")),
            Attempt($"change what {hierarchy} has", root =>
                root.File($"{hierarchy}/machine", "changed\n").File($"{hierarchy}/shared", "changed\n")
                .Remove($"{hierarchy}/nested/script").Mode($"{hierarchy}/nested", 700)
                .Move($"{hierarchy}/nested", $"{hierarchy}/renamed")),
        ]),
    ];

    private static IEnumerable<Scenario> Matrix()
    {
        foreach (string mode in Modes)
        {
            foreach ((string routing, Action<TestRoot> arrange) in Routings)
            {
                string option = "--mutable=" + mode;
                // systemd refuses to merge here, so writes would go into its raw /usr: only the merge is compared.
                bool refused = mode.EndsWith("import", StringComparison.Ordinal)
                    && routing.Contains("self-routed", StringComparison.Ordinal);
                yield return new Scenario($"Sysexts, mode {mode} with {routing}",
                    root =>
                    {
                        root.Extension("foo-1.9").Extension("foo-1.10");
                        arrange(root);
                    },
                    [Merge(option), .. refused ? [] : Written, Refresh(option), Refresh("--always-refresh=yes", option),
                        Unmerge]);
            }
        }
    }

    private static IEnumerable<Scenario> WithoutExtensions()
    {
        foreach (string mode in Modes)
        {
            foreach ((string routing, Action<TestRoot> arrange) in ((string, Action<TestRoot>)[])[Routings[0],
                Routings[2], Routings[7]])
            {
                string option = "--mutable=" + mode;
                yield return new Scenario($"Sysexts, mode {mode} with {routing} and no extension",
                    root => arrange(root),
                    Merge(option), Refresh(option), Refresh("--mutable=no"), Unmerge);
            }
        }
    }

    private static IReadOnlyList<Scenario> Details =>
    [
        new("Sysexts, created upper directories get the modes of their hierarchies",
            root => root.Extension("foo").Mode("usr", 751).Mode("opt", 700),
            Merge("--mutable=yes"), Refresh("--mutable=yes"), Unmerge, Merge("--mutable=auto")),
        new("Sysexts, an upper directory of another mode at one hierarchy keeps both from being merged",
            root => root.Extension("foo").RoutingDirectory(hierarchy: "usr").RoutingDirectory(700, "opt"),
            Merge("--mutable=auto"), Merge("--mutable=yes"), Merge("--mutable=import"), Unmerge,
                Merge("--mutable=ephemeral-import")),
        new("Sysexts, a routing entry that is a file at one hierarchy keeps both from being merged",
            root => root.Extension("foo").File(Mutable + "opt", "no directory\n"),
            Merge("--mutable=auto"), Merge("--mutable=yes"), Merge("--mutable=import"), Merge("--mutable=no")),
        new("Sysexts, /usr routed to /opt",
            root => root.Extension("foo").RoutingLink("/opt", "usr"),
            Merge("--mutable=auto")),
        new("Sysexts, a read-only /var",
            root => root.Extension("foo").RoutingDirectory(hierarchy: "usr").Bind("var", "var").MakeReadOnly("var"),
            Merge("--mutable=yes"), Merge("--mutable=auto"), Merge("--mutable=no"), Unmerge,
                Merge("--mutable=ephemeral"), Unmerge),
        new("Sysexts, mode yes makes the directories that are not there",
            root => root.Extension("foo", directory: "run/extensions").Remove("var"),
            Merge("--mutable=yes"), Attempt("create opt/new", root => root.File("opt/new", "new\n")),
                Refresh("--mutable=yes")),
        new("Sysexts, whiteouts and opaque directories of the upper hide what is below",
            root => root.Extension("foo").RoutingDirectory(hierarchy: "opt").Whiteout(Mutable + "opt/machine")
                .OpaqueDirectory(Mutable + "opt/nested"),
            Merge("--mutable=auto"), Unmerge, Merge("--mutable=import"), Unmerge, Merge("--mutable=ephemeral-import")),
        new("Sysexts, whiteouts of an extension hide what is below it",
            root => root.Extension("foo-1").Extension("foo-2").Whiteout("var/lib/extensions/foo-2/usr/machine")
                .Whiteout("var/lib/extensions/foo-2/opt/foo-1.conf")
                .OpaqueDirectory("var/lib/extensions/foo-2/opt/nested"),
            Merge(), Unmerge, Merge("--mutable=yes")),
        new("Sysexts, setuid files, devices and symlinks are seen through the merge",
            root => root.Extension("foo").File("var/lib/extensions/foo/usr/bin/su", "x\n", 4755)
                .Link("var/lib/extensions/foo/usr/link", "/nowhere/at all")
                .Fifo("var/lib/extensions/foo/opt/fifo")
                .File("var/lib/extensions/foo/opt/ö and, a: name\\ with blanks", "odd\n")
                .Acl("var/lib/extensions/foo/opt/nested"),
            Merge(), Unmerge, Merge("--mutable=yes")),
        new("Sysexts, noexec",
            root => root.Extension("foo"),
            Merge("--noexec=yes"), Refresh("--noexec=no"), Refresh("--noexec=no", "--always-refresh=yes"), Unmerge,
            Merge("--noexec=no", "--mutable=yes"), Refresh("--noexec=yes", "--mutable=yes", "--always-refresh=yes"),
                Unmerge, Merge("--mutable=ephemeral")),
        new("Sysexts, booleans and short forms of modes",
            root => root.Extension("foo"),
            Merge("--mutable=1"), Unmerge, Merge("--mutable=off"), Unmerge, Merge("--mutable=perhaps")),
        new("Sysexts on a block device, written to elsewhere",
            root => root.Extension("foo").RoutingLink("/data/usr", "usr").Directory("data/usr")
                .RoutingLink("/opt", "opt"),
            [Merge("--mutable=auto"), .. Written, Refresh("--mutable=auto"), Unmerge,
                Merge("--mutable=ephemeral")]) { Root = RootKind.Ext4 },
        new("Sysexts on a block device, read-only",
            root => root.Extension("foo").Extension("bar", hierarchies: ["opt"]),
            Merge(), Refresh(), Unmerge, Merge("--mutable=import")) { Root = RootKind.Ext4 },
        .. Modes.Select(mode => new Scenario($"Sysexts without --root, mode {mode}",
            root => root.Extension("foo").RoutingDirectory(hierarchy: "opt"),
            [Merge("--no-reload", "--mutable=" + mode), .. Written, Refresh("--no-reload", "--mutable=" + mode),
                Run("--no-reload", "unmerge")])
            { Root = RootKind.Slash }),
        new("Sysexts without --root, both hierarchies self-routed",
            root => root.Extension("foo", directory: "run/extensions").RoutingLink("/opt", "opt")
                .RoutingLink("/usr", "usr"),
            [Merge("--no-reload", "--mutable=auto"), .. Written,
                Refresh("--no-reload", "--always-refresh=yes", "--mutable=auto"), Run("--no-reload", "unmerge")])
        { Root = RootKind.Slash },
        new("Sysexts without --root, a read-only /usr of its own and no /opt",
            root => root.Extension("foo", directory: "etc/extensions").Remove("opt").Bind("usr", "usr")
                .MakeReadOnly("usr"),
            [Merge("--no-reload"), Refresh("--no-reload"), Refresh("--no-reload", "--always-refresh=yes"),
                Run("--no-reload", "unmerge"),
                Merge("--no-reload", "--mutable=yes"), .. Written])
        { Root = RootKind.Slash },
        new("Sysexts without --root, /opt alone",
            root => root.Extension("foo", hierarchies: ["opt"]),
            With("SYSTEMD_SYSEXT_HIERARCHIES", "/opt", Merge("--no-reload")),
                With("SYSTEMD_SYSEXT_HIERARCHIES", "/opt", Run("--no-reload", "unmerge")))
        { Root = RootKind.Slash },
    ];
}
