using System.Collections.Generic;
using BootMerge.Reporting;

namespace BootMerge.Changes;

/// <summary>What stays although it was to be reset.</summary>
internal sealed class ResetReport(Log log)
{
    public const string Changed = "it was added or changed meanwhile, so it is not in the copy";

    private readonly List<string> _staying = [];

    public bool IsEmpty => _staying.Count == 0;

    /// <param name="path">With the hierarchy: "/etc/ssh".</param>
    public void Stays(string path, string reason)
    {
        _staying.Add(path);
        log.Warning(path + " stays: " + reason + ".");
    }

    /// <summary>Whether the path stays with everything in it.</summary>
    public bool Has(string path) => _staying.Has(path);
}
