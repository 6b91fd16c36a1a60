using System.Collections.Generic;
using BootMerge.Configuration;
using BootMerge.Linux;

namespace BootMerge.Planning;

/// <summary>Mount attributes and overlayfs options of a merge.</summary>
internal static class StackOptions
{
    /// <summary>
    /// MOUNT_ATTR_* bits. Configured options may change any of them, but without an upperdir the mount stays read-only.
    /// </summary>
    public static uint Attributes(ClassSettings settings, bool isMutable)
    {
        uint attributes = Sys.MOUNT_ATTR_NODEV;
        if (settings.Class.NoSuid)
            attributes |= Sys.MOUNT_ATTR_NOSUID;
        if (settings.NoExec)
            attributes |= Sys.MOUNT_ATTR_NOEXEC;
        if (settings.OverlayOptions is not null)
            attributes = MountFlags.Apply(settings.OverlayOptions, attributes);
        else if (isMutable)
            attributes |= Sys.MOUNT_ATTR_NOATIME;
        return isMutable ? attributes : attributes | Sys.MOUNT_ATTR_RDONLY;
    }

    /// <summary>
    /// redirect_dir=on, so that a directory of a lower layer can be renamed. metacopy=off, because a file whose
    /// metadata alone was copied up turns to zeros once the layers below are gone. index=off, because an index refuses
    /// a different lower layer at the next boot. Configured options replace these in every mode, as with systemd.
    /// </summary>
    public static List<OverlayOption> Of(ClassSettings settings) =>
        settings.OverlayOptions is null
            ? [new("redirect_dir", "on"), new("metacopy", "off"), new("index", "off")]
            : MountFlags.Rest(settings.OverlayOptions);

    /// <summary>For an overlay that only shows the content of its layers.</summary>
    public static List<OverlayOption> ToRead(bool areMarksHidden)
    {
        List<OverlayOption> options = [new("redirect_dir", "follow"), new("metacopy", "off"), new("index", "off")];
        return areMarksHidden ? WithoutRedirects(options) : options;
    }

    /// <summary>
    /// For a user namespace: redirects are in trusted.*, and the kernel refuses to follow them there.
    /// </summary>
    public static List<OverlayOption> WithoutRedirects(List<OverlayOption> options)
    {
        options.RemoveAll(static option => option.Key == "redirect_dir");
        return options;
    }
}
