using System;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>A name in a directory of the upper layer, beside what the layers below have there.</summary>
internal sealed class Entry
{
    /// <summary>The directory, inside the hierarchy.</summary>
    public required Place Parent { get; init; }

    public required string Name { get; init; }

    public Place Place => Parent.Child(Name);

    /// <summary>Inside the hierarchy: "/ssh/sshd_config". Built each time.</summary>
    public string Path => Place.ToString();

    /// <summary>Set again before the walk leaves a directory.</summary>
    public required SafeFileHandle UpperDirectory { get; set; }

    /// <summary>
    /// null if the layers below have nothing where the parent is. Set again before the walk leaves a directory.
    /// </summary>
    public required SafeFileHandle? BelowDirectory { get; set; }

    /// <summary>
    /// The place of <see cref="BelowDirectory"/> inside the hierarchy; below a moved directory it differs from the
    /// parent's.
    /// </summary>
    public required Place BelowPlace { get; init; }

    /// <summary>The path of this name in <see cref="BelowDirectory"/>, inside the hierarchy.</summary>
    public string PathBelow => BelowPlace.Child(Name).ToString();

    /// <summary>Deeper than any path that system calls accept: it is not recorded.</summary>
    public bool IsTooDeep => Parent.Length > ShadowedRecord.MaximumPath
        || BelowPlace.Length > ShadowedRecord.MaximumPath;

    /// <summary>null if only the layers below have it; see <see cref="ChangedTree.IsWhole"/>.</summary>
    public required FileStatus? Upper { get; init; }

    /// <summary>null if the layers below have nothing of that name.</summary>
    public required FileStatus? Below { get; init; }

    /// <summary>For a directory, opened for reading; otherwise null.</summary>
    public SafeFileHandle? UpperHandle { get; set; }

    /// <summary>
    /// What is merged into the directory, opened for reading: what is below it, or where it was moved from; or null.
    /// </summary>
    public SafeFileHandle? BelowHandle { get; set; }

    /// <summary>Whether the directory hides what the layers below have in it.</summary>
    public bool IsOpaque { get; set; }

    /// <summary>
    /// Where the directory was moved from, as overlayfs records it: a name beside it, or a path from the hierarchy;
    /// otherwise null.
    /// </summary>
    public string? Redirect { get; init; }

    /// <summary>Where the layers below have what is merged into it.</summary>
    public Place SourcePlace => Redirect is ['/', ..] ? Place.At(Redirect) : BelowPlace.Child(Redirect ?? Name);

    /// <summary>Like <see cref="SourcePlace"/>, as a path inside the hierarchy: "/ssh".</summary>
    public string Source => SourcePlace.ToString();

    /// <summary>It hides what the layers below have of that name; through the merge, nothing is there.</summary>
    public bool IsWhiteout => Upper is { IsWhiteout: true };
}
