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

internal static class MutableModes
{
    /// <summary>In the order of the enumeration.</summary>
    public static readonly string[] Names = ["no", "yes", "auto", "import", "ephemeral", "ephemeral-import"];

    public static string Name(MutableMode mode) => Names[(int)mode];

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
