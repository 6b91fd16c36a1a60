namespace BootMerge;

/// <summary>Everything in which sysext and confext differ, said once (systemd-sysext(8), UAPI.4).</summary>
internal sealed class ExtensionClass
{
    public required string Name { get; init; }

    /// <summary>Section of <see cref="ConfigurationFile"/> that holds this class's keys.</summary>
    public required string Section { get; init; }

    /// <summary>Relative to the configuration directories.</summary>
    public required string ConfigurationFile { get; init; }

    /// <summary>Absolute paths inside the root, in the order in which they are merged.</summary>
    public required string[] Hierarchies { get; init; }

    /// <summary>Strongest first.</summary>
    public required string[] SearchDirectories { get; init; }

    /// <summary>The directories searched instead if the root is itself an initramfs. Strongest first.</summary>
    public required string[] InitrdSearchDirectories { get; init; }

    /// <summary>A path inside the extension.</summary>
    public required string ReleaseDirectory { get; init; }

    public required string LevelKey { get; init; }

    public required string ScopeKey { get; init; }

    /// <summary>The marker directory inside a merged hierarchy.</summary>
    public required string MarkerName { get; init; }

    /// <summary>The marker's file with the names of the merged extensions.</summary>
    public required string NamesFile { get; init; }

    public required string HierarchiesVariable { get; init; }

    public required string ModeVariable { get; init; }

    public required string OverlayOptionsVariable { get; init; }

    /// <summary>Kernel command line: this key with a false value switches the class off at boot.</summary>
    public required string KernelSwitch { get; init; }

    public required bool NoSuid { get; init; }

    public required bool NoExecByDefault { get; init; }

    public static readonly ExtensionClass Confext = new()
    {
        Name = "confext",
        Section = "ConfExt",
        ConfigurationFile = "systemd/confext.conf",
        Hierarchies = ["/etc"],
        SearchDirectories = ["/run/confexts", "/var/lib/confexts", "/usr/local/lib/confexts", "/usr/lib/confexts"],
        InitrdSearchDirectories = ["/run/confexts", "/var/lib/confexts", "/usr/local/lib/confexts", "/.extra/confext",
            "/.extra/global_confext"],
        ReleaseDirectory = "etc/extension-release.d",
        LevelKey = "CONFEXT_LEVEL",
        ScopeKey = "CONFEXT_SCOPE",
        MarkerName = ".systemd-confext",
        NamesFile = "confexts",
        HierarchiesVariable = "SYSTEMD_CONFEXT_HIERARCHIES",
        ModeVariable = "SYSTEMD_CONFEXT_MUTABLE_MODE",
        OverlayOptionsVariable = "SYSTEMD_CONFEXT_OVERLAYFS_MOUNT_OPTIONS",
        KernelSwitch = "systemd.confext",
        NoSuid = true,
        NoExecByDefault = true,
    };

    public static readonly ExtensionClass Sysext = new()
    {
        Name = "sysext",
        Section = "SysExt",
        ConfigurationFile = "systemd/sysext.conf",
        Hierarchies = ["/usr", "/opt"],
        SearchDirectories = ["/etc/extensions", "/run/extensions", "/var/lib/extensions"],
        InitrdSearchDirectories = ["/etc/extensions", "/run/extensions", "/var/lib/extensions", "/.extra/sysext",
            "/.extra/global_sysext"],
        ReleaseDirectory = "usr/lib/extension-release.d",
        LevelKey = "SYSEXT_LEVEL",
        ScopeKey = "SYSEXT_SCOPE",
        MarkerName = ".systemd-sysext",
        NamesFile = "extensions",
        HierarchiesVariable = "SYSTEMD_SYSEXT_HIERARCHIES",
        ModeVariable = "SYSTEMD_SYSEXT_MUTABLE_MODE",
        OverlayOptionsVariable = "SYSTEMD_SYSEXT_OVERLAYFS_MOUNT_OPTIONS",
        KernelSwitch = "systemd.sysext",
        NoSuid = false,
        NoExecByDefault = false,
    };

    /// <summary>null if no class has that name.</summary>
    public static ExtensionClass? ByName(string name) => name == Confext.Name ? Confext : name == Sysext.Name
        ? Sysext : null;
}
