using System;
using Xunit;

namespace BootMerge.Tests.Configuration;

/// <summary>
/// The expected answers are those of systemd-confext 262, for an image of each file system, and of systemd-analyze
/// image-policy.
/// </summary>
public sealed class ImagePolicyTests
{
    [Theory]
    // Special policies.
    [InlineData("*", "squashfs erofs ext4 btrfs xfs")]
    [InlineData("-", "")]
    [InlineData("~", "")]
    [InlineData("", "")]
    // The rule for root.
    [InlineData("root=verity+signed+encrypted+unprotected+absent", "squashfs erofs ext4 btrfs xfs")]
    [InlineData("root=signed+absent:usr=signed+absent", "")]
    [InlineData("root=unprotected", "squashfs erofs ext4 btrfs xfs")]
    [InlineData("root=open", "squashfs erofs ext4 btrfs xfs")]
    [InlineData("root=", "squashfs erofs ext4 btrfs xfs")]
    [InlineData("root=-", "squashfs erofs ext4 btrfs xfs")]
    [InlineData("root=open+absent", "squashfs erofs ext4 btrfs xfs")]
    [InlineData("root=absent+unprotected", "squashfs erofs ext4 btrfs xfs")]
    [InlineData("root=unprotected+unprotected", "squashfs erofs ext4 btrfs xfs")]
    [InlineData("root=verity", "")]
    [InlineData("root=encrypted", "")]
    [InlineData("root=encryptedwithintegrity", "")]
    [InlineData("root=signed+verity+encrypted", "")]
    [InlineData("root=absent", "")]
    [InlineData("root=unused", "")]
    [InlineData("root=unused+absent", "")]
    [InlineData("root=ignore", "")]
    [InlineData("root=ignore+ext4", "")]
    [InlineData("root=ignore+unprotected", "squashfs erofs ext4 btrfs xfs")]
    [InlineData("=ignore", "")]
    [InlineData("=ignore:root=unprotected", "squashfs erofs ext4 btrfs xfs")]
    [InlineData("root=ignore:=open", "")]
    // Examples of systemd.image-policy(7).
    [InlineData("root=verity+signed+encrypted+unprotected+absent:usr=verity+signed+encrypted+unprotected+absent:home=encrypted+unprotected+absent:srv=encrypted+unprotected+absent:esp=unprotected+absent:xbootldr=unprotected+absent:tmp=encrypted+unprotected+absent:var=encrypted+unprotected+absent", "squashfs erofs ext4 btrfs xfs")]
    [InlineData("usr=verity+read-only-on:root=encrypted:swap=encrypted", "")]
    [InlineData("root=encrypted+read-only-off:srv=encrypted+absent:swap=absent+unused", "")]
    [InlineData("root=unprotected+encrypted:swap=absent+unused:=unprotected+encrypted+absent",
        "squashfs erofs ext4 btrfs xfs")]
    [InlineData("root=unprotected+ext4:usr=ignore:=ignore", "ext4")]
    // The rule for all partitions without a rule of their own.
    [InlineData("=unprotected", "squashfs erofs ext4 btrfs xfs")]
    [InlineData("=open", "squashfs erofs ext4 btrfs xfs")]
    [InlineData("=", "squashfs erofs ext4 btrfs xfs")]
    [InlineData("=verity", "")]
    [InlineData("=absent", "")]
    [InlineData("=:root=unprotected", "squashfs erofs ext4 btrfs xfs")]
    [InlineData("usr=verity:=unprotected", "squashfs erofs ext4 btrfs xfs")]
    [InlineData("usr=unprotected:=absent", "")]
    [InlineData("usr=unprotected", "")]
    [InlineData("root-verity=absent", "")]
    [InlineData("home=verity:root=unprotected", "squashfs erofs ext4 btrfs xfs")]
    [InlineData("root-verity-sig=unprotected:root=unprotected", "squashfs erofs ext4 btrfs xfs")]
    // File systems.
    [InlineData("root=ext4", "ext4")]
    [InlineData("root=unprotected+ext4", "ext4")]
    [InlineData("root=open+xfs", "xfs")]
    [InlineData("root=ext4+erofs", "erofs ext4")]
    [InlineData("root=erofs+squashfs:swap=absent+unused:=unprotected+encrypted+absent", "squashfs erofs")]
    [InlineData("root=unprotected+btrfs+erofs+ext4+f2fs+squashfs+vfat+xfs", "squashfs erofs ext4 btrfs xfs")]
    [InlineData("root=unprotected+vfat", "")]
    [InlineData("root=verity+erofs", "")]
    [InlineData("root=absent+erofs", "")]
    [InlineData("=erofs", "erofs")]
    [InlineData("tmp=absent:var=absent:esp=absent:xbootldr=absent:srv=absent:swap=absent:usr-verity=absent:usr-verity-sig=absent:root=xfs", "xfs")]
    // Flags of GPT partitions. An image without a partition table has none.
    [InlineData("root=unprotected+read-only-off", "squashfs erofs ext4 btrfs xfs")]
    [InlineData("root=unprotected+read-only-on", "")]
    [InlineData("root=unprotected+read-only-on+read-only-off", "squashfs erofs ext4 btrfs xfs")]
    [InlineData("root=read-only-on", "")]
    [InlineData("root=unprotected+growfs-off", "squashfs erofs ext4 btrfs xfs")]
    [InlineData("root=growfs-on", "")]
    [InlineData("root=growfs-on+growfs-off", "squashfs erofs ext4 btrfs xfs")]
    // White space.
    [InlineData(" root=unprotected", "squashfs erofs ext4 btrfs xfs")]
    [InlineData("root = unprotected", "squashfs erofs ext4 btrfs xfs")]
    [InlineData("root=verity+ unprotected: usr=verity ", "squashfs erofs ext4 btrfs xfs")]
    public void A_bare_file_system_is_an_unprotected_root_partition(string policy, string usable)
    {
        ImagePolicy? parsed = ImagePolicy.Parse(policy, out string? problem);

        Assert.Null(problem);
        Assert.NotNull(parsed);
        Assert.Equal(usable, Usable(parsed));
    }

    [Theory]
    [InlineData("root", "'root' is not of the form PARTITION=FLAG+FLAG")]
    [InlineData("help", "'help' is not of the form PARTITION=FLAG+FLAG")]
    [InlineData("**", "'**' is not of the form PARTITION=FLAG+FLAG")]
    [InlineData("- ", "'- ' is not of the form PARTITION=FLAG+FLAG")]
    [InlineData("*:root=absent", "'*' is not of the form PARTITION=FLAG+FLAG")]
    [InlineData("root=unprotected:", "'' is not of the form PARTITION=FLAG+FLAG")]
    [InlineData(":root=unprotected", "'' is not of the form PARTITION=FLAG+FLAG")]
    [InlineData("root=unprotected::usr=verity", "'' is not of the form PARTITION=FLAG+FLAG")]
    [InlineData("root=unprotected:root=unprotected", "two rules for the partition 'root'")]
    [InlineData("root=unprotected: root =verity", "two rules for the partition 'root'")]
    [InlineData("=unprotected:=unprotected", "two rules for the partition ''")]
    [InlineData("root=bogus:root", "'root' is not of the form PARTITION=FLAG+FLAG")]
    public void What_is_no_list_of_rules_is_no_policy(string policy, string expected)
    {
        Assert.Null(ImagePolicy.Parse(policy, out string? problem));
        Assert.Equal(expected, problem);
    }

    [Theory]
    [InlineData("root=unprotectd", "unknown flag 'unprotectd' (did you mean 'unprotected'?)", "")]
    [InlineData("root=UNPROTECTED", "unknown flag 'UNPROTECTED' (did you mean 'unprotected'?)", "")]
    [InlineData("root=bogus+ext4", "unknown flag 'bogus' (known: ", "")]
    [InlineData("root=bogus+read-only-off", "unknown flag 'bogus' (known: ", "")]
    [InlineData("=bogus", "unknown flag 'bogus' (known: ", "")]
    [InlineData("root=-+read-only-off", "unknown flag '-' (known: ", "")]
    [InlineData("root=unprotected+-", "unknown flag '-' (known: ", "squashfs erofs ext4 btrfs xfs")]
    [InlineData("root=unprotected+bogus", "unknown flag 'bogus' (known: ", "squashfs erofs ext4 btrfs xfs")]
    [InlineData("root=bogus:=unprotected", "unknown flag 'bogus' (known: ", "")]
    [InlineData("root=verity+unprotectd", "unknown flag 'unprotectd' (did you mean 'unprotected'?)", "")]
    [InlineData("root=verity+signet+unprotectd", "unknown flag 'signet' (did you mean 'signed'?)", "")]
    [InlineData("roots=absent", "unknown partition 'roots' (did you mean 'root'?)", "")]
    [InlineData("roots=unprotected:=unprotected", "unknown partition 'roots' (did you mean 'root'?)",
        "squashfs erofs ext4 btrfs xfs")]
    [InlineData("root=verity=signed+absent", "unknown flag 'verity=signed' (known: ", "")]
    public void Words_that_are_not_known_leave_the_rest_in_force_and_never_open_it(string policy, string expected,
        string usable)
    {
        ImagePolicy? parsed = ImagePolicy.Parse(policy, out string? problem);

        Assert.NotNull(parsed);
        Assert.StartsWith(expected, problem, StringComparison.Ordinal);
        Assert.Equal(usable, Usable(parsed));
    }

    [Theory]
    [InlineData("root=", "root=+unprotected")]
    [InlineData("root=", "root=unprotected+")]
    [InlineData("root=", "root=*")]
    [InlineData("root=", "root=~")]
    [InlineData("root=", "root=unprotected+ext2")]
    [InlineData("root=", "root=unprotected+ntfs")]
    [InlineData("root=", "root=read-only")]
    [InlineData("root=", "root==unprotected")]
    [InlineData("foo=", "foo=unprotected")]
    [InlineData("foo=", "ROOT=unprotected")]
    public void Words_that_systemd_does_not_know_are_not_known_here(string what, string policy)
    {
        ImagePolicy.Parse(policy, out string? problem);

        Assert.StartsWith(what == "foo=" ? "unknown partition " : "unknown flag ", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/run/confexts/x.raw", "squashfs erofs ext4 btrfs xfs")]
    [InlineData("/.extra/confext/x.raw", "")]
    [InlineData("/.extra/global_sysext/x.raw", "")]
    [InlineData("/.extras/x.raw", "squashfs erofs ext4 btrfs xfs")]
    public void What_the_boot_loader_left_in_the_initramfs_must_be_signed(string path, string usable)
    {
        Assert.Equal(usable, Usable(ImagePolicy.BuiltIn(ExtensionClass.Confext, path)));
        Assert.Equal(usable, Usable(ImagePolicy.BuiltIn(ExtensionClass.Sysext, path)));
    }

    [Theory]
    [InlineData("root=verity", "the image policy 'root=verity' allows no image without verity or encryption")]
    [InlineData("root=read-only-on", "the image policy 'root=read-only-on' allows no image without a partition "
        + "marked read-only")]
    [InlineData("root=growfs-on", "the image policy 'root=growfs-on' allows no image without a partition "
        + "marked to grow")]
    [InlineData("=ext4", "the image policy '=ext4' allows no squashfs")]
    [InlineData("-", "the image policy '-' allows no image without verity or encryption")]
    public void The_reason_names_the_policy(string policy, string reason) =>
        Assert.Equal(reason, ImagePolicy.Parse(policy, out _)!.ReasonToRefuse("squashfs"));

    [Theory]
    [InlineData("root=unprotected", "plain")]
    [InlineData("root=verity", "hashed")]
    [InlineData("root=signed", "signed")]
    [InlineData("root=verity+signed", "hashed signed")]
    [InlineData("root=verity+unprotected", "plain hashed")]
    [InlineData("*", "plain hashed signed")]
    [InlineData("~", "")]
    public void A_bare_image_is_what_lies_beside_it(string policy, string usable) =>
        Assert.Equal(usable, States(ImagePolicy.Parse(policy, out _)!));

    [Theory]
    [InlineData("*", "signed")]
    [InlineData("root=verity+signed", "signed")]
    [InlineData("root=signed", "signed")]
    [InlineData("root=verity", "")]
    [InlineData("~", "")]
    [InlineData("root=unprotected", "")]
    [InlineData("usr=signed", "")]
    public void Where_signatures_are_required_a_policy_allows_what_it_allows_of_them(string policy, string usable)
    {
        ImagePolicy signed = ImagePolicy.OnlySigned(ExtensionClass.Sysext, ImagePolicy.Parse(policy, out _)!);
        Assert.Equal(usable, States(signed));
        Assert.False(signed.Allows(Designator.Root, isSigned: false));
        Assert.False(signed.Allows(Designator.Usr, isSigned: false));
        Assert.Null(signed.ReasonToRefuse(Designator.Swap, PartitionState.Absent, false, false));
    }

    [Fact]
    public void Where_signatures_are_required_and_no_policy_is_configured_that_is_all()
    {
        foreach (ExtensionClass extensionClass in new[] { ExtensionClass.Confext, ExtensionClass.Sysext })
            Assert.Equal("signed", States(ImagePolicy.OnlySigned(extensionClass, null)));
    }

    private static string States(ImagePolicy policy) => string.Join(' ', Array.FindAll(
        [PartitionState.Plain, PartitionState.Hashed, PartitionState.Signed],
        state => policy.ReasonToRefuse("squashfs", state) is null)).ToLowerInvariant();

    [Fact]
    public void A_file_system_that_policies_cannot_name_is_usable_only_where_none_is_named()
    {
        Assert.Null(ImagePolicy.Parse("root=unprotected", out _)!.ReasonToRefuse("iso9660"));
        Assert.NotNull(ImagePolicy.Parse("root=unprotected+xfs", out _)!.ReasonToRefuse("iso9660"));
    }

    private static string Usable(ImagePolicy policy) =>
        string.Join(' ', Array.FindAll(["squashfs", "erofs", "ext4", "btrfs", "xfs"],
            system => policy.ReasonToRefuse(system) is null));
}
