using System.Collections.Generic;

namespace BootMerge.Extensions;

/// <summary>Whether an extension is merged, and why not.</summary>
internal sealed class Verdict
{
    public static readonly Verdict Accept = new(accepted: true, reason: "", canBeForced: false);

    /// <summary>Deliberately, nothing is merged under this name.</summary>
    public static readonly Verdict Mask = Unusable("an empty directory, it masks the name");

    private Verdict(bool accepted, string reason, bool canBeForced, bool stopsSystemd = false)
    {
        Accepted = accepted;
        Reason = reason;
        CanBeForced = canBeForced;
        StopsSystemd = stopsSystemd;
    }

    public bool Accepted { get; }

    /// <summary>
    /// What is wrong, in words that a person can act on, to follow "Not merging 'NAME': ". For an accepted extension:
    /// empty, or what --force overruled.
    /// </summary>
    public string Reason { get; }

    /// <summary>Whether --force overrules it.</summary>
    public bool CanBeForced { get; }

    /// <summary>An image because of which systemd merges nothing at all, even with --force.</summary>
    public bool StopsSystemd { get; }

    /// <summary>It does not fit this system.</summary>
    public static Verdict Rejected(string reason) => new(accepted: false, reason, canBeForced: true);

    /// <summary>It cannot be merged, even with --force.</summary>
    public static Verdict Unusable(string reason) => new(accepted: false, reason, canBeForced: false);

    /// <summary>It is an image that the image policy does not allow.</summary>
    public static Verdict RefusedByPolicy(string reason) =>
        new(accepted: false, reason, canBeForced: false, stopsSystemd: true);

    /// <summary>The same verdict, for an image: then systemd merges nothing.</summary>
    public Verdict OfImage() => new(Accepted, Reason, CanBeForced, stopsSystemd: true);

    /// <summary>What --force turns this verdict into.</summary>
    public Verdict Forced() => CanBeForced
        ? new Verdict(accepted: true, Reason, canBeForced: false, StopsSystemd) : this;
}

/// <summary>An extension and its verdict.</summary>
internal sealed class Candidate
{
    public required Extension Extension { get; init; }

    public required Verdict Verdict { get; set; }

    /// <summary>What an accepted extension brings.</summary>
    public required List<ExtensionLayer> Layers { get; init; }

    /// <summary>
    /// Hierarchies that it should have but that cannot be opened now, with the reason: "/opt (it is not a directory)";
    /// null if all can.
    /// </summary>
    public string? Missing { get; init; }
}

/// <summary>Something in a search directory that is not an extension of this root.</summary>
internal sealed class SkippedEntry
{
    /// <summary>Inside the root, as found; for messages, like the reason.</summary>
    public required string Path { get; init; }

    public required string Reason { get; init; }

    /// <summary>Another entry of its name is used instead.</summary>
    public bool IsHidden { get; init; }

    /// <summary>That other entry is in /run, and gone at the next boot.</summary>
    public bool IsHiddenForNow { get; init; }

    /// <summary>An extension was meant to be here, but the kernel could not open it, or a link leads nowhere.</summary>
    public bool IsFailure { get; init; }
}
