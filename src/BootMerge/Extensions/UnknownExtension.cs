using System.Collections.Generic;

namespace BootMerge.Extensions;

/// <summary>The error for a name that no extension has.</summary>
internal static class UnknownExtension
{
    /// <param name="known">Names there are.</param>
    /// <param name="otherwise">What to say when no known name is near.</param>
    public static InputException Named(string name, List<string> known, string otherwise) =>
        new("No extension " + Words.Quote(name) + " was found"
            + (Words.Nearest(name, known.ToArray()) is string nearest ? Words.DidYouMean(nearest) : otherwise));
}
