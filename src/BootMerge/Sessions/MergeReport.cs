using System.Collections.Generic;
using BootMerge.Planning;

namespace BootMerge.Sessions;

/// <summary>Reports what a merge has done.</summary>
internal static class MergeReport
{
    public static void Log(Session session, List<MergePlan> plans)
    {
        foreach (MergePlan plan in plans)
        {
            foreach (StackPlan stack in plan.Stacks)
                session.Log.Info(stack.HasExtensions
                    ? "Merged extensions into '" + session.Root.Outside(stack.Target) + "'" + Writes(stack) + "."
                    : "No extension has files for '" + session.Root.Outside(stack.Target)
                    + "', it shows the machine's own" + Writes(stack) + ".");
            foreach (SkippedHierarchy hierarchy in plan.Skipped)
                session.Log.Debug("Hierarchy '" + hierarchy.Hierarchy + "' is left alone: " + hierarchy.Reason + ".");
        }
    }

    private static string Writes(StackPlan stack) => stack.Upper switch
    {
        PersistentUpper upper => ", writes go to " + upper.Path,
        MemoryUpper => ", writes are lost with the merge",
        _ => ", read-only",
    };
}
