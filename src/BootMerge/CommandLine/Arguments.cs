using System.Collections.Generic;
using BootMerge.Configuration;

namespace BootMerge.CommandLine;

/// <summary>The name under which the program was started: two of them promise systemd's own behaviour.</summary>
internal enum ProgramName
{
    BootMerge,
    SystemdConfext,
    SystemdSysext,
}

internal enum Verb
{
    Status,
    List,
    Merge,
    Unmerge,
    Refresh,
    Plan,
    Boot,
    Diff,
    Explain,
    Prune,
    Reset,
    Check,
}

internal enum ClassSelection
{
    Confext,
    Sysext,
    All,
}

internal enum JsonFormat
{
    Off,
    Short,
    Pretty,
}

/// <summary>What was typed, nothing more: null stands for an option that was not given.</summary>
internal sealed class Arguments
{
    public ProgramName CalledAs { get; init; }

    public Verb Verb { get; set; } = Verb.Status;

    /// <summary>What stands behind the verb: extensions for list and check, paths for diff and explain, otherwise nothing.</summary>
    public List<string> Names { get; } = [];

    public string Root { get; set; } = "/";

    public bool RootGiven { get; set; }

    public ClassSelection? Class { get; set; }

    public MutableMode? Mutable { get; set; }

    public bool Force { get; set; }

    public ImagePolicy? ImagePolicy { get; set; }

    public bool? NoExec { get; set; }

    public bool? AlwaysRefresh { get; set; }

    public bool NoReload { get; set; }

    public bool ImportSelf { get; set; }

    public JsonFormat Json { get; set; }

    public bool Legend { get; set; } = true;

    public bool DryRun { get; set; }

    public FallbackMode? Fallback { get; set; }

    public bool Verbose { get; set; }

    public bool ExitCode { get; set; }

    public bool WithContent { get; set; }

    public bool WithLabels { get; set; }

    public bool Quiet { get; set; }

    public bool NoWait { get; set; }

    public bool WithOpaque { get; set; }

    public bool All { get; set; }

    public bool NoBackup { get; set; }

    /// <summary>Patterns of what reset --all leaves.</summary>
    public List<string> Keep { get; } = [];
}
