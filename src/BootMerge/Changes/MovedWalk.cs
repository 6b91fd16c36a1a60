using System.Collections.Generic;

namespace BootMerge.Changes;

/// <summary>Finds directories of the layers below that the machine has moved.</summary>
internal sealed class MovedWalk(ChangedTree tree) : TreeWalk(tree)
{
    /// <summary>
    /// From a directory's present path to its earlier one; inside the hierarchy. Only those that still exist below.
    /// </summary>
    public List<KeyValuePair<string, string>> Moved { get; } = [];

    protected override bool Enter(Entry entry)
    {
        if (entry.Redirect is null)
            return entry.UpperHandle is not null;
        if (entry.BelowHandle is not null)
            Moved.Add(new KeyValuePair<string, string>(entry.Path, entry.Source));
        return true;
    }
}
