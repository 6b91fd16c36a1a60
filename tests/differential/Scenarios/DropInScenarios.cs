using System.Collections.Generic;
using static BootMerge.DifferentialTests.Steps;

namespace BootMerge.DifferentialTests;

/// <summary>Called as systemd-confext, bootmerge does as that does also where it would do more under its own name.</summary>
internal static class DropInScenarios
{
    public static readonly IReadOnlyList<Scenario> All = [.. Refused(), .. Details];

    private static IEnumerable<Scenario> Refused()
    {
        foreach (string mode in (string[])["import", "ephemeral-import"])
        {
            string option = "--mutable=" + mode;
            yield return new Scenario($"Called as systemd-confext, mode {mode} refuses self-routing",
                root => root.Extension("foo").RoutingLink("/etc"),
                [Merge(option), StatusJson, .. Writes, Refresh(option), Merge("--mutable=auto"), Refresh(option), Unmerge])
            { AsDropIn = true };
            yield return new Scenario($"Called as systemd-confext, mode {mode} refuses self-routing without extensions too",
                root => root.RoutingLink("/etc"),
                Merge(option), Refresh(option), Unmerge)
            { AsDropIn = true };
        }
    }

    private static IReadOnlyList<Scenario> Details =>
    [
        new("Called as systemd-confext, every mode with a routing directory",
            root => root.Extension("foo").RoutingDirectory(),
            Merge("--mutable=no"), Unmerge, Merge("--mutable=auto"), Unmerge, Merge("--mutable=yes"), Unmerge, Merge("--mutable=import"), Unmerge,
            Merge("--mutable=ephemeral"), Unmerge, Merge("--mutable=ephemeral-import")) { AsDropIn = true },
        new("Called as systemd-confext, the configuration counts",
            root => root.Extension("foo").RoutingLink("/etc").File("usr/lib/systemd/confext.conf", "[ConfExt]\nMutable=auto\n"),
            [Merge(), Status, StatusJson, List, ListJson, .. Writes, Refresh(), Unmerge]) { AsDropIn = true },
        new("Called as systemd-confext in the running system",
            root => root.Extension("foo", directory: "var/lib/confexts").RoutingLink("/etc"),
            [Merge("--no-reload", "--mutable=auto"), StatusJson, .. Writes, Refresh("--no-reload", "--mutable=auto"), Unmerge])
        { AsDropIn = true, Root = RootKind.Slash },
    ];
}
