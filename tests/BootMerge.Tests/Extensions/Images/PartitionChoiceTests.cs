using System;
using System.Collections.Generic;
using System.Linq;
using BootMerge.Extensions;
using BootMerge.Extensions.Images;
using Xunit;

namespace BootMerge.Tests.Extensions.Images;

/// <summary>
/// Which partitions are used, row by row. The differential tests ask systemd the same about real images. A partition is
/// written TYPE@ARCHITECTURE/LABEL!FLAG; only the type is required. An architecture is a number in the table of types.
/// </summary>
public sealed class PartitionChoiceTests
{
    [Theory]
    [InlineData("root", "0", "-")]
    [InlineData("usr", "-", "0")]
    [InlineData("root usr", "0", "1")]
    [InlineData("esp root swap home srv xbootldr tmp", "1", "-")]
    // The newest label by UAPI.10; the first of equal ones.
    [InlineData("root/sys_1 root/sys_2", "1", "-")]
    [InlineData("root/sys_10 root/sys_9", "0", "-")]
    [InlineData("root/sys_1 root/sys_1~rc1", "0", "-")]
    [InlineData("root root", "0", "-")]
    [InlineData("root/a root/b root/a", "1", "-")]
    [InlineData("usr/1 usr/2 usr/1.1", "-", "1")]
    // The better architecture goes before the newer label: x86-64, x86, all others alike.
    [InlineData("root@1/2 root@0/1", "1", "-")]
    [InlineData("root@0/1 root@1/2", "0", "-")]
    [InlineData("root@2/9 root@1/1", "1", "-")]
    [InlineData("root@2/1 root@7/2", "1", "-")]
    [InlineData("root@7/2 root@2/1", "0", "-")]
    [InlineData("root@2", "0", "-")]
    [InlineData("root@4 usr@4", "0", "1")]
    // Partitions marked not to be used automatically.
    [InlineData("root!no-auto root", "1", "-")]
    [InlineData("root/2!no-auto root/1", "1", "-")]
    [InlineData("root!read-only!growfs", "0", "-")]
    // A partition of generic Linux data, if it is the only one and there is no other root.
    [InlineData("generic", "0", "-")]
    [InlineData("generic!no-auto generic", "1", "-")]
    [InlineData("generic root", "1", "-")]
    [InlineData("generic generic root", "2", "-")]
    [InlineData("generic usr", "-", "1")]
    [InlineData("root!no-auto generic", "1", "-")]
    public void Of_each_kind_one_partition_is_chosen(string partitions, string root, string usr)
    {
        PartitionChoice choice = Choose(partitions, ImagePolicy.BuiltIn(ExtensionClass.Sysext, "/x"), out var all);
        Assert.Null(choice.Problem);
        Assert.Null(choice.Refusal);
        Assert.Equal((root, usr), (Index(all, choice.Root), Index(all, choice.Usr)));
        Assert.False(choice.HasUnusedTree(Designator.Root));
    }

    [Theory]
    [InlineData("root@0/2 root@2/1 root@3/3", "1")]
    [InlineData("root@0/2 root@3/1", "1")]
    [InlineData("root@3/9 root@2/1", "1")]
    public void On_arm64_that_comes_first_and_arm_second(string partitions, string root)
    {
        PartitionChoice choice = Choose(partitions, ImagePolicy.BuiltIn(ExtensionClass.Sysext, "/x"), out var all,
            MachineArchitecture.Arm64);
        Assert.Equal(root, Index(all, choice.Root));
    }

    [Theory]
    [InlineData("", "it has no root partition")]
    [InlineData("home esp", "it has no root partition")]
    [InlineData("root!no-auto", "it has no root partition, only one marked no-auto")]
    [InlineData("usr!no-auto home", "it has no root partition, only one marked no-auto")]
    [InlineData("generic generic", "it has no root partition, but several generic ones")]
    [InlineData("generic!no-auto", "it has no root partition")]
    [InlineData("root-verity", "it has a hash partition for root but no data partition")]
    [InlineData("root-verity-sig", "it has a signature for root but no data partition")]
    [InlineData("root-verity generic", "it has a hash partition for root but no data partition")]
    [InlineData("root!no-auto root-verity", "it has a hash partition for root but no data partition")]
    [InlineData("root root-verity-sig", "it has a signature for root but no hash partition")]
    [InlineData("root usr-verity", "it has a hash partition for usr but no data partition")]
    [InlineData("root usr-verity-sig", "it has a signature for usr but no data partition")]
    [InlineData("root usr usr-verity-sig", "it has a signature for usr but no hash partition")]
    [InlineData("root root-verity usr", "it has verity for root together with a usr partition")]
    [InlineData("root root-verity usr usr-verity", "it has verity for root together with a usr partition")]
    [InlineData("root@0 usr@2", "its root and usr partitions are for different architectures")]
    public void What_cannot_be_used_is_refused_with_the_reason(string partitions, string problem)
    {
        PartitionChoice choice = Choose(partitions, ImagePolicy.BuiltIn(ExtensionClass.Sysext, "/x"), out _);
        Assert.Equal(problem, choice.Problem);
        Assert.Null(choice.Refusal);
    }

    [Theory]
    [InlineData("root root-verity", Designator.Root, "1", "-")]
    [InlineData("root root-verity root-verity-sig", Designator.Root, "1", "2")]
    [InlineData("root usr usr-verity", Designator.Usr, "2", "-")]
    [InlineData("root usr usr-verity", Designator.Root, "-", "-")]
    [InlineData("usr-verity-sig usr usr-verity", Designator.Usr, "2", "0")]
    public void What_there_is_to_verify_by_is_chosen_for_each(string partitions, object data, string tree,
        string signature)
    {
        PartitionChoice choice = Choose(partitions, ImagePolicy.BuiltIn(ExtensionClass.Sysext, "/x"), out var all);
        Assert.Null(choice.Problem);
        Assert.Null(choice.Refusal);
        Assert.Equal((tree, signature), (Index(all, choice.HashTreeOf((Designator)data)),
            Index(all, choice.SignatureOf((Designator)data))));
    }

    [Theory]
    // Hash partitions. An image without one is merged only where the policy does not ask for it.
    [InlineData("root=unprotected", "root root-verity root-verity-sig", "unverified")]
    [InlineData("root=unprotected", "root", "merged")]
    [InlineData("root=unprotected:=open", "root root-verity", "unverified")]
    [InlineData("root=unprotected:root-verity=unprotected", "root root-verity", "unverified")]
    [InlineData("*", "root", "merged")]
    [InlineData("*", "root root-verity", "verity")]
    [InlineData("root=open", "root root-verity", "verity")]
    [InlineData("root=open", "root", "merged")]
    [InlineData("root=verity", "root root-verity root-verity-sig", "verity")]
    [InlineData("root=verity", "root root-verity", "verity")]
    [InlineData("root=verity", "root", "without verity or encryption")]
    [InlineData("root=signed", "root root-verity", "without a signature")]
    [InlineData("root=signed", "root root-verity root-verity-sig", "verity")]
    [InlineData("root=signed", "root", "without verity or encryption")]
    [InlineData("root=encrypted", "root", "without verity or encryption")]
    [InlineData("root=encrypted", "root root-verity", "without verity or encryption")]
    [InlineData("root=encrypted:root-verity=open", "root root-verity", "without encryption")]
    // What a rule for the data partition means for its hash and signature partitions.
    [InlineData("root=verity+unprotected", "root", "no image without a root-verity partition")]
    [InlineData("root=verity+unprotected+absent", "root", "merged")]
    [InlineData("root=signed+verity", "root root-verity", "no image without a root-verity-sig partition")]
    [InlineData("root=signed+verity+absent", "root root-verity", "verity")]
    [InlineData("root=verity+unprotected:root-verity=unprotected+absent", "root", "merged")]
    [InlineData("root=verity+read-only-on", "root!read-only root-verity", "whose root-verity partition is not marked")]
    [InlineData("root=verity+read-only-on", "root!read-only root-verity!read-only", "verity")]
    [InlineData("root=unprotected:root-verity=absent", "root root-verity", "such a partition: root-verity partition")]
    [InlineData("root=unprotected:=absent", "root root-verity", "such a partition: root-verity partition")]
    [InlineData("root=unprotected:=absent", "root", "merged")]
    // Other partitions.
    [InlineData("root=unprotected:home=encrypted", "root", "no image without a home partition")]
    [InlineData("root=unprotected:home=encrypted+absent", "root", "merged")]
    [InlineData("root=unprotected:home=encrypted+absent", "root home", "such a partition: home partition")]
    [InlineData("root=unprotected:home=unprotected", "root home", "merged")]
    [InlineData("root=unprotected:home=absent", "root home", "such a partition: home partition")]
    [InlineData("root=unprotected:home=ignore", "root home", "merged")]
    [InlineData("root=unprotected:home=unused", "root home", "merged")]
    [InlineData("root=unprotected:home=unused", "root", "no image without a home partition")]
    [InlineData("root=unprotected:home=unprotected+read-only-on", "root home", "whose home partition is not marked")]
    [InlineData("root=unprotected:esp=absent", "root esp", "such a partition: esp partition")]
    [InlineData("root=unprotected:esp=absent", "root esp!no-block-io", "merged")]
    [InlineData("root=unprotected:swap=absent", "root swap!no-auto", "merged")]
    [InlineData("root=unprotected:home=bogus", "root", "no image without a home partition")]
    [InlineData("root=unprotected", "root usr", "merged")]
    [InlineData("root=unprotected:usr=absent", "root usr", "such a partition: usr partition")]
    [InlineData("root=unprotected:usr=verity", "root", "no image without a usr partition")]
    [InlineData("root=unprotected:usr=verity", "root usr usr-verity", "verity")]
    [InlineData("root=unprotected:usr=verity", "root usr", "no usr partition without verity or encryption")]
    // root ignored.
    [InlineData("root=ignore", "root", "no use of its root partition")]
    [InlineData("root=ignore", "generic", "no use of its root partition")]
    [InlineData("root=unprotected", "usr", "no use of its usr partition")]
    [InlineData("root=ignore:usr=unprotected", "root usr", "merged")]
    [InlineData("root=absent", "root", "such a partition: root partition")]
    [InlineData("-", "root", "no use of its root partition")]
    [InlineData("~", "root", "such a partition: root partition")]
    // Flags.
    [InlineData("root=unprotected+read-only-on", "root", "whose root partition is not marked read-only")]
    [InlineData("root=unprotected+read-only-on", "root!read-only", "merged")]
    [InlineData("root=unprotected+read-only-off", "root!read-only", "whose root partition is marked read-only")]
    [InlineData("root=unprotected+read-only-off+read-only-on", "root!read-only", "merged")]
    [InlineData("root=unprotected+growfs-on", "root", "whose root partition is not marked to grow")]
    [InlineData("root=unprotected+growfs-on", "root!growfs", "merged")]
    [InlineData("root=unprotected+growfs-off", "root!growfs", "whose root partition is marked to grow")]
    public void The_policy_is_asked_for_every_designator(string policy, string partitions, string expected)
    {
        PartitionChoice choice = Choose(partitions, ImagePolicy.Parse(policy, out _)!, out _);
        switch (expected)
        {
            case "merged" or "unverified":
                Assert.Null(choice.Problem);
                Assert.Null(choice.Refusal);
                Assert.Equal(expected is "unverified",
                    choice.HasUnusedTree(Designator.Root) || choice.HasUnusedTree(Designator.Usr));
                break;
            case "verity":
                Assert.Null(choice.Problem);
                Assert.Null(choice.Refusal);
                Assert.NotNull(choice.HashTreeOf(choice.Usr is null ? Designator.Root : Designator.Usr));
                break;
            default:
                Assert.Null(choice.Problem);
                Assert.StartsWith($"the image policy {Words.Quote(policy)} allows ", choice.Refusal,
                    StringComparison.Ordinal);
                Assert.Contains(expected, choice.Refusal, StringComparison.Ordinal);
                break;
        }
    }

    [Theory]
    [InlineData("usr", "no use of its usr partition")]
    [InlineData("root usr", null)]
    public void A_confext_does_not_use_a_usr_partition(string partitions, string? refusal)
    {
        PartitionChoice choice = Choose(partitions, ImagePolicy.BuiltIn(ExtensionClass.Confext, "/x"), out _);
        Assert.Null(choice.Usr);
        Assert.Equal(refusal is null, choice.Refusal is null);
        Assert.EndsWith(refusal ?? "", choice.Refusal ?? "", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("root", "without verity or encryption")]
    [InlineData("root root-verity", "without a signature")]
    [InlineData("root root-verity root-verity-sig", null)]
    public void Images_of_the_boot_loader_must_be_signed(string partitions, string? reason)
    {
        PartitionChoice choice = Choose(partitions,
            ImagePolicy.BuiltIn(ExtensionClass.Confext, "/.extra/confext/x.raw"), out _);
        Assert.Equal(reason is null, choice.Refusal is null);
        Assert.EndsWith(reason ?? "", choice.Refusal ?? "", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("root#1 root-verity#2 root#3 root-verity#4", "12", "0", "1")]
    [InlineData("root#1 root-verity#2 root#3 root-verity#4", "34", "2", "3")]
    [InlineData("root#1/9 root-verity#2 root#3/1 root-verity#4", "34", "2", "3")]
    [InlineData("root#1 root-verity#2 root#3 root-verity#4", "14", "0", "3")]
    [InlineData("root#1 root-verity#2", "13", null, null)]
    [InlineData("root#1 root-verity#2", "32", null, null)]
    [InlineData("root#1", "12", null, null)]
    public void A_root_hash_says_which_partitions_count(string partitions, string hash, string? root, string? tree)
    {
        RootHash given = new(Guid(hash[0]) + Guid(hash[1]), Designator.Root, "x.roothash");
        PartitionChoice choice = Choose(partitions, ImagePolicy.Parse("root=verity", out _)!, out var all,
            given: given);
        if (root is null)
        {
            Assert.Equal("it has no partitions with the root hash of x.roothash", choice.Problem);
            return;
        }

        Assert.Null(choice.Problem);
        Assert.Equal((root, tree), (Index(all, choice.Root), Index(all, choice.HashTreeOf(Designator.Root))));
    }

    private static string Guid(char number) => new(number, 32);

    private static PartitionChoice Choose(string text, ImagePolicy policy, out List<GptPartition> partitions,
        MachineArchitecture? machine = null, RootHash? given = null)
    {
        partitions = [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Parse)];
        return new PartitionChoice(partitions, policy, machine ?? MachineArchitecture.X8664, given);
    }

    private static GptPartition Parse(string text)
    {
        string[] flags = text.Split('!');
        string[] label = flags[0].Split('/');
        string[] guid = label[0].Split('#');
        string[] type = guid[0].Split('@');
        Designator designator = Enum.Parse<Designator>(type[0].Replace("-", "", StringComparison.Ordinal), true);
        bool isBound = designator is Designator.Root or Designator.Usr
            || type[0].Contains("-verity", StringComparison.Ordinal);
        return new GptPartition
        {
            Designator = designator,
            Architecture = !isBound ? PartitionTypes.AnyArchitecture : type.Length > 1 ? type[1][0] - '0' : 0,
            Offset = 0,
            Size = 512,
            Label = label.Length > 1 ? label[1] : "",
            Guid = Guid(guid.Length > 1 ? guid[1][0] : '0'),
            Flags = flags[1..].Aggregate(0ul, (all, flag) => all | flag switch
            {
                "no-auto" => GptPartition.NoAuto,
                "read-only" => GptPartition.ReadOnly,
                "growfs" => GptPartition.Grows,
                "no-block-io" => GptPartition.NoBlockIo,
                _ => throw new ArgumentException("unknown: " + flag, nameof(text)),
            }),
        };
    }

    private static string Index(List<GptPartition> all, GptPartition? partition) =>
        partition is null ? "-" : $"{all.IndexOf(partition)}";
}
