using BootMerge.Json;

namespace BootMerge.Changes;

internal enum ChangeKind
{
    /// <summary>Only the machine has it.</summary>
    Added,

    /// <summary>Both have it, and they differ.</summary>
    Modified,

    /// <summary>
    /// The machine's file was made from a lower file that has changed or gone since. Otherwise like
    /// <see cref="Modified"/>.
    /// </summary>
    Frozen,

    /// <summary>The layers below have it, the machine deleted it.</summary>
    Deleted,

    /// <summary>Another directory in place of the one below.</summary>
    Replaced,

    /// <summary>A directory of the layers below under another name.</summary>
    Moved,

    /// <summary>
    /// A directory that the machine made before the layers below had one of that name. It hides theirs until the next
    /// boot.
    /// </summary>
    Hiding,
}

/// <summary>One way in which the machine's files differ from the layers below.</summary>
/// <param name="path">Inside the root: "/etc/ssh".</param>
/// <param name="differs">For <see cref="ChangeKind.Modified"/> and <see cref="ChangeKind.Frozen"/>, otherwise
/// none.</param>
/// <param name="from">For <see cref="ChangeKind.Moved"/>: where it was, inside the root.</param>
internal sealed class Change(string path, ChangeKind kind, Difference differs = Difference.None, string? from = null)
{
    private static readonly string[] Names = ["added", "modified", "frozen", "deleted", "replaced", "moved", "hiding"];

    public string Path { get; } = path;

    public ChangeKind Kind { get; } = kind;

    public Difference Differs { get; } = differs;

    public string? From { get; } = from;

    public string KindName => Names[(int)Kind];

    /// <summary>For people: further details; may be empty.</summary>
    public string Detail => Kind switch
    {
        ChangeKind.Moved => "from " + From,
        ChangeKind.Frozen => Differs == Difference.None ? "gone below since"
            : Differences.Names(Differs).Joined(", ") + "; changed below since",
        ChangeKind.Hiding => "made before the layers below had it; theirs shows after the next boot",
        ChangeKind.Modified => Differences.Names(Differs).Joined(", "),
        _ => "",
    };

    public JsonValue ToJson(string hierarchy) => JsonValue.Object()
        .Add("hierarchy", hierarchy)
        .Add("path", Path)
        .Add("change", KindName)
        .Add("differs", JsonValue.Strings(Differences.Names(Differs)))
        .Add("from", From);
}
