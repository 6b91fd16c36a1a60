using System.Collections.Generic;

namespace BootMerge.Changes;

/// <summary>
/// A path inside a hierarchy, stored as a chain of names: in a deep tree, the full paths of all directories on the way
/// could need more memory than there is.
/// </summary>
internal sealed class Place
{
    private readonly Place? _parent;
    private readonly string _text;

    private Place(Place? parent, string text)
    {
        _parent = parent;
        _text = text;
        Length = parent is null ? text.Length : parent.Length + 1 + text.Length;
    }

    /// <summary>Length of the path.</summary>
    public int Length { get; }

    /// <summary>The hierarchy itself.</summary>
    public static readonly Place Top = new(null, "");

    public bool IsTop => _parent is null && _text.Length == 0;

    /// <param name="path">"/ssh/sshd_config", or "".</param>
    public static Place At(string path) => new(null, path);

    public Place Child(string name) => new(this, name);

    /// <summary>"/ssh/sshd_config", or "". Built each time: most places are never reported.</summary>
    public override string ToString()
    {
        List<string> names = [];
        Place place = this;
        for (; place._parent is not null; place = place._parent)
            names.Add(place._text);
        names.Add(place._text);
        names.Reverse();
        return names.Joined("/");
    }
}
