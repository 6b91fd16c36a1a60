using System.Collections.Generic;

namespace BootMerge.Configuration;

/// <summary>Everything but the command line that influences the settings, as found: nothing is parsed yet.</summary>
internal sealed class ConfigurationSources
{
    /// <summary>
    /// bootmerge.conf and its drop-ins from the running initramfs; weaker than those of the root. Weakest first.
    /// </summary>
    public List<SourceFile> InitramfsFiles { get; init; } = [];

    /// <summary>bootmerge.conf and its drop-ins from the root. Weakest first.</summary>
    public List<SourceFile> Files { get; init; } = [];

    /// <summary>One for each class that may be worked on.</summary>
    public List<ClassSources> Classes { get; init; } = [];

    /// <summary>/proc/cmdline.</summary>
    public byte[] KernelCommandLine { get; init; } = [];

    /// <summary>The environment's SYSTEMD_OS_RELEASE: a path inside the root; null if it is not set.</summary>
    public string? OsRelease { get; init; }

    /// <summary>What is wrong with files that were ignored, one line each.</summary>
    public List<string> Problems { get; init; } = [];
}

/// <summary>The sources for one class; null for a variable that is not set.</summary>
internal sealed class ClassSources(ExtensionClass cls)
{
    public ExtensionClass Class => cls;

    /// <summary><see cref="ExtensionClass.ConfigurationFile"/> and its drop-ins from the root. Weakest first.</summary>
    public List<SourceFile> Files { get; init; } = [];

    /// <summary>The environment's <see cref="ExtensionClass.ModeVariable"/>.</summary>
    public string? Mode { get; init; }

    /// <summary>The environment's <see cref="ExtensionClass.OverlayOptionsVariable"/>.</summary>
    public string? OverlayOptions { get; init; }

    /// <summary>The environment's <see cref="ExtensionClass.HierarchiesVariable"/>.</summary>
    public string? Hierarchies { get; init; }
}
