using System.Collections.Generic;

namespace BootMerge.Extensions;

/// <summary>Whether an extension is merged, and why not.</summary>
internal sealed class Verdict
{
    public static readonly Verdict Accept = new(accepted: true, reason: "", canBeForced: false);

    /// <summary>Nothing is to be merged under this name, on purpose.</summary>
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
    /// What is wrong, in words that a person can act on, to stand behind "Not merging 'NAME': ". Of an accepted
    /// extension: empty, or what --force overruled.
    /// </summary>
    public string Reason { get; }

    /// <summary>Whether --force turns it round.</summary>
    public bool CanBeForced { get; }

    /// <summary>It is an image for which systemd merges nothing at all, with --force either.</summary>
    public bool StopsSystemd { get; }

    /// <summary>It does not fit this system.</summary>
    public static Verdict Rejected(string reason) => new(accepted: false, reason, canBeForced: true);

    /// <summary>It could not be merged even if one insisted.</summary>
    public static Verdict Unusable(string reason) => new(accepted: false, reason, canBeForced: false);

    /// <summary>It is an image that the image policy does not allow.</summary>
    public static Verdict RefusedByPolicy(string reason) =>
        new(accepted: false, reason, canBeForced: false, stopsSystemd: true);

    /// <summary>The same verdict, of an image: systemd cannot do without it.</summary>
    public Verdict OfImage() => new(Accepted, Reason, CanBeForced, stopsSystemd: true);

    /// <summary>What --force makes of this verdict.</summary>
    public Verdict Forced() => CanBeForced
        ? new Verdict(accepted: true, Reason, canBeForced: false, StopsSystemd) : this;
}

/// <summary>An extension and what was made of it.</summary>
internal sealed class Candidate
{
    public required Extension Extension { get; init; }

    public required Verdict Verdict { get; set; }

    /// <summary>What it brings; of an accepted extension.</summary>
    public required List<ExtensionLayer> Layers { get; init; }

    /// <summary>
    /// Hierarchies that it should have and cannot be opened now, with the reason: "/opt (it is not a directory)"; null
    /// when all can.
    /// </summary>
    public string? Missing { get; init; }
}

/// <summary>Something in a search directory that is not an extension of this root.</summary>
internal sealed class SkippedEntry
{
    /// <summary>Inside the root, as found; for messages, like the reason.</summary>
    public required string Path { get; init; }

    public required string Reason { get; init; }

    /// <summary>Another entry of its name is taken instead.</summary>
    public bool IsHidden { get; init; }

    /// <summary>That other one is in /run, and gone at the next boot.</summary>
    public bool IsHiddenForNow { get; init; }

    /// <summary>
    /// Somebody means an extension to be there, but the kernel could not open it, or a link leads nowhere.
    /// </summary>
    public bool IsFailure { get; init; }
}
