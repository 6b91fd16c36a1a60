using System.Collections.Generic;
using BootMerge.Configuration;

namespace BootMerge.Extensions;

/// <summary>The error for a name that no extension has.</summary>
internal static class UnknownExtension
{
    /// <summary>Where else it may be looked for.</summary>
    public static string Elsewhere(Settings settings) => settings.IsClassChosen || settings.IsDropIn
        ? "" : "; --class=all looks for sysexts, too";

    /// <param name="known">The names that exist.</param>
    /// <param name="otherwise">What to say if no known name is near.</param>
    public static InputException Named(string name, List<string> known, string otherwise) =>
        new("No extension " + Words.Quote(name) + " was found"
            + (Words.Nearest(name, known.ToArray()) is string nearest ? Words.DidYouMean(nearest) : otherwise));
}
