using System;
using CommunityToolkit.HighPerformance;

namespace BootMerge.Configuration;

/// <summary>The user's own overlay options, "key=value,key", which replace the defaults.</summary>
internal static class OverlayOptions
{
    private const int LongestText = 4095;

    /// <summary>
    /// The plan chooses the layers. An option that chose others could make the machine's files the wrong layer.
    /// </summary>
    private static readonly string[] LayerKeys = ["lowerdir", "lowerdir+", "datadir+", "upperdir", "workdir"];

    public static string? ReasonToRefuse(string options)
    {
        if (options.Length > LongestText)
            return "it is longer than " + LongestText.ToString() + " characters, the limit of mount(2)";
        foreach (ReadOnlySpan<char> option in options.Tokenize(','))
        {
            int equals = option.IndexOf('=');
            string key = (equals < 0 ? option : option[..equals]).ToString();
            if (Words.IndexOf(LayerKeys, key) >= 0)
                return "layers cannot be set here, remove " + key;
            // With it overlayfs would read and write user.overlay.*: what trusted.overlay.* has hidden would reappear,
            // and prune and reset would not see what is hidden.
            if (key == "userxattr")
                return "the marks in the machine's own layer are trusted.overlay.*, remove " + key;
            // A merged /etc without its symlinks has no os-release, so every later refresh would fail.
            if (option is "nosymfollow")
                return "nosymfollow would disable the system's symlinks, remove it";
        }

        return null;
    }

    /// <summary>
    /// The missing ones of those options that keep a mutable layer readable to others. Without redirect_dir=on,
    /// renaming a directory fails with EXDEV. Without metacopy=off, changing a mode leaves a file whose content is in
    /// another layer.
    /// </summary>
    public static string? MissingFrom(string options)
    {
        bool redirect = false;
        bool metacopy = false;
        foreach (ReadOnlySpan<char> option in options.Tokenize(','))
        {
            redirect |= option is "redirect_dir=on";
            metacopy |= option is "metacopy=off";
        }

        return redirect
            ? metacopy ? null : "metacopy=off"
            : metacopy ? "redirect_dir=on" : "redirect_dir=on and metacopy=off";
    }
}
