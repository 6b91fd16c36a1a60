namespace BootMerge.Changes;

/// <summary>Keeps no changes, only what they come to.</summary>
internal sealed class ChangeTally : ChangeSink
{
    public Change? Last { get; private set; }

    /// <summary>How many files have missed an update.</summary>
    public int Frozen { get; private set; }

    public override void Add(Change change, Entry entry)
    {
        Last = change;
        if (change.Kind == ChangeKind.Frozen)
            Frozen++;
    }
}
