using System;
using System.Collections.Generic;
using System.Linq;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>
/// The merged directory itself looks as the hierarchy did: who could not read /etc before still cannot.
/// </summary>
public sealed class TopDirectoryTests : KernelTest
{
    [Theory]
    [InlineData("no", null)]
    [InlineData("auto", "/etc")]
    [InlineData("yes", null)]
    [InlineData("import", "/etc")]
    [InlineData("ephemeral", null)]
    [InlineData("ephemeral-import", "/etc")]
    public void The_merged_directory_keeps_mode_owner_acl_label_and_xattrs_of_the_hierarchy(string mode,
        string? routing)
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        if (routing is not null)
            Root.Route(routing);
        Files.ChangeOwner(Root.Raw + "/etc", 3, 4);
        Files.ChangeMode(Root.Raw + "/etc", "2750");
        Outcome.OfTool("setfacl", "-m", "u:5:rwx,d:g:6:r-x", Root.Raw + "/etc");
        Files.SetXattr(Root.Raw + "/etc", "user.comment", "kept");
        Files.SetXattr(Root.Raw + "/etc", "trusted.comment", "kept as well");
        Files.SetXattr(Root.Raw + "/etc", "security.selinux", "system_u:object_r:etc_t:s0");
        string before = Description(Root.Raw + "/etc");
        Assert.Contains("system.posix_acl_access", before, StringComparison.Ordinal);

        Root.Bootmerge("merge", "--mutable=" + mode).Succeeds();

        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
        Assert.Equal(before, Description(Root.Etc));
        Root.Bootmerge("refresh", "--always-refresh=yes", "--mutable=" + mode).Succeeds();
        Assert.Equal(before, Description(Root.Etc));
        Root.Bootmerge("unmerge").Succeeds();
        Assert.Equal(before, Description(Root.Raw + "/etc"));
        if (mode is "yes")
        {
            Assert.Equal(before, Description(Root.Raw + "/var/lib/extensions.mutable/etc"));
            Root.Expect("/var/lib/extensions.mutable");
        }
    }

    [Theory]
    [InlineData("0700", 0)]
    [InlineData("0777", 7)]
    public void Mode_and_owner_of_an_extensions_top_directory_do_not_matter(string mode, int owner)
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Files.ChangeMode(Root.Raw + "/var/lib/confexts/alpha/etc", mode);
        Files.ChangeOwner(Root.Raw + "/var/lib/confexts/alpha/etc", owner, owner);

        Root.Bootmerge("merge").Succeeds();

        Assert.Equal(("0755", "0:0"), (Files.Mode(Root.Etc), Files.Owner(Root.Etc)));
    }

    private static string Description(string path)
    {
        IEnumerable<string> xattrs = Files.Xattrs(path)
            .Where(xattr => !xattr.Key.StartsWith("trusted.overlay.", StringComparison.Ordinal))
            .Select(xattr => $"{xattr.Key}={Convert.ToHexString(xattr.Value)}");
        return $"{Files.Mode(path)} {Files.Owner(path)} {string.Join(' ', xattrs)}";
    }
}
