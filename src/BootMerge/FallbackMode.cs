namespace BootMerge;

/// <summary>What the boot stage does if the writable layer cannot be used.</summary>
internal enum FallbackMode
{
    /// <summary>Nothing is merged and the boot stage fails, as systemd does.</summary>
    Fail,

    /// <summary>Merge read-only, with the machine's own files on top.</summary>
    Immutable,

    /// <summary>Merge with a writable layer in memory, and the machine's own files right below it.</summary>
    Ephemeral,
}

internal static class FallbackModes
{
    /// <summary>In the order of the enumeration.</summary>
    public static readonly string[] Names = ["fail", "immutable", "ephemeral"];

    public static string Name(FallbackMode mode) => Names[(int)mode];

    public static bool TryParse(string text, out FallbackMode mode)
    {
        int index = Words.IndexOf(Names, text);
        mode = (FallbackMode)(index < 0 ? 0 : index);
        return index >= 0;
    }
}
