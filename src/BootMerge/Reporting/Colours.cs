using System;
using BootMerge.Linux;

namespace BootMerge.Reporting;

/// <summary>
/// Whether tables are coloured, by systemd's rules (SYSTEMD_COLORS in its ENVIRONMENT document, no-color.org).
/// </summary>
internal static class Colours
{
    public const string Underline = "\e[4m";
    public const string Grey = "\e[0;90m";
    public const string Reset = "\e[0m";

    /// <summary>
    /// For people at a terminal: like systemd, this requires standard output and standard error there.
    /// </summary>
    public static bool AreWanted()
    {
        string? asked = Environment.GetEnvironmentVariable("SYSTEMD_COLORS");
        if (asked is "16" or "256" or "24bit")
            return true;
        if (asked is not null && Words.TryParseBoolean(asked, out bool on))
            return on;
        return Environment.GetEnvironmentVariable("NO_COLOR") is null
            && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb")
            && LibC.isatty(1) != 0 && LibC.isatty(2) != 0;
    }
}
