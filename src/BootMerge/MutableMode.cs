namespace BootMerge;

/// <summary>Where writes to a merged hierarchy go: systemd-sysext(8), "Mutability".</summary>
internal enum MutableMode
{
    No,
    Yes,
    Auto,
    Import,
    Ephemeral,
    EphemeralImport,
}

/// <summary>What each mode means. Whatever else must know that asks here, so a new mode is answered here.</summary>
internal static class MutableModes
{
    /// <summary>In the order of the enumeration.</summary>
    public static readonly string[] Names = ["no", "yes", "auto", "import", "ephemeral", "ephemeral-import"];

    public static string Name(MutableMode mode) => Names[(int)mode];

    /// <summary>
    /// Writes go to the directory that the routing entry leads to; in mode auto only if there is an entry.
    /// </summary>
    public static bool WritesToDisk(MutableMode mode) => mode is MutableMode.Yes or MutableMode.Auto;

    public static bool WritesToMemory(MutableMode mode) => mode is MutableMode.Ephemeral or MutableMode.EphemeralImport;

    /// <summary>The directory that the routing entry leads to is a layer, below the one written to.</summary>
    public static bool Imports(MutableMode mode) => mode is MutableMode.Import or MutableMode.EphemeralImport;

    /// <summary>The directory that the routing entry leads to is written to, or is a layer.</summary>
    public static bool UsesRouting(MutableMode mode) => WritesToDisk(mode) || Imports(mode);

    /// <summary>Booleans are modes too, in any spelling.</summary>
    public static bool TryParse(string text, out MutableMode mode)
    {
        if (Words.TryParseBoolean(text, out bool mutable))
        {
            mode = mutable ? MutableMode.Yes : MutableMode.No;
            return true;
        }

        int index = Words.IndexOf(Names, text);
        mode = (MutableMode)(index < 0 ? 0 : index);
        return index >= 0;
    }
}
