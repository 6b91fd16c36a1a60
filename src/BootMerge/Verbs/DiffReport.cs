using BootMerge.Changes;
using BootMerge.Reporting;

namespace BootMerge.Verbs;

/// <summary>Prints the changes of one hierarchy as they come.</summary>
internal sealed class DiffReport(string hierarchy, ListOutput list, bool withContent, bool withLegend) : ChangeSink
{
    public override void Add(Change change, Entry entry)
    {
        if (list.IsJson)
            list.Add(change.ToJson(hierarchy));
        else
            list.Add(Lines(change, entry));
    }

    private string Lines(Change change, Entry entry)
    {
        string text = (list.Count == 0 && withLegend ? "CHANGE   PATH\n" : "") + change.KindName.PadRight(9)
            + CText.Quoted(change.Path);
        if (change.Detail.Length > 0)
            text += " (" + (change.From is string from ? "from " + CText.Quoted(from) : change.Detail) + ")";
        text += "\n";
        bool hasText = withContent && (change.Differs & Difference.Content) != Difference.None
            && entry.Upper!.IsRegular;
        return hasText ? text + UnifiedDiff.Of(change.Path, entry) : text;
    }
}
