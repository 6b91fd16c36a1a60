using System;

namespace BootMerge.CommandLine;

internal enum ClassSelection
{
    Confext,
    Sysext,
    All,
}

internal static class ClassSelections
{
    /// <summary>In the order of the enumeration.</summary>
    public static readonly string[] Names = ["confext", "sysext", "all"];

    public static bool TryParse(string text, out ClassSelection selection)
    {
        int index = Words.IndexOf(Names, text);
        selection = (ClassSelection)Math.Max(index, 0);
        return index >= 0;
    }
}
