using System.Collections.Generic;
using BootMerge.Configuration;
using BootMerge.Linux;

namespace BootMerge.Planning;

/// <summary>Mount attributes and overlayfs options of a stack.</summary>
internal static class StackOptions
{
    /// <summary>MOUNT_ATTR_* bits.</summary>
    public static uint Attributes(ClassSettings settings, bool isMutable)
    {
        uint attributes = Sys.MOUNT_ATTR_NODEV;
        if (settings.Class.NoSuid)
            attributes |= Sys.MOUNT_ATTR_NOSUID;
        if (settings.NoExec)
            attributes |= Sys.MOUNT_ATTR_NOEXEC;
        if (!isMutable)
            attributes |= Sys.MOUNT_ATTR_RDONLY;
        else if (settings.OverlayOptions is null || Has(settings.OverlayOptions, "noatime"))
            attributes |= Sys.MOUNT_ATTR_NOATIME;
        return attributes;
    }

    /// <summary>
    /// redirect_dir=on, so that a directory of a lower layer can be renamed; metacopy=off, because a file of which only
    /// the metadata was copied up is zeros once the layers below are gone; index=off, because an index refuses another
    /// lower layer at the next boot. Configured options replace these in the modes that can be written to, as with
    /// systemd: also on a stack that is read-only because nothing is routed.
    /// </summary>
    public static List<OverlayOption> Of(ClassSettings settings)
    {
        if (settings.OverlayOptions is null || settings.Mode is MutableMode.No or MutableMode.Import)
            return [new("redirect_dir", "on"), new("metacopy", "off"), new("index", "off")];

        List<OverlayOption> options = [];
        foreach (string option in settings.OverlayOptions.Split(','))
        {
            if (option is "" or "noatime")
                continue;
            int equals = option.IndexOf('=');
            options.Add(equals < 0 ? new OverlayOption(option, null) : new OverlayOption(option[..equals], option[(equals + 1)..]));
        }

        return options;
    }

    /// <summary>In a user namespace: redirects are in trusted.*, and a kernel that is told to follow them there refuses.</summary>
    public static List<OverlayOption> WithoutRedirects(List<OverlayOption> options)
    {
        options.RemoveAll(static option => option.Key == "redirect_dir");
        return options;
    }

    private static bool Has(string options, string option)
    {
        foreach (string word in options.Split(','))
            if (word == option)
                return true;
        return false;
    }
}
