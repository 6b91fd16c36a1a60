using System;
using System.IO;
using BootMerge.KernelTests.Support;
using BootMerge.Tests.Extensions.Images.Signatures;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>
/// The files beside an image that verify it, as far as dm-verity itself is not needed. tests/verity has the rest.
/// </summary>
public sealed class SideFileTests : KernelTest
{
    private const string Directory = "/var/lib/confexts/";
    private const string Alpha = Directory + "alpha.raw";
    private static readonly string Hash = new('a', 64);

    [Theory]
    [InlineData("roothash", "there is a root hash (alpha.roothash), but no hash tree (alpha.verity)")]
    [InlineData("usrhash", "there is a root hash (alpha.usrhash), but no usr partition")]
    [InlineData("verity", "alpha.verity lies beside it, but no root hash")]
    [InlineData("raw.roothash", "nobody looks at alpha.raw.roothash: its name must be alpha.roothash")]
    [InlineData("raw.verity", "nobody looks at alpha.raw.verity: its name must be alpha.verity")]
    [InlineData("attribute", "there is a root hash (the attribute user.verity.roothash), but no hash tree")]
    public void What_was_meant_to_be_verified_and_is_not_is_told(string what, string reason)
    {
        ImageFile.Confext(Root, "squashfs", Alpha, "alpha", ("alpha.conf", "alpha"));
        if (what == "attribute")
            Outcome.OfTool("setfattr", "-n", "user.verity.roothash", "-v", Hash, Root.Raw + Alpha);
        else
            Root.Write(Directory + "alpha." + what, Hash + "\n");

        Root.Bootmerge("merge").Succeeds().Says("Merging 'alpha' unverified: " + reason);

        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
        Root.Bootmerge("status", "--verbose").Prints("image: alpha", "unverified: " + reason);
        Root.Bootmerge("list", "--verbose").Prints("unverified: " + reason);
        Root.Bootmerge("refresh").Succeeds();
        Root.Bootmerge("refresh", "--image-policy=root=verity").Succeeds().Says("Not merging 'alpha'",
            "allows no image without verity or encryption");
        Assert.False(Root.Exists("/etc/alpha.conf"));
        Root.Bootmerge("unmerge").Succeeds();
        Assert.Empty(Root.LoopDevices(0));
    }

    [Fact]
    public void An_image_that_nobody_meant_to_verify_is_merged_without_a_word_but_listed_as_such()
    {
        ImageFile.Confext(Root, "squashfs", Alpha, "alpha", ("alpha.conf", "alpha"));
        Root.Extension("beta", ("beta.conf", "beta"));
        Assert.DoesNotContain("verif", Root.Bootmerge("merge").Succeeds().Error, StringComparison.Ordinal);
        Root.Bootmerge("list", "--verbose").Prints("PROTECTION", "unverified: it has no hash tree");
        Root.Bootmerge("plan").Prints("image: alpha", "unverified: it has no hash tree");
        Root.Bootmerge("unmerge").Succeeds();
    }

    [Theory]
    [InlineData("roothash", "abc", "the root hash in alpha.roothash is not hexadecimal")]
    [InlineData("roothash", "", "the root hash in alpha.roothash is not hexadecimal")]
    [InlineData("roothash", "zz00000000000000000000000000000000000000000000000000000000000000",
        "the root hash in alpha.roothash is not hexadecimal")]
    [InlineData("usrhash", "0123", "the root hash in alpha.usrhash is not hexadecimal")]
    [InlineData("roothash.p7s", "", "the signature in alpha.roothash.p7s is empty")]
    [InlineData("verity", "no superblock", "its hash partition has no verity superblock")]
    public void What_is_wrong_with_it_is_why_the_image_is_left_out(string what, string content, string reason)
    {
        ImageFile.Confext(Root, "squashfs", Alpha, "alpha", ("alpha.conf", "alpha"));
        Root.Extension("beta", ("beta.conf", "beta"));
        Root.Write(Directory + "alpha.roothash", Hash);
        if (what == "usrhash")
            File.Delete(Root.Raw + Directory + "alpha.roothash");
        Root.Write(Directory + "alpha." + what, content);

        Root.Bootmerge("merge").Succeeds().Says("Not merging 'alpha'", reason);

        Assert.Equal("beta", Root.Read("/etc/beta.conf"));
        Assert.False(Root.Exists("/etc/alpha.conf"));
        Root.Bootmerge("unmerge").Succeeds();
    }

    [Theory]
    [InlineData("alpha.roothash", "/srv/elsewhere")]
    [InlineData("alpha.roothash.p7s", "../../../srv/elsewhere")]
    [InlineData("alpha.verity", "/srv/elsewhere")]
    [InlineData("alpha.verity", "/nowhere")]
    public void A_symlink_out_of_the_directory_leaves_the_image_out_in_words(string name, string target)
    {
        ImageFile.Confext(Root, "squashfs", Alpha, "alpha", ("alpha.conf", "alpha"));
        Root.Extension("beta", ("beta.conf", "beta"));
        Root.Write("/srv/elsewhere", Hash);
        Root.Write(Directory + "alpha.roothash", Hash);
        File.Delete(Root.Raw + Directory + name);
        Root.Symlink(Directory + name, target);

        Root.Bootmerge("merge").Succeeds().Says("Not merging 'alpha'", name
            + " beside it is a symlink that leads out of its directory and is not followed: put the file itself there");

        Assert.Equal("beta", Root.Read("/etc/beta.conf"));
        Root.Bootmerge("unmerge").Succeeds();
    }

    [Fact]
    public void A_symlink_within_the_directory_is_followed()
    {
        ImageFile.Confext(Root, "squashfs", Alpha, "alpha", ("alpha.conf", "alpha"));
        Root.Write(Directory + "alpha.hash", "abc");
        Root.Symlink(Directory + "alpha.roothash", "alpha.hash");
        Root.Bootmerge("merge").Says("the root hash in alpha.roothash is not hexadecimal");
    }

    [Fact]
    public void An_image_whose_name_leaves_no_room_for_others_has_none_beside_it()
    {
        string name = new('n', 236);
        ImageFile.Confext(Root, "squashfs", Directory + name + ".confext.raw", name, ("alpha.conf", "alpha"));
        Root.Bootmerge("merge").Succeeds();
        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
        Root.Bootmerge("unmerge").Succeeds();
    }

    [Fact]
    public void The_names_are_those_of_the_file_that_a_symlink_leads_to()
    {
        ImageFile.Confext(Root, "squashfs", "/srv/real.raw", "alpha", ("alpha.conf", "alpha"));
        Root.Symlink(Alpha, "/srv/real.raw");
        Root.Write(Directory + "alpha.verity", "not looked at");
        Root.Write("/srv/real.roothash", Hash);
        Root.Bootmerge("merge").Succeeds().Says("a root hash (real.roothash), but no hash tree (real.verity)");
        Root.Bootmerge("unmerge").Succeeds();
    }

    [Fact]
    public void Beside_an_image_with_a_table_a_hash_tree_is_refused()
    {
        PartitionedImage.Make(Root, Alpha, 512, new Part(PartitionedImage.Root,
            PartitionedImage.Confext(Root, "squashfs", ("alpha.conf", "alpha"))));
        Root.Write(Directory + "alpha.verity", "x");
        Root.Bootmerge("merge").Succeeds().Says("alpha.verity lies beside it",
            "has its own hash tree: remove that file");
        File.Delete(Root.Raw + Directory + "alpha.verity");
        Root.Write(Directory + "alpha.roothash", Hash);
        Root.Bootmerge("merge").Succeeds().Says("it has no partitions with the root hash of alpha.roothash");
    }

    [Theory]
    [InlineData("[BootMerge]\nRequireSigned=yes\n")]
    [InlineData("[BootMerge]\nRequireSigned=yess\n")]
    [InlineData("[BootMerge]\nRequireSigned=yes\n[ConfExt]\nImagePolicy=root=verity+signed+unprotected\n")]
    public void Where_signatures_are_required_an_image_without_is_left_out(string files)
    {
        string[] parts = files.Split("[ConfExt]");
        Root.Write("/etc/bootmerge.conf", parts[0]);
        if (parts.Length > 1)
            Root.Write("/etc/systemd/confext.conf", "[ConfExt]" + parts[1]);
        ImageFile.Confext(Root, "squashfs", Alpha, "alpha", ("alpha.conf", "alpha"));
        Root.Extension("beta", ("beta.conf", "beta"));

        Root.Bootmerge("merge").Succeeds().Says("Not merging 'alpha'", "allows no image without verity or encryption");

        Assert.Equal("beta", Root.Read("/etc/beta.conf"));
        Assert.False(Root.Exists("/etc/alpha.conf"));
        Root.Bootmerge("merge", "--image-policy=*").Fails("already");
        Root.Bootmerge("unmerge").Succeeds();
        Root.Bootmerge("merge", "--image-policy=*").Succeeds();
        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
        Root.Bootmerge("unmerge").Succeeds();
    }

    [Fact]
    public void Check_says_what_is_in_an_image_and_what_policies_make_of_it()
    {
        ImageFile.Confext(Root, "squashfs", Alpha, "alpha", ("alpha.conf", "alpha"));
        Root.Bootmerge("check", "alpha").Succeeds().Prints("alpha: " + Alpha + "\n    a bare squashfs\n"
            + "    unverified: it has no hash tree\n"
            + "    ImagePolicy=root=verity: refused\n"
            + "    ImagePolicy=root=signed: refused\n"
            + "    ImagePolicy=root=encrypted: refused\n"
            + "    ImagePolicy=root=unprotected: merged, unverified\n"
            + "    ImagePolicy=root=absent: refused\n");
        Assert.Equal("", Root.Bootmerge("check").Succeeds().Output);
        Assert.Equal("[]\n", Root.Bootmerge("check", "alpha", "--json=short").Succeeds().Output);
        File.Delete(Root.Raw + Alpha);
        PartitionedImage.Make(Root, Alpha, 512, new Part(PartitionedImage.Root,
            PartitionedImage.Confext(Root, "squashfs", ("alpha.conf", "alpha"))),
            new Part(PartitionedImage.RootVerity, new byte[4096]));
        Root.Bootmerge("check", "alpha").Prints("    a partition table: root root-verity\n",
            "    ImagePolicy=root=signed: refused\n",
            "    ImagePolicy=root=unprotected: merged, unverified\n",
            "    it cannot be used: its hash partition has no verity superblock\n");
    }

    /// <summary>Sweeps refuse these calls, too. Here they are sure to be made, whatever the kernel supports.</summary>
    [Theory]
    [InlineData("add_key", "ENOSYS")]
    [InlineData("add_key", "EPERM")]
    [InlineData("add_key", "EDQUOT")]
    [InlineData("keyctl", "EOPNOTSUPP")]
    [InlineData("keyctl", "EPERM")]
    [InlineData("keyctl", "EIO")]
    public void Where_the_kernel_refuses_to_verify_a_signature_the_image_is_left_out(string call, string error)
    {
        ImageFile.Confext(Root, "squashfs", Alpha, "alpha", ("alpha.conf", "alpha"));
        Root.Write(Directory + "alpha.verity", "no hash tree");
        Root.Write(Directory + "alpha.roothash", SignatureSamples.RootHash);
        Root.Write(Directory + "alpha.roothash.p7s", "");
        File.WriteAllBytes(Root.Raw + Directory + "alpha.roothash.p7s", SignatureSamples.Get("rsa2048-sha256"));
        Root.Write("/etc/verity.d/rsa2048.crt", SignatureSamples.Pem("rsa2048"));
        Root.Extension("beta", ("beta.conf", "beta"));
        string[] arguments = ["--image-policy=root=signed", "merge"];
        Assert.Contains(Traced.Calls("add_key,keyctl", Root, arguments), line => line.Contains(call + "(",
            StringComparison.Ordinal) && line.Contains(" = ", StringComparison.Ordinal));
        Root.Bootmerge("unmerge").Succeeds();

        Traced.Inject(call, error, 1, Root, arguments).Succeeds().Says("Not merging 'alpha': ");

        Assert.Equal("beta", Root.Read("/etc/beta.conf"));
        Assert.False(Root.Exists("/etc/alpha.conf"));
        Root.Bootmerge("unmerge").Succeeds();
        Assert.Empty(Root.LoopDevices(0));
    }

    [Fact]
    public void A_tree_in_a_merged_usr_does_not_keep_the_merge()
    {
        // The image, and what is beside it, lies below the merge of /usr.
        Root.Write("/usr/lib/confexts/.keep", "");
        ImageFile.Confext(Root, "squashfs", "/usr/lib/confexts/alpha.raw", "alpha", ("alpha.conf", "alpha"));
        Root.Write("/usr/lib/confexts/alpha.verity", "x");
        ImageFile.Sysext(Root, "squashfs", "/var/lib/extensions/tools.raw", "tools", ("usr/bin/tool", "tool"));
        Root.Bootmerge("--class=all", "merge").Succeeds().Says("alpha.verity lies beside it, but no root hash");
        Root.Bootmerge("--class=all", "refresh", "--always-refresh=yes").Succeeds();
        Root.Bootmerge("--class=all", "unmerge").Succeeds();
        Assert.Empty(Root.LoopDevices(0));
    }
}
