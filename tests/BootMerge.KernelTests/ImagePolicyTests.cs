using System.IO;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>
/// What the image policy and the rule against a second os-release keep out, whatever the other options say.
/// </summary>
public sealed class ImagePolicyTests : KernelTest
{
    private const string Alpha = "/var/lib/confexts/alpha.raw";

    [Theory]
    [InlineData("root=ignore", "")]
    [InlineData("=ignore", "")]
    [InlineData("root=absent+unused", "")]
    [InlineData("root=unprotectd", "unknown flag 'unprotectd'")]
    [InlineData("root=zfs+read-only-off", "unknown flag 'zfs'")]
    [InlineData("signed", "'signed' is not of the form")]
    [InlineData("root", "'root' is not of the form")]
    public void A_policy_of_a_file_that_allows_nothing_known_allows_nothing(string policy, string warning)
    {
        ImageFile.Confext(Root, "squashfs", Alpha, "alpha", ("alpha.conf", "alpha"));
        Root.Write("/usr/lib/systemd/confext.conf", "[ConfExt]\nImagePolicy=" + policy + "\n");
        Root.Extension("beta", ("beta.conf", "beta"));

        Root.Bootmerge("merge").Succeeds()
            .Says("Not merging 'alpha': the image policy '" + policy + "' allows no image", warning);

        Assert.False(Root.Exists("/etc/alpha.conf"));
        Assert.Equal("beta", Root.Read("/etc/beta.conf"));
    }

    [Fact]
    public void Under_systemds_name_an_image_that_the_policy_refuses_is_a_failure_and_changes_nothing()
    {
        string asSystemd = Root.DropIn("systemd-confext");
        ImageFile.Confext(Root, "squashfs", Alpha, "alpha", ("alpha.conf", "alpha"));
        Root.Extension("beta", ("beta.conf", "beta"));

        Run("--image-policy=root=verity", "merge").FailsInOneLine("Nothing is merged", "'alpha'", "root=verity");
        Assert.False(Root.Exists("/etc/beta.conf"));

        Run("merge").Succeeds();
        ulong stack = LibC.UniqueMountId(Root.Etc);
        foreach (string always in new string[] { "no", "yes" })
            Run("--image-policy=root=verity", "--always-refresh=" + always, "refresh")
                .FailsInOneLine("'alpha'", "root=verity");
        Assert.Equal(stack, LibC.UniqueMountId(Root.Etc));
        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
        Run("--image-policy=root=verity", "list").Succeeds().Prints("alpha");
        Run("--image-policy=root=verity", "unmerge").Succeeds();

        Outcome Run(params string[] words) => Outcome.Of(asSystemd, ["--root=" + Root.Path, .. words]);
    }

    [Theory]
    [InlineData("directory")]
    [InlineData("image")]
    [InlineData("link out of the extension")]
    public void Not_even_force_replaces_the_systems_os_release(string kind)
    {
        const string Directory = "/var/lib/extensions/other";
        if (kind is "image")
        {
            ImageFile.Sysext(Root, "squashfs", Directory + ".raw", "other", ("usr/lib/os-release", "ID=other\n"),
                ("usr/bin/other", ""));
        }
        else
        {
            string usr = kind is "directory" ? Directory + "/usr" : "/srv/other";
            Root.Write(usr + "/lib/extension-release.d/extension-release.other", "ID=_any\n");
            Root.Write(usr + "/lib/os-release", "ID=other\n");
            Root.Write(usr + "/bin/other", "");
            if (usr != Directory + "/usr")
                Root.Symlink(Directory + "/usr", "/srv/other");
        }

        Root.Write("/var/lib/extensions/tools/usr/lib/extension-release.d/extension-release.tools", "ID=_any\n");
        Root.Write("/var/lib/extensions/tools/usr/bin/tool", "tool");

        Root.Bootmerge("--class=sysext", "--force", "merge").Succeeds()
            .Says("Not merging 'other': it contains usr/lib/os-release");

        Assert.Equal("tool", Root.Read("/usr/bin/tool"));
        Assert.False(Root.Exists("/usr/bin/other"));
        Assert.Contains("ID=flatcar", Root.Read("/usr/lib/os-release"), System.StringComparison.Ordinal);
        Root.Bootmerge("--class=sysext", "unmerge").Succeeds();
    }

    [Theory]
    [InlineData("/.extra/confext/alpha.raw", "")]
    [InlineData("/.extra/alpha.raw", "/run/confexts/alpha.raw")]
    [InlineData("/srv/alpha.raw", "/.extra/confext/alpha.raw")]
    public void What_the_boot_loader_left_must_be_signed_wherever_a_link_is(string path, string link)
    {
        Root.Write("/etc/initrd-release", "ID=flatcar\nVERSION_ID=4000.1.0\n");
        ImageFile.Confext(Root, "squashfs", path, "alpha", ("alpha.conf", "alpha"));
        if (link.Length > 0)
            Root.Symlink(link, path);

        Root.Bootmerge("merge").Says("Not merging 'alpha'", "root=signed+absent");
        Assert.False(Root.Exists("/etc/alpha.conf"));
    }

    [Fact]
    public void Check_says_that_the_policy_is_why()
    {
        ImageFile.Confext(Root, "squashfs", Alpha, "alpha", ("alpha.conf", "alpha"));

        Outcome outcome = Root.Bootmerge("--image-policy=root=verity", "check", Root.Raw + Alpha);

        Assert.Equal(1, outcome.Status);
        outcome.Prints("image-policy: alpha:",
            "is not merged: the image policy 'root=verity' allows no image without verity",
            "Fix: sign or protect the image");
    }
}
