using System;
using System.Collections.Generic;
using System.Linq;
using static BootMerge.DifferentialTests.Steps;

namespace BootMerge.DifferentialTests;

/// <summary>
/// Refreshes of sysexts, by each program after the other, and both classes in one root: specification, sections 7 and
/// 8.
/// </summary>
internal static class SysextRefreshScenarios
{
    public static readonly IReadOnlyList<Scenario> All =
        [.. Refreshes.Concat(Handovers()).Concat(BothClasses)
            .Select(scenario => scenario with { Class = TestedClass.Sysext })];

    private static IReadOnlyList<Scenario> Refreshes =>
    [
        new("Sysexts, a refresh without changes is skipped unless asked for",
            root => root.Extension("foo").Extension("bar", hierarchies: ["opt"]),
            Refresh(), Refresh(), Refresh("--always-refresh=no"), Refresh("--always-refresh=yes")),
        new("Sysexts, an exchanged extension is noticed",
            root => root.Extension("foo").Extension("bar"),
            Merge(), Change("exchange foo", root => root.Move("var/lib/extensions/foo", "data/old").Extension("foo")
                .File("var/lib/extensions/foo/opt/version", "2\n")), Refresh(), Refresh()),
        new("Sysexts, a changed file inside an extension is not a reason for a refresh",
            root => root.Extension("foo"),
            Merge(), Change("append to a file", root => root.Append("var/lib/extensions/foo/opt/foo.conf", "more\n")),
                Refresh()),
        new("Sysexts, an extension that comes and goes",
            root => root.Extension("foo"),
            Merge(), Change("add one", root => root.Extension("zoo", directory: "run/extensions")), Refresh(),
            Change("take the first away", root => root.Remove("var/lib/extensions/foo")), Refresh(),
            Change("take the last away", root => root.Remove("run/extensions/zoo")), Refresh()),
        new("Sysexts, an extension that moves from /opt to /usr",
            root => root.Extension("foo", hierarchies: ["opt"]),
            Merge(), Change("exchange it", root => root.Remove("var/lib/extensions/foo")
                .Extension("foo", hierarchies: ["usr"])), Refresh(), Refresh()),
        new("Sysexts, an extension that fits no more",
            root => root.Extension("foo", "ID=test\nVERSION_ID=1\n").Extension("bar"),
            Merge(), Change("update the system", root => root.Remove("etc/os-release")
                .File("etc/os-release", "ID=test\nVERSION_ID=2\n")), Refresh(), Refresh("--force")),
        new("Sysexts, another mode is a change",
            root => root.Extension("foo").RoutingDirectory(hierarchy: "usr"),
            Merge(), Refresh("--mutable=auto"), Refresh("--mutable=auto"), Refresh("--mutable=ephemeral"),
                Refresh("--mutable=import"), Refresh()),
        new("Sysexts, another routing of one hierarchy is a change",
            root => root.Extension("foo"),
            Merge("--mutable=auto"), Change("route /opt", root => root.RoutingDirectory(hierarchy: "opt")),
                Refresh("--mutable=auto"), Refresh("--mutable=auto"),
            Change("route it to elsewhere", root => root.Move("var/lib/extensions.mutable/opt", "data/opt")
                .RoutingLink("/data/opt", "opt")), Refresh("--mutable=auto")),
        new("Sysexts, writes survive refreshes",
            root => root.Extension("foo").RoutingLink("/usr", "usr").RoutingLink("/opt", "opt"),
            [Merge("--mutable=auto"), .. WritesIn("usr", "machine"), .. WritesIn("opt", "machine"),
                Change("add one", root => root.Extension("zoo")),
                Refresh("--mutable=auto"), Refresh("--mutable=auto")]),
        new("Sysexts, one hierarchy is merged already",
            root => root.Extension("foo"),
            With("SYSTEMD_SYSEXT_HIERARCHIES", "/opt", Merge()), Merge(), Refresh(), Unmerge),
    ];

    private static IEnumerable<Scenario> Handovers()
    {
        (string Mode, string Routing, Action<TestRoot> Arrange)[] rows =
        [
            ("no", "no routing entry", _ => { }),
            ("auto", "self-routing", root => root.RoutingLink("/usr", "usr").RoutingLink("/opt", "opt")),
            ("auto", "/opt routed to a directory", root => root.RoutingDirectory(hierarchy: "opt")),
            ("yes", "no routing entry", _ => { }),
            ("import", "/usr routed to elsewhere", root =>
                root.RoutingLink("/data/written", "usr").Directory("data/written")),
            ("ephemeral", "routing directories", root => root.RoutingDirectory(hierarchy: "usr")
                .RoutingDirectory(hierarchy: "opt")),
            ("ephemeral-import", "routing directories", root =>
                root.RoutingDirectory(hierarchy: "usr").RoutingDirectory(hierarchy: "opt")),
        ];
        foreach ((string mode, string routing, Action<TestRoot> arrange) in rows)
        {
            string option = "--mutable=" + mode;
            void Arranged(TestRoot root)
            {
                root.Extension("foo-1.9").Extension("foo-1.10", hierarchies: ["opt"]);
                arrange(root);
            }
            yield return new Scenario($"systemd-sysext goes on with what was merged in mode {mode} with {routing}",
                Arranged,
                Merge(option), Systemd("status", "--json=short"), Systemd(option, "merge"), Systemd(option, "refresh"),
                Attempt("create opt/new", root => root.File("opt/new", "new\n")),
                Systemd(option, "--always-refresh=yes", "refresh"), Systemd(option, "refresh"), Systemd("unmerge"),
                    Merge(option), Systemd("unmerge"))
            { Root = RootKind.Ext4 };
            yield return new Scenario($"What systemd-sysext merged in mode {mode} with {routing} is gone on with",
                Arranged,
                Systemd(option, "merge"), Merge(option), Refresh(option),
                    Attempt("create opt/new", root => root.File("opt/new", "new\n")),
                Refresh(option, "--always-refresh=yes"), Refresh(option), Unmerge, Systemd(option, "merge"), Unmerge)
            { Root = RootKind.Ext4 };
        }
        yield return new Scenario("systemd-sysext notices an exchanged extension of what was merged",
            root => root.Extension("foo").Extension("bar"),
            Merge(), Change("exchange foo", root => root.Move("var/lib/extensions/foo", "data/old").Extension("foo")),
                Systemd("refresh"), Systemd("refresh"), Refresh());
        yield return new Scenario("An exchanged extension of what systemd-sysext merged is noticed",
            root => root.Extension("foo").Extension("bar"),
            Systemd("merge"), Change("exchange foo", root =>
                root.Move("var/lib/extensions/foo", "data/old").Extension("foo")), Refresh(), Refresh(),
                Systemd("refresh"));
        yield return new Scenario("systemd-sysext skips its refresh without --root",
            root => root.Extension("foo").Extension("bar", directory: "etc/extensions", hierarchies: ["opt"]),
            Merge("--no-reload"), Systemd("--no-reload", "refresh"), Systemd("status"),
                Systemd("--no-reload", "--always-refresh=yes", "refresh"),
            Refresh("--no-reload"), Systemd("--no-reload", "unmerge"))
        { Root = RootKind.Slash };
        yield return new Scenario("systemd-sysext skips its refresh of symlinked extensions and an /opt that "
            + "is a symlink",
            root => root.Extension("foo", directory: "data").Link("etc/extensions/foo", "/data/foo")
                .Move("opt", "var/opt").Link("opt", "var/opt"),
            Merge(), Systemd("refresh"), Systemd("status", "--json=short"), Systemd("unmerge"))
        { Hierarchies = ["usr", "var/opt"] };
    }

    private static IReadOnlyList<Scenario> BothClasses =>
    [
        .. ((string[])["confext first", "sysext first"])
            .SelectMany(first => ((string[])["in the same order", "in the other order"]).Select(last =>
            new Scenario($"Both classes are merged, {first}, and unmerged {last}",
                root => root.Extension("foo").Confext("bar"),
                [
                    .. first == "confext first" ? (Step[])[Confext(Merge()), Merge()] : [Merge(), Confext(Merge())],
                    Refresh(), Confext(Refresh()), Confext(Refresh("--always-refresh=yes")),
                        Refresh("--always-refresh=yes"),
                    .. first == "confext first" == (last == "in the same order")
                        ? (Step[])[Confext(Unmerge), Unmerge] : [Unmerge, Confext(Unmerge)],
                ])
            { OthersHierarchies = ["etc"] })),
        new("Both classes are merged, writable and self-routed",
            root => root.Extension("foo").Confext("bar").RoutingLink("/etc").RoutingLink("/usr", "usr")
                .RoutingLink("/opt", "opt"),
            Confext(Merge("--mutable=auto")), Merge("--mutable=auto"),
                Attempt("write", root => root.File("etc/new", "new\n").File("usr/new", "new\n")
                .File("opt/new", "new\n")),
            Refresh("--mutable=auto"), Confext(Refresh("--mutable=auto")), Confext(Unmerge), Unmerge)
        { OthersHierarchies = ["etc"] },
        new("Both classes, a confext that comes with a sysext",
            root => root.Extension("foo")
                .File("var/lib/extensions/foo/usr/lib/confexts/bar/etc/extension-release.d/extension-release.bar",
                "ID=_any\n")
                .File("var/lib/extensions/foo/usr/lib/confexts/bar/etc/bar.conf", "bar\n"),
            Confext(Merge()), Merge(), Confext(Merge()), Refresh(), Confext(Refresh()), Unmerge, Confext(Unmerge))
        { OthersHierarchies = ["etc"] },
        new("Both classes, a sysext that comes with a confext",
            root => root.Confext("bar")
                .File("usr/lib/confexts/bar/etc/extensions/foo/usr/lib/extension-release.d/extension-release.foo",
                "ID=_any\n")
                .File("usr/lib/confexts/bar/etc/extensions/foo/opt/foo.conf", "foo\n"),
            Merge(), Confext(Merge()), Merge(), Refresh(), Unmerge, Confext(Unmerge), Merge())
        { OthersHierarchies = ["etc"] },
        new("Both classes, one extension that is both",
            root => root.Extension("foo").File("var/lib/extensions/foo/etc/extension-release.d/extension-release.foo",
                "ID=_any\n").File("var/lib/extensions/foo/etc/foo.conf", "foo\n")
                .Link("var/lib/confexts/foo", "../extensions/foo"),
            Confext(Merge()), Merge(), Refresh(), Confext(Refresh()), Unmerge, Confext(Unmerge))
        { OthersHierarchies = ["etc"] },
        new("Both classes without --root",
            root => root.Extension("foo").File("var/lib/confexts/bar/etc/extension-release.d/extension-release.bar",
                "ID=_any\n").File("var/lib/confexts/bar/etc/bar.conf", "bar\n"),
            Confext(Merge("--no-reload")), Merge("--no-reload"), Refresh("--no-reload"),
                Confext(Refresh("--no-reload")), Run("--no-reload", "unmerge"),
            Confext(Run("--no-reload", "unmerge")))
        { OthersHierarchies = ["etc"], Root = RootKind.Slash },
        new("Both classes, systemd merges one and refreshes both",
            root => root.Extension("foo").Confext("bar"),
            Systemd("merge"), Confext(Merge()), Confext(Systemd("refresh")), Refresh(),
                Confext(Systemd("--always-refresh=yes", "refresh")), Refresh("--always-refresh=yes"),
            Systemd("unmerge"), Confext(Unmerge))
        { OthersHierarchies = ["etc"] },
    ];
}
