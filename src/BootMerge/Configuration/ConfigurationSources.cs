using System.Collections.Generic;

namespace BootMerge.Configuration;

/// <summary>Everything that has a say besides the command line, as it was found: nothing is parsed yet.</summary>
internal sealed class ConfigurationSources
{
    /// <summary>bootmerge.conf and its drop-ins of the running initramfs: weaker than the root's. Weakest first.</summary>
    public List<SourceFile> InitramfsFiles { get; init; } = [];

    /// <summary>bootmerge.conf and its drop-ins of the root. Weakest first.</summary>
    public List<SourceFile> Files { get; init; } = [];

    /// <summary>Of the root, by <see cref="ExtensionClass.ConfigurationFile"/>. Weakest first.</summary>
    public Dictionary<string, List<SourceFile>> ClassFiles { get; init; } = [];

    /// <summary>Only the variables that mean something here, and only those that are set.</summary>
    public Dictionary<string, string> Environment { get; init; } = [];

    /// <summary>/proc/cmdline, empty unless the verb is boot.</summary>
    public byte[] KernelCommandLine { get; init; } = [];
}
