using BootMerge.Changes;
using BootMerge.CommandLine;
using BootMerge.Configuration;
using BootMerge.Json;
using BootMerge.Reporting;

namespace BootMerge.Verbs;

/// <summary>Prints the changes of one hierarchy as they come.</summary>
internal sealed class DiffReport(string hierarchy, ListOutput list, Settings settings) : ChangeSink
{
    public override void Add(Change change, Entry entry)
    {
        if (settings.Has(Switches.OnlyFrozen) && change.Kind != ChangeKind.Frozen)
            return;
        if (list.IsJson)
            list.Add(change.ToJson(hierarchy).Add("text", JsonValue.StringOrNull(Content(change, entry))));
        else
            list.Add(Lines(change, entry));
    }

    private string Lines(Change change, Entry entry)
    {
        string text = list.Count > 0 || settings.Has(Switches.NoLegend) ? ""
            : Colours.AreWanted() ? Colours.Underline + "CHANGE   PATH" + Colours.Reset + "\n" : "CHANGE   PATH\n";
        text += change.KindName.PadRight(9) + CText.Quoted(change.Path);
        if (change.Detail.Length > 0)
            text += " (" + (change.From is string from ? "from " + CText.Quoted(from) : change.Detail) + ")";
        return text + "\n" + Content(change, entry);
    }

    /// <summary>null: not asked for, or it does not differ.</summary>
    private string? Content(Change change, Entry entry) => settings.Has(Switches.WithContent)
        && (change.Differs & Difference.Content) != Difference.None && entry.Upper!.IsRegular
        ? UnifiedDiff.Of(change.Path, entry) : null;
}
