using System.Collections.Generic;

namespace BootMerge.Configuration;

/// <summary>Everything that has a say besides the command line, as it was found: nothing is parsed yet.</summary>
internal sealed class ConfigurationSources
{
    /// <summary>
    /// bootmerge.conf and its drop-ins of the running initramfs: weaker than the root's. Weakest first.
    /// </summary>
    public List<SourceFile> InitramfsFiles { get; init; } = [];

    /// <summary>bootmerge.conf and its drop-ins of the root. Weakest first.</summary>
    public List<SourceFile> Files { get; init; } = [];

    /// <summary>Of the classes that may be worked on.</summary>
    public List<ClassSources> Classes { get; init; } = [];

    /// <summary>/proc/cmdline.</summary>
    public byte[] KernelCommandLine { get; init; } = [];

    /// <summary>The environment's SYSTEMD_OS_RELEASE: a path inside the root; null where it is not set.</summary>
    public string? OsRelease { get; init; }

    /// <summary>What is wrong with files that were ignored, a line each.</summary>
    public List<string> Problems { get; init; } = [];
}

/// <summary>What speaks of one class; null where a variable is not set.</summary>
internal sealed class ClassSources(ExtensionClass cls)
{
    public ExtensionClass Class => cls;

    /// <summary><see cref="ExtensionClass.ConfigurationFile"/> and its drop-ins of the root. Weakest first.</summary>
    public List<SourceFile> Files { get; init; } = [];

    /// <summary>The environment's <see cref="ExtensionClass.ModeVariable"/>.</summary>
    public string? Mode { get; init; }

    /// <summary>The environment's <see cref="ExtensionClass.OverlayOptionsVariable"/>.</summary>
    public string? OverlayOptions { get; init; }

    /// <summary>The environment's <see cref="ExtensionClass.HierarchiesVariable"/>.</summary>
    public string? Hierarchies { get; init; }
}
