using System;
using System.Linq;
using BootMerge.Extensions.Images;
using Xunit;

namespace BootMerge.Tests.Extensions.Images;

public sealed class PartitionTypesTests
{
    /// <summary>What "systemd-id128 show" of systemd 262 prints: name, GUID as text.</summary>
    public static TheoryData<string, string, string> Types => new()
    {
        { "root-x86-64", "4f68bce3e8cd4db196e7fbcaf984b709", "Root" },
        { "root-x86-64-verity", "2c7357edebd246d9aec123d437ec2bf5", "RootVerity" },
        { "root-x86-64-verity-sig", "41092b059fc84523994f2def0408b176", "RootVeritySig" },
        { "usr-x86-64", "8484680c952148c69c11b0720656f69e", "Usr" },
        { "usr-x86-64-verity", "77ff5f63e7b64633acf41565b864c0e6", "UsrVerity" },
        { "usr-x86-64-verity-sig", "e7bb33fb06cf4e818273e543b413e2e2", "UsrVeritySig" },
        { "root-x86", "44479540f29741b29af7d131d5f0458a", "Root" },
        { "root-x86-verity", "d13c5d3bb5d1422ab29f9454fdc89d76", "RootVerity" },
        { "root-x86-verity-sig", "5996fc05109c48de808b23fa0830b676", "RootVeritySig" },
        { "usr-x86", "75250d768cc6458ebd66bd47cc81a812", "Usr" },
        { "usr-x86-verity", "8f461b0d14ee4e819aa9049b6fb97abd", "UsrVerity" },
        { "usr-x86-verity-sig", "974a71c0de4143c3be5d5c5ccd1ad2c0", "UsrVeritySig" },
        { "root-arm64", "b921b0451df041c3af444c6f280d3fae", "Root" },
        { "root-arm64-verity", "df3300ced69f4c92978c9bfb0f38d820", "RootVerity" },
        { "root-arm64-verity-sig", "6db69de629f44758a7a5962190f00ce3", "RootVeritySig" },
        { "usr-arm64", "b0e01050ee5f4390949a9101b17104e9", "Usr" },
        { "usr-arm64-verity", "6e11a4e7fbca4dedb9e9e1a512bb664e", "UsrVerity" },
        { "usr-arm64-verity-sig", "c23ce4ff44bd4b00b2d4b41b3419e02a", "UsrVeritySig" },
        { "root-arm", "69dad7102ce44e3cb16c21a1d49abed3", "Root" },
        { "root-arm-verity", "7386cdf2203c47a9a498f2ecce45a2d6", "RootVerity" },
        { "root-arm-verity-sig", "42b0455feb11491d98d356145ba9d037", "RootVeritySig" },
        { "usr-arm", "7d0359a302b34f0a865c654403e70625", "Usr" },
        { "usr-arm-verity", "c215d7517bcd4649be906627490a4c05", "UsrVerity" },
        { "usr-arm-verity-sig", "d7ff812f37d14902a810d76ba57b975a", "UsrVeritySig" },
        { "root-riscv64", "72ec70a6cf7440e6bd494bda08e8f224", "Root" },
        { "root-riscv64-verity", "b6ed5582440b4209b8da5ff7c419ea3d", "RootVerity" },
        { "root-riscv64-verity-sig", "efe0f087ea8d4469821a4c2a96a8386a", "RootVeritySig" },
        { "usr-riscv64", "beaec34b8442439ba40b984381ed097d", "Usr" },
        { "usr-riscv64-verity", "8f1056be9b0547c481d6be53128e5b54", "UsrVerity" },
        { "usr-riscv64-verity-sig", "d2f9000a7a18453fb5cd4d32f77a7b32", "UsrVeritySig" },
        { "root-loongarch64", "77055800792c4f94b39a98c91b762bb6", "Root" },
        { "root-loongarch64-verity", "f3393b22e9af4613a9489d3bfbd0c535", "RootVerity" },
        { "root-loongarch64-verity-sig", "5afb67ebecc84f85ae8eac1e7c50e7d0", "RootVeritySig" },
        { "usr-loongarch64", "e611c702575c4cbe9a46434fa0bf7e3f", "Usr" },
        { "usr-loongarch64-verity", "f46b2c2659ae48f09106c50ed47f673d", "UsrVerity" },
        { "usr-loongarch64-verity-sig", "b024f315d330444c846144bbde524e99", "UsrVeritySig" },
        { "root-ppc64-le", "c31c45e63f39412e80fb4809c4980599", "Root" },
        { "root-ppc64-le-verity", "906bd94445894aaea4e4dd983917446a", "RootVerity" },
        { "root-ppc64-le-verity-sig", "d4a236e7e8734c07bf1dbf6cf7f1c3c6", "RootVeritySig" },
        { "usr-ppc64-le", "15bb03af77e74d4ab12bc0d084f7491c", "Usr" },
        { "usr-ppc64-le-verity", "ee2b998321e8415386d9b6901a54d1ce", "UsrVerity" },
        { "usr-ppc64-le-verity-sig", "c8bfbd1e268e45218bbabf314c399557", "UsrVeritySig" },
        { "root-s390x", "5eead9a9fe094a1ea1d7520d00531306", "Root" },
        { "root-s390x-verity", "b325bfbec7be4ab88357139e652d2f6b", "RootVerity" },
        { "root-s390x-verity-sig", "c80187a573a3491a901a017c3fa953e9", "RootVeritySig" },
        { "usr-s390x", "8a4f577050aa4ed3874a99b710db6fea", "Usr" },
        { "usr-s390x-verity", "31741cc41a2a4111a581e00b447d2d06", "UsrVerity" },
        { "usr-s390x-verity-sig", "3f324816667b46ae86ee9b0c0c6c11b4", "UsrVeritySig" },
        { "home", "933ac7e12eb44f13b8440e14e2aef915", "Home" },
        { "srv", "3b8f842520e04f3b907f1a25a76f98e8", "Srv" },
        { "esp", "c12a7328f81f11d2ba4b00a0c93ec93b", "Esp" },
        { "xbootldr", "bc13c2ff59e64262a352b275fd6f7172", "Xbootldr" },
        { "swap", "0657fd6da4ab43c484e50933c84b4f4f", "Swap" },
        { "tmp", "7ec6f5573bc54acab29316ef5df639d1", "Tmp" },
        { "linux-generic", "0fc63daf848347728e793d69d8477de4", "Generic" },
    };

    [Theory]
    [MemberData(nameof(Types))]
    public void Every_type_is_known_by_its_GUID_as_it_is_on_disk(string name, string guid, string designator)
    {
        Assert.True(PartitionTypes.TryFind(Guid.Parse(guid).ToByteArray(), out Designator found, out int architecture));
        Assert.Equal(designator, found.ToString());
        string[] architectures = ["x86-64", "x86", "arm64", "arm", "riscv64", "loongarch64", "ppc64-le", "s390x"];
        string rest = name.StartsWith("root-", StringComparison.Ordinal)
            || name.StartsWith("usr-", StringComparison.Ordinal) ? name[(name.IndexOf('-', StringComparison.Ordinal) + 1)..] : "";
        Assert.Equal(Array.FindIndex(architectures, known => rest == known
            || rest.StartsWith(known + "-verity", StringComparison.Ordinal)), architecture);
    }

    [Fact]
    public void No_two_types_are_the_same() =>
        Assert.Equal(Types.Count, Types.Select(row => row.Data.Item2).Distinct().Count());

    [Theory]
    [InlineData("00000000000000000000000000000000")]
    [InlineData("4d21b016b53445c2a9fb5c16e091fd2d")] // var
    [InlineData("6523f8ae3eb14e2aa05a18b695ae656f")] // root of alpha
    [InlineData("4f68bce3e8cd4db196e7fbcaf984b70a")]
    public void Others_are_not(string guid) =>
        Assert.False(PartitionTypes.TryFind(Guid.Parse(guid).ToByteArray(), out _, out _));
}
