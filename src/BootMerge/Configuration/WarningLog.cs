using System.Collections.Generic;

namespace BootMerge.Configuration;

/// <summary>
/// What is wrong with the settings and was ignored, a line each; a rubbish file must not flood a boot log.
/// </summary>
internal sealed class WarningLog
{
    private const int Limit = 50;

    public List<string> Lines { get; } = [];

    public void Add(string where, string what)
    {
        if (Lines.Count < Limit)
            Lines.Add(where + ": " + what);
        else if (Lines.Count == Limit)
            Lines.Add("More settings were ignored; correct those named first");
    }
}
