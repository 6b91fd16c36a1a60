using System.Collections.Generic;
using static BootMerge.DifferentialTests.Steps;

namespace BootMerge.DifferentialTests;

/// <summary>
/// Called as systemd-confext, bootmerge does what that does, even where it would do more under its own name.
/// </summary>
internal static class DropInScenarios
{
    public static readonly IReadOnlyList<Scenario> All = [.. Refused()];

    private static IEnumerable<Scenario> Refused()
    {
        foreach (string mode in (string[])["import", "ephemeral-import"])
        {
            string option = "--mutable=" + mode;
            yield return new Scenario($"Called as systemd-confext, mode {mode} refuses self-routing",
                root => root.Extension("foo").RoutingLink("/etc"),
                [Merge(option), StatusJson, .. Writes, Refresh(option), Merge("--mutable=auto"), Refresh(option),
                    Unmerge])
            { CalledAs = CalledAs.DropIn };
            yield return new Scenario($"Called as systemd-confext, mode {mode} refuses self-routing without "
                + $"extensions too",
                root => root.RoutingLink("/etc"),
                Merge(option), Refresh(option), Unmerge)
            { CalledAs = CalledAs.DropIn };
        }
    }
}
