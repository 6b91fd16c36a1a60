using System;
using System.Runtime.InteropServices;

namespace BootMerge.Extensions;

/// <summary>
/// The architectures that a machine runs, in the words of ConditionArchitecture= (systemd.unit(5)), which are not
/// uname's.
/// </summary>
internal sealed class MachineArchitecture
{
    /// <summary>Smaller ranks are preferred.</summary>
    public const int Unnamed = 2;

    public const int Foreign = 3;

    // Every word that systemd 262 treats as an architecture. Any other is just a word.
    private const string Known = "alpha arc arc-be arm arm-be arm64 arm64-be cris ia64 loongarch64 m68k mips mips-le "
        + "mips64 mips64-le nios2 parisc parisc64 ppc ppc-le ppc64 ppc64-le riscv32 riscv64 s390 s390x sh sh64 sparc "
        + "sparc64 tilegx x86 x86-64";

    public static readonly MachineArchitecture X8664 = new("x86-64", "x86");
    public static readonly MachineArchitecture Arm64 = new("arm64", "arm");

    private readonly string _secondary;

    private MachineArchitecture(string own, string secondary)
    {
        Own = own;
        _secondary = secondary;
    }

    public static MachineArchitecture Local => RuntimeInformation.ProcessArchitecture == Architecture.Arm64
        ? Arm64 : X8664;

    public string Own { get; }

    /// <summary>
    /// 0 for its own, 1 for the other one that it runs, <see cref="Unnamed"/> for no architecture, or
    /// <see cref="Foreign"/>.
    /// </summary>
    public int RankOf(ReadOnlySpan<char> name)
    {
        if (name.SequenceEqual(Own))
            return 0;
        if (name.SequenceEqual(_secondary))
            return 1;
        return Words.Contain(Known, name) ? Foreign : Unnamed;
    }
}
