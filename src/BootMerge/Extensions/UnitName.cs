using System;

namespace BootMerge.Extensions;

/// <summary>Names of units of the service manager, systemd.unit(5).</summary>
internal static class UnitName
{
    private const int MaximumLength = 255;
    private const string Punctuation = ":-_.\\@";

    private static readonly string[] Types =
        ["service", "socket", "device", "mount", "automount", "swap", "target", "path", "timer", "slice", "scope"];

    /// <summary>
    /// Whether a unit can have this name: "a.service", or with an instance, "a@b.service". A template, "a@.service", is
    /// not a unit. Nor is a name without a type, which systemctl(1) would treat as a service.
    /// </summary>
    public static bool IsValid(string name)
    {
        int dot = name.LastIndexOf('.');
        int at = name.IndexOf('@');
        if (name.Length > MaximumLength || dot <= 0 || at == 0 || at == dot - 1
            || Words.IndexOf(Types, name[(dot + 1)..]) < 0)
            return false;
        foreach (char c in name)
            if (!char.IsAsciiLetterOrDigit(c) && !Punctuation.Contains(c))
                return false;
        return true;
    }
}
