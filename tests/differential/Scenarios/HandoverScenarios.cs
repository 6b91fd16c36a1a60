using System.Collections.Generic;
using static BootMerge.DifferentialTests.Steps;

namespace BootMerge.DifferentialTests;

/// <summary>
/// One program merges, and the other continues: bootmerge in the initramfs and systemd-confext in the booted system. On
/// the reference side both are systemd-confext. <see cref="Steps.Systemd"/> is systemd-confext on both sides, and there
/// its messages are compared, too.
/// </summary>
internal static class HandoverScenarios
{
    public static readonly IReadOnlyList<Scenario> All = [.. BootmergeFirst(), .. SystemdFirst(), .. Details];

    private static IEnumerable<(string Mode, string Routing, System.Action<TestRoot> Arrange)> Rows() =>
    [
        ("no", "no routing entry", _ => { }),
        ("auto", "self-routing", root => root.RoutingLink("/etc")),
        ("auto", "no routing entry", _ => { }),
        ("auto", "a routing directory", root => root.RoutingDirectory()),
        ("yes", "no routing entry", _ => { }),
        ("import", "no routing entry", _ => { }),
        ("import", "routing to elsewhere", root => root.RoutingLink("/data/written").Directory("data/written")),
        ("ephemeral", "a routing directory", root => root.RoutingDirectory()),
        ("ephemeral-import", "a routing directory", root => root.RoutingDirectory()),
    ];

    private static IEnumerable<Scenario> BootmergeFirst()
    {
        foreach ((string mode, string routing, System.Action<TestRoot> arrange) in Rows())
        {
            string option = "--mutable=" + mode;
            yield return new Scenario($"systemd-confext goes on with what was merged in mode {mode} with {routing}",
                root =>
                {
                    root.Extension("foo-1.9").Extension("foo-1.10");
                    arrange(root);
                },
                Merge(option), Systemd("status", "--json=short"), Systemd(option, "merge"), Systemd(option, "refresh"),
                Attempt("create etc/new", root => root.File("etc/new", "new\n")),
                Systemd(option, "--always-refresh=yes", "refresh"), Systemd(option, "refresh"), Systemd("unmerge"),
                Merge(option), Systemd("unmerge"), Systemd("status"))
            { Root = RootKind.Ext4 };
        }
    }

    private static IEnumerable<Scenario> SystemdFirst()
    {
        foreach ((string mode, string routing, System.Action<TestRoot> arrange) in Rows())
        {
            string option = "--mutable=" + mode;
            yield return new Scenario($"What systemd-confext merged in mode {mode} with {routing} is gone on with",
                root =>
                {
                    root.Extension("foo-1.9").Extension("foo-1.10");
                    arrange(root);
                },
                Systemd(option, "merge"), StatusJson, Merge(option), Refresh(option),
                Attempt("create etc/new", root => root.File("etc/new", "new\n")),
                Refresh(option, "--always-refresh=yes"), Refresh(option), Unmerge,
                Systemd(option, "merge"), Unmerge, Status)
            { Root = RootKind.Ext4 };
        }
    }

    private static IReadOnlyList<Scenario> Details =>
    [
        new("systemd-confext goes on with what was refreshed",
            root => root.Extension("foo").RoutingLink("/etc"),
            Merge("--mutable=auto"), Refresh("--mutable=auto", "--always-refresh=yes"),
                Systemd("--mutable=auto", "refresh"),
            Systemd("--mutable=auto", "refresh", "--always-refresh=yes"),
                Refresh("--mutable=auto", "--always-refresh=yes"), Systemd("unmerge")),
        new("systemd-confext unmerges what was refreshed",
            root => root.Extension("foo").RoutingDirectory(),
            Merge("--mutable=auto"), Refresh("--mutable=auto", "--always-refresh=yes"), Systemd("unmerge")),
        new("systemd-confext refreshes what was merged after an extension was added",
            root => root.Extension("foo").RoutingLink("/etc"),
            Merge("--mutable=auto"), Change("add an extension", root => root.Extension("bar")),
                Systemd("--mutable=auto", "refresh"),
            Systemd("status", "--json=short"), Refresh("--mutable=auto"), Unmerge),
        new("What systemd-confext merged is refreshed after an extension was added",
            root => root.Extension("foo").RoutingLink("/etc"),
            Systemd("--mutable=auto", "merge"), Change("add an extension", root => root.Extension("bar")),
                Refresh("--mutable=auto"), StatusJson,
            Systemd("--mutable=auto", "refresh"), Systemd("unmerge")),
        new("systemd-confext unmerges what was merged without extensions",
            root => root.RoutingLink("/etc"),
            Merge("--mutable=auto"), Systemd("status", "--json=short"), Systemd("--mutable=auto", "refresh"),
                Systemd("refresh")),
        new("systemd-confext skips its refresh of a symlinked extension",
            root => root.Extension("foo", directory: "data").Link("usr/lib/confexts/foo", "/data/foo"),
            Merge(), Systemd("refresh"), Systemd("status", "--json=short")),
        new("systemd-confext skips its refresh of extensions with odd names",
            root => root.Extension("a 1").Extension("é").Extension("a+2").Extension("b^3"),
            Merge(), Systemd("refresh"), Systemd("status", "--json=short"), Systemd("unmerge")),
        new("systemd-confext takes care of two hierarchies",
            root => root.Extension("foo").File("usr/lib/confexts/foo/opt/tool", "tool\n").File("opt/mine", "mine\n")
                .RoutingLink("/etc"),
            With(Hierarchies, "/etc:/opt", Merge("--mutable=auto")),
                With(Hierarchies, "/etc:/opt", Systemd("status", "--json=short")),
            With(Hierarchies, "/etc:/opt", Systemd("--mutable=auto", "refresh")),
                With(Hierarchies, "/etc:/opt", Systemd("unmerge")))
        { Hierarchies = ["etc", "opt"] },
        new("systemd-confext skips its refresh in the booted system",
            root => root.Extension("foo", directory: "var/lib/confexts").RoutingLink("/etc"),
            Merge("--no-reload", "--mutable=auto"), Systemd("--no-reload", "--mutable=auto", "refresh"),
                Systemd("status"),
            Systemd("--no-reload", "unmerge")) { Root = RootKind.Slash },
    ];

    private const string Hierarchies = "SYSTEMD_CONFEXT_HIERARCHIES";
}
