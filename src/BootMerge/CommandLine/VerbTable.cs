namespace BootMerge.CommandLine;

internal enum Verb
{
    Status,
    List,
    Merge,
    Unmerge,
    Refresh,
    Plan,
    Boot,
    Diff,
    Explain,
    Prune,
    Reset,
    Check,
}

/// <summary>One verb: a row of <see cref="VerbTable"/>.</summary>
/// <param name="help">For --help, 94 columns.</param>
internal sealed class VerbRow(Verb verb, string name, string help)
{
    public Verb Verb => verb;

    public string Name => name;

    public string Help => help;

    /// <summary>What --help adds under our own name.</summary>
    public string OwnHelp { get; init; } = "";

    /// <summary>Whether it also exists under the names of systemd's programs.</summary>
    public bool IsSystemds { get; init; }

    /// <summary>What may follow it, for --help; under systemd's names nothing may.</summary>
    public string Operands { get; init; } = "";
}

/// <summary>Every verb: its name and its text in --help. What it does is a case in Program.</summary>
internal static class VerbTable
{
    /// <summary>In the order of the enumeration.</summary>
    public static readonly VerbRow[] All =
    [
        new(Verb.Status, "status", "Show what is merged and since when (the default)") { OwnHelp =
            "; also where writes go", IsSystemds = true },
        new(Verb.List, "list", "List the extensions found") { OwnHelp = ", or only those named", IsSystemds = true,
            Operands = " [EXTENSION...]" },
        new(Verb.Merge, "merge", "Merge the extensions found; fails if already merged") { IsSystemds = true },
        new(Verb.Unmerge, "unmerge", "Undo the merge") { IsSystemds = true },
        new(Verb.Refresh, "refresh", "Bring a merge up to date; does nothing if nothing changed") { IsSystemds = true },
        new(Verb.Plan, "plan", "Show what merge or refresh would do: layers in order, flags, refusals with reasons"),
        new(Verb.Boot, "boot", "The boot stage: what a boot configuration asks for, then merge; run it with --root="),
        new(Verb.Diff, "diff", "How the machine's own files, or those at each PATH, differ from the "
            + "layers below") { Operands = " [PATH...]" },
        new(Verb.Explain, "explain", "Which layer provides each PATH, and what the other "
            + "layers have there") { Operands = " PATH..." },
        new(Verb.Prune, "prune", "Remove those of the machine's own files that equal the layers below"),
        new(Verb.Reset, "reset", "Restore what the layers below have at each PATH; a copy is kept")
        {
            Operands = " PATH...|--all",
        },
        new(Verb.Check, "check", "Report what is wrong with extensions, found or given by name or "
            + "path, and the fix") { Operands = " [EXTENSION|PATH...]" },
    ];

    public static string Name(Verb verb) => All[(int)verb].Name;

    /// <param name="verbs">A bit each.</param>
    public static string Names(int verbs)
    {
        string names = "";
        foreach (VerbRow row in All)
            if ((verbs & 1 << (int)row.Verb) != 0)
                names += (names.Length == 0 ? "" : ", ") + row.Name;
        return names;
    }

    /// <summary>null if no verb has that name; <paramref name="known"/> lists the names.</summary>
    public static VerbRow? Find(string name, bool isDropIn, out string[] known)
    {
        string names = "";
        known = [];
        foreach (VerbRow row in All)
        {
            if (isDropIn && !row.IsSystemds)
                continue;
            if (row.Name == name)
                return row;
            names += (names.Length == 0 ? "" : " ") + row.Name;
        }

        known = names.Split(' ');
        return null;
    }
}
