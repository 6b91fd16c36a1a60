using BootMerge.Extensions;
using Xunit;

namespace BootMerge.Tests.Extensions;

/// <summary>systemd-confext 262 picks the same on an x86-64 machine, unless a comment says otherwise.</summary>
public sealed class VersionedNameTests
{
    private static VersionedName? Parse(string entry, string suffix = "", MachineArchitecture? machine = null) =>
        VersionedName.TryParse(entry, "foo", suffix, machine ?? MachineArchitecture.X8664, out _);

    [Theory]
    [InlineData("foo_1", "")]
    [InlineData("foo_1.raw", ".raw")]
    [InlineData("foo_1.confext.raw", ".confext.raw")]
    [InlineData("foo_1.confext.raw", ".raw")]
    [InlineData("foo_.confext.raw", ".raw")]
    [InlineData("foo_1.sysext", "")]
    [InlineData("foo_1.raw.raw", ".raw")]
    [InlineData("foo_1.2~rc1^git-3", "")]
    [InlineData("foo_-", "")]
    [InlineData("foo_~", "")]
    [InlineData("foo_x86-64", "")]
    [InlineData("foo_arm64", "")]
    [InlineData("foo_1_x86-64", "")]
    [InlineData("foo_1_x86", "")]
    [InlineData("foo_1_", "")]
    [InlineData("foo_1_bogus", "")]
    [InlineData("foo_1_amd64", "")]
    [InlineData("foo_1_X86-64", "")]
    [InlineData("foo_1_native", "")]
    [InlineData("foo_1_x86-64.confext", "")]
    [InlineData("foo_1_arm64.confext", "")]
    [InlineData("foo_1_b c@:é", "")]
    [InlineData("foo_1_arm64+foo", "")]
    [InlineData("foo_1_+", "")]
    [InlineData("foo_1+3", "")]
    [InlineData("foo_1+3-0", "")]
    [InlineData("foo_1+0", "")]
    [InlineData("foo_1+00", "")]
    [InlineData("foo_1+010", "")]
    [InlineData("foo_1+4294967295-4294967295", "")]
    [InlineData("foo_1+0000000000000000000000000000000000000003", "")]
    [InlineData("foo_1_x86-64+3-1.raw", ".raw")]
    public void An_entry_with_a_version_is_a_candidate(string entry, string suffix) =>
        Assert.NotNull(Parse(entry, suffix));

    [Theory]
    [InlineData("foo", "", "is not named foo_VERSION")]
    [InlineData("foo-1", "", "is not named foo_VERSION")]
    [InlineData("bar_1", "", "is not named foo_VERSION")]
    [InlineData(".foo_1", "", "is not named foo_VERSION")]
    [InlineData("foo.raw", ".raw", "is not named foo_VERSION.raw")]
    [InlineData("foo_1", ".raw", "is not named foo_VERSION.raw")]
    [InlineData("foo_1.RAW", ".raw", "is not named foo_VERSION.raw")]
    [InlineData("foo_1.raw.sysext", ".raw", "is not named foo_VERSION.raw")]
    [InlineData("foo_1.raw", ".confext.raw", "is not named foo_VERSION.confext.raw")]
    [InlineData("foo_1", ".confext", "is not named foo_VERSION.confext")]
    [InlineData("foo.confext_1", ".confext", "is not named foo_VERSION.confext")]
    [InlineData("foo_", "", "has no version")]
    [InlineData("foo_.raw", ".raw", "has no version")]
    [InlineData("foo__", "", "has no version")]
    [InlineData("foo__x86-64", "", "has no version")]
    [InlineData("foo_+3", "", "has no version")]
    [InlineData("foo___", "", "has '_' as version, which is not valid (letters, digits, and . ~ ^ - are)")]
    [InlineData("foo_1_2_3", "", "has '1_2' as version, which is not valid (letters, digits, and . ~ ^ - are)")]
    [InlineData("foo_1_x86_64", "", "has '1_x86' as version, which is not valid (letters, digits, and . ~ ^ - are)")]
    [InlineData("foo_1_arm64_x86-64", "",
        "has '1_arm64' as version, which is not valid (letters, digits, and . ~ ^ - are)")]
    [InlineData("foo_1 ", "", "has '1 ' as version, which is not valid (letters, digits, and . ~ ^ - are)")]
    [InlineData("foo_1,2", "", "has '1,2' as version, which is not valid (letters, digits, and . ~ ^ - are)")]
    [InlineData("foo_1@", "", "has '1@' as version, which is not valid (letters, digits, and . ~ ^ - are)")]
    [InlineData("foo_é", "", "has 'é' as version, which is not valid (letters, digits, and . ~ ^ - are)")]
    [InlineData("foo_1+", "", "has '1+' as version, which is not valid (letters, digits, and . ~ ^ - are)")]
    [InlineData("foo_1+-1", "", "has '1+-1' as version, which is not valid (letters, digits, and . ~ ^ - are)")]
    [InlineData("foo_1+1-", "", "has '1+1-' as version, which is not valid (letters, digits, and . ~ ^ - are)")]
    [InlineData("foo_1+1-2-3", "", "has '1+1-2-3' as version, which is not valid (letters, digits, and . ~ ^ - are)")]
    [InlineData("foo_1+ 3", "", "has '1+ 3' as version, which is not valid (letters, digits, and . ~ ^ - are)")]
    [InlineData("foo_1++3", "", "has '1+' as version, which is not valid (letters, digits, and . ~ ^ - are)")]
    [InlineData("foo_1+0x1", "", "has '1+0x1' as version, which is not valid (letters, digits, and . ~ ^ - are)")]
    [InlineData("foo_1+08", "", "has '1+08' as version, which is not valid (letters, digits, and . ~ ^ - are)")]
    [InlineData("foo_1+4294967296", "",
        "has '1+4294967296' as version, which is not valid (letters, digits, and . ~ ^ - are)")]
    [InlineData("foo_1+3-4294967296", "",
        "has '1+3-4294967296' as version, which is not valid (letters, digits, and . ~ ^ - are)")]
    [InlineData("foo_1+18446744073709551617", "",
        "has '1+18446744073709551617' as version, which is not valid (letters, digits, and . ~ ^ - are)")]
    [InlineData("foo_1+3.confext", "",
        "has '1+3.confext' as version, which is not valid (letters, digits, and . ~ ^ - are)")]
    [InlineData("foo_1+3_x86-64", "", "has '1+3' as version, which is not valid (letters, digits, and . ~ ^ - are)")]
    [InlineData("foo_1_arm64", "", "is for arm64, this machine is x86-64")]
    [InlineData("foo_1_arm", "", "is for arm, this machine is x86-64")]
    [InlineData("foo_1_ppc64-le", "", "is for ppc64-le, this machine is x86-64")]
    [InlineData("foo_1_x86-64_arm64", "", "is for arm64, this machine is x86-64")]
    [InlineData("foo_1_arm64+3", "", "is for arm64, this machine is x86-64")]
    [InlineData("foo_1_arm64.raw", ".raw", "is for arm64, this machine is x86-64")]
    public void An_entry_that_is_no_version_for_this_machine_says_why(string entry, string suffix, string problem)
    {
        Assert.Null(VersionedName.TryParse(entry, "foo", suffix, MachineArchitecture.X8664, out string actual));
        Assert.Equal(problem, actual);
    }

    [Theory]
    [InlineData("foo_2", "foo_1")]
    [InlineData("foo_1.10", "foo_1.9")]
    [InlineData("foo_1", "foo_1~rc1")]
    [InlineData("foo_1^p", "foo_1")]
    [InlineData("foo_a", "foo_~")]
    [InlineData("foo_1.0", "foo_1")]
    [InlineData("foo_2.confext", "foo_1")]
    [InlineData("foo_1.confext", "foo_01")]
    [InlineData("foo_1", "foo_x86-64")]
    [InlineData("foo_1.5", "foo_1_x86-64")]
    [InlineData("foo_1.5", "foo_1_9")]
    [InlineData("foo_2_x86", "foo_1_x86-64")]
    [InlineData("foo_01_x86-64", "foo_1")]
    [InlineData("foo_01_x86-64", "foo_1_x86")]
    [InlineData("foo_01_x86", "foo_1")]
    [InlineData("foo_01_x86", "foo_1_bogus")]
    [InlineData("foo_1", "foo_2+0")]
    [InlineData("foo_1", "foo_2+0-3")]
    [InlineData("foo_1", "foo_2_x86-64+0")]
    [InlineData("foo_1", "foo_2+00")]
    [InlineData("foo_2+1", "foo_1")]
    [InlineData("foo_2+0-3", "foo_1+0-1")]
    [InlineData("foo_1+0-1", "foo_1+0-3")]
    [InlineData("foo_1+0", "foo_1+0-1")]
    [InlineData("foo_01_x86-64+0-3", "foo_1+0-1")]
    [InlineData("foo_1", "foo_1+3")]
    [InlineData("foo_01", "foo_1+3")]
    [InlineData("foo_1+3", "foo_1+1")]
    [InlineData("foo_1+10", "foo_1+9")]
    [InlineData("foo_1+9", "foo_1+010")]
    [InlineData("foo_1+010", "foo_1+7")]
    [InlineData("foo_1+3-1", "foo_1+3-2")]
    [InlineData("foo_01+3-1", "foo_1+3-2")]
    [InlineData("foo_1+3", "foo_1+3-1")]
    [InlineData("foo_1+3-9", "foo_1+3-4294967295")]
    [InlineData("foo_1_x86-64", "foo_1+3")]
    [InlineData("foo_1_x86-64+3", "foo_1+5")]
    [InlineData("foo_1_x86-64+3", "foo_1_x86")]
    [InlineData("foo_01+4294967295", "foo_1")]
    [InlineData("foo_01+4294967295-1", "foo_1")]
    public void The_better_of_two_entries_is_picked(string better, string worse)
    {
        Assert.True(Parse(better)!.CompareWith(Parse(worse)!) > 0);
        Assert.True(Parse(worse)!.CompareWith(Parse(better)!) < 0);
    }

    [Theory]
    [InlineData("foo_1", "foo_01")]
    [InlineData("foo_1+3", "foo_1+3-0")]
    [InlineData("foo_1+8", "foo_1+010")]
    [InlineData("foo_1", "foo_1_bogus")]
    [InlineData("foo_1_a", "foo_1_b")]
    public void Some_names_do_not_decide(string left, string right) =>
        Assert.Equal(0, Parse(left)!.CompareWith(Parse(right)!));

    // From systemd's table of secondary architectures; not measured on such a machine.
    [Theory]
    [InlineData("foo_1_arm64", true)]
    [InlineData("foo_1_arm", true)]
    [InlineData("foo_1_bogus", true)]
    [InlineData("foo_1_x86-64", false)]
    [InlineData("foo_1_x86", false)]
    [InlineData("foo_1_arm64-be", false)]
    public void On_arm64_other_entries_are_candidates(string entry, bool candidate)
    {
        Assert.Equal(candidate, Parse(entry, machine: MachineArchitecture.Arm64) is not null);
        Assert.True(Parse("foo_01_arm64",
            machine: MachineArchitecture.Arm64)!.CompareWith(Parse("foo_1_arm",
            machine: MachineArchitecture.Arm64)!) > 0);
    }

    [Theory]
    [InlineData("alpha arc arc-be arm arm-be arm64 arm64-be cris ia64 loongarch64 m68k mips mips-le mips64 mips64-le "
        + "nios2 parisc parisc64")]
    [InlineData("ppc ppc-le ppc64 ppc64-le riscv32 riscv64 s390 s390x sh sh64 sparc sparc64 tilegx")]
    public void Known_architectures_are_foreign(string names)
    {
        foreach (string name in names.Split(' '))
            Assert.Equal(MachineArchitecture.Foreign, MachineArchitecture.X8664.RankOf(name));
    }

    [Theory]
    [InlineData("x86-64", 0)]
    [InlineData("x86", 1)]
    [InlineData("", MachineArchitecture.Unnamed)]
    [InlineData("native", MachineArchitecture.Unnamed)]
    [InlineData("x86_64", MachineArchitecture.Unnamed)]
    [InlineData("aarch64", MachineArchitecture.Unnamed)]
    [InlineData("riscv128", MachineArchitecture.Unnamed)]
    [InlineData("arm arm64", MachineArchitecture.Unnamed)]
    public void Other_words_are_no_architecture(string name, int rank) =>
        Assert.Equal(rank, MachineArchitecture.X8664.RankOf(name));
}
