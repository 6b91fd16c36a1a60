using System.Collections.Generic;

namespace BootMerge.DifferentialTests;

/// <summary>All tables.</summary>
internal static class Scenarios
{
    public static readonly IReadOnlyList<Scenario> All =
    [
        .. ModeScenarios.All,
        .. SelectionScenarios.All,
        .. VersionedScenarios.All,
        .. CompatibilityScenarios.All,
        .. RefreshScenarios.All,
        .. HandoverScenarios.All,
        .. HierarchyScenarios.All,
        .. SubmountScenarios.All,
        .. ConfigurationScenarios.All,
        .. CommandLineScenarios.All,
        .. DropInScenarios.All,
        .. SysextModeScenarios.All,
        .. SysextSelectionScenarios.All,
        .. SysextHierarchyScenarios.All,
        .. SysextRefreshScenarios.All,
        .. ImageScenarios.All,
    ];
}
