using System.Collections.Generic;

namespace BootMerge.Configuration;

/// <summary>
/// Settings that are wrong and were ignored, one line each. Their number is limited: a garbage file must not flood a
/// boot log.
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
