using System;

namespace BootMerge.CommandLine;

/// <summary>The options without a value; <see cref="OptionTable"/> says what each means.</summary>
[Flags]
internal enum Switches
{
    None = 0,
    All = 1 << 0,
    DryRun = 1 << 1,
    ExitCode = 1 << 2,
    Force = 1 << 3,
    ImportSelf = 1 << 4,
    NoBackup = 1 << 5,
    NoLegend = 1 << 6,
    NoReload = 1 << 7,
    NoWait = 1 << 8,
    Quiet = 1 << 9,
    Verbose = 1 << 10,
    WithContent = 1 << 11,
    WithLabels = 1 << 12,
    WithOpaque = 1 << 13,
    OnlyFrozen = 1 << 14,
}
