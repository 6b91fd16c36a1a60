using System.Collections.Generic;
using BootMerge.Json;

namespace BootMerge.CommandLine;

/// <summary>Exactly what was typed; null stands for an option that was not given.</summary>
internal sealed class Arguments
{
    public ProgramName CalledAs { get; init; }

    /// <summary>Whether it was called by one of systemd's names.</summary>
    public bool IsDropIn => CalledAs != ProgramName.BootMerge;

    public Verb Verb { get; set; } = Verb.Status;

    /// <summary>Of the verb that was typed; null: none, or none there is.</summary>
    public VerbRow? VerbRow { get; set; }

    /// <summary>
    /// The words after the verb: extensions for list and check, paths for diff and explain, otherwise nothing.
    /// </summary>
    public List<string> Names { get; } = [];

    public string Root { get; set; } = "/";

    public bool RootGiven { get; set; }

    public Switches Switches { get; set; }

    public ClassSelection? Class { get; set; }

    public MutableMode? Mutable { get; set; }

    public ImagePolicy? ImagePolicy { get; set; }

    public bool? NoExec { get; set; }

    public bool? AlwaysRefresh { get; set; }

    public JsonFormat Json { get; set; }

    public FallbackMode? Fallback { get; set; }

    /// <summary>Patterns of what reset --all keeps.</summary>
    public List<string> Keep { get; } = [];

    public bool Has(Switches one) => (Switches & one) != Switches.None;
}
