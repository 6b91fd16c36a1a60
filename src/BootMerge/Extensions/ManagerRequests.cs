using System;
using System.Collections.Generic;

namespace BootMerge.Extensions;

/// <summary>
/// What extensions ask of the service manager after they were merged or unmerged: the EXTENSION_* settings of their
/// release files (systemd-sysext(8)).
/// </summary>
internal sealed class ManagerRequests
{
    // A release file may be a megabyte: time and messages must not grow with its content.
    private const int MostUnits = 1000;
    private const int MostWarnings = 50;

    private const string ReloadKey = "EXTENSION_RELOAD_MANAGER";
    private const string RestartKey = "EXTENSION_RESTART_UNITS";
    private const string ReloadOrRestartKey = "EXTENSION_RELOAD_OR_RESTART_UNITS";

    /// <summary>
    /// Whether to reload all unit files. Naming any unit implies it, whatever EXTENSION_RELOAD_MANAGER= says: otherwise
    /// the manager would not know units that came or went with the extension.
    /// </summary>
    public bool Reload { get; private set; }

    /// <summary>Valid names, each once.</summary>
    public List<string> Restart { get; } = [];

    /// <summary>Valid names, each once, none of them in <see cref="Restart"/>.</summary>
    public List<string> ReloadOrRestart { get; } = [];

    /// <summary>What was ignored and why, each only once: a refresh reads most release files twice.</summary>
    public List<string> Warnings { get; } = [];

    /// <param name="extension">Its name, for the warnings.</param>
    public void Add(ReleaseFile release, string extension)
    {
        string reload = release[ReloadKey] ?? "";
        if (Words.TryParseBoolean(reload, out bool isWanted))
            Reload |= isWanted;
        else if (reload.Length > 0)
            Warn(ReloadKey, extension, Words.Quote(reload) + " is not a boolean");

        foreach (string unit in UnitsOf(release, RestartKey, extension))
        {
            AddOnce(Restart, unit);
            ReloadOrRestart.RemoveAll(other => other == unit);
        }

        foreach (string unit in UnitsOf(release, ReloadOrRestartKey, extension))
            if (!Restart.Has(unit))
                AddOnce(ReloadOrRestart, unit);
    }

    // As in systemd, the list has no quoting: a unit's name has no character that would need it.
    private List<string> UnitsOf(ReleaseFile release, string key, string extension)
    {
        List<string> units = [];
        string list = release[key] ?? "";
        Reload |= list.Length > 0;
        foreach (string word in list.Split([' ', '\t', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (units.Count + Restart.Count + ReloadOrRestart.Count == MostUnits)
            {
                Warn(key, extension, "more than " + MostUnits.ToString() + " units");
                break;
            }

            if (UnitName.IsValid(word))
                units.Add(word);
            else
                Warn(key, extension, Words.Quote(word) + " is not a unit name");
        }

        return units;
    }

    private void Warn(string key, string extension, string problem)
    {
        if (Warnings.Count < MostWarnings)
            AddOnce(Warnings, key + "= of extension " + Words.Quote(extension) + ": " + problem + ", ignored");
    }

    private static void AddOnce(List<string> list, string text)
    {
        if (!list.Has(text))
            list.Add(text);
    }
}
