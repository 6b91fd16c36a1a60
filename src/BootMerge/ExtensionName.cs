using System;

namespace BootMerge;

/// <summary>Which names an extension may have.</summary>
internal static class ExtensionName
{
    public static bool IsValid(string name) => Problem(name).Length == 0;

    /// <summary>Why this cannot be a name; "" if it can.</summary>
    public static string Problem(string name)
    {
        if (name.Length == 0 || name is "." or "..")
            return "its name is empty without the suffixes";
        if (!PathText.IsValidUtf8(name))
            return "its name is not UTF-8";
        foreach (char c in name)
            if (c is < ' ' or '\u007f')
                return "its name contains a control character";
        if (PathText.HasNoncharacter(name))
            return "its name contains a code point that is not a character (such as U+FFFE)";
        // Temporary files for atomic replacement have such names.
        return name.StartsWith(".#", StringComparison.Ordinal) ? "its name starts with .#, as temporary files do" : "";
    }
}
