using System;
using CommunityToolkit.HighPerformance;

namespace BootMerge.Configuration;

/// <summary>A person's own overlay options, "key=value,key", that take the place of the defaults.</summary>
internal static class OverlayOptions
{
    private const int LongestText = 4095;

    /// <summary>
    /// The layers are the plan's to choose; a second answer could make the machine's files the wrong layer.
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
            // Then overlayfs reads and writes user.overlay.*: what trusted.overlay.* has hidden would show again, and
            // prune and reset would not see what is hidden.
            if (key == "userxattr")
                return "the marks in the machine's own layer are trusted.overlay.*, remove " + key;
            // A merged /etc without its symlinks has no os-release: every later refresh would fail.
            if (option is "nosymfollow")
                return "nosymfollow would disable the system's symlinks, remove it";
        }

        return null;
    }

    /// <summary>
    /// Which of the options that keep a mutable layer readable by others are missing: without redirect_dir=on renaming
    /// a directory fails with EXDEV, without metacopy=off a changed mode leaves a file whose content lies in another
    /// layer.
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
