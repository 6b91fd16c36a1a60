namespace BootMerge.Verbs.Boot;

/// <summary>What takes time in boot, in this order.</summary>
internal enum BootStep
{
    Configuration,
    Extensions,
    Routing,
    SecondClass,
    Whiteouts,
    Prune,
    Shadowed,
    Merge,
    Systemd,
}

/// <summary>The keys of milliseconds in boot.json, which bootmerge(8) lists.</summary>
internal static class BootSteps
{
    /// <summary>The whole run: after the steps.</summary>
    public const string Total = "total";

    /// <summary>In the order of the enumeration.</summary>
    public static readonly string[] Keys =
    [
        "configuration", "extensions", "routing", "secondClass", "whiteouts", "prune", "shadowed", "merge", "systemd",
    ];

    public static string Key(BootStep step) => Keys[(int)step];
}
