using System;

namespace BootMerge.CommandLine;

/// <summary>The name under which the program was started; two of the names promise systemd's own behaviour.</summary>
internal enum ProgramName
{
    BootMerge,
    SystemdConfext,
    SystemdSysext,
}

internal static class ProgramNames
{
    /// <summary>In the order of the enumeration.</summary>
    private static readonly string[] Names = ["bootmerge", "systemd-confext", "systemd-sysext"];

    public static string Name(ProgramName program) => Names[(int)program];

    /// <param name="path">argv[0].</param>
    public static ProgramName Of(string path) => (ProgramName)Math.Max(Words.IndexOf(Names, PathName.Last(path)), 0);
}
