using System;
using System.IO;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>A deletion by the machine that hides nothing today may hide a file that is back tomorrow.</summary>
public sealed class PruneCompletenessTests : KernelTest
{
    [Theory]
    [InlineData("misfit", true)]
    [InlineData("no release file", true)]
    [InlineData("damaged image", true)]
    [InlineData("dangling", true)]
    [InlineData("bare defaults", true)]
    [InlineData("dangling search directory", true)]
    [InlineData("search directory below a dangling link", true)]
    [InlineData("search directory below a file", true)]
    [InlineData("masked in run", true)]
    [InlineData("replaced in run", true)]
    [InlineData("bare defaults masked in run", true)]
    [InlineData("shown in run", false)]
    [InlineData("nothing", false)]
    [InlineData("mask", false)]
    [InlineData("hidden", false)]
    [InlineData("other class", false)]
    public void A_deletion_stays_as_long_as_something_is_left_out(string other, bool stays)
    {
        Root.Route("/etc");
        Root.Extension("vendor", ("f", "a"), ("o/f", "a"));
        Root.Write("/etc/f", "a");
        Files.MakeWhiteout(Root.Raw + "/etc/gone");
        Directory.CreateDirectory(Root.Raw + "/etc/own");
        Files.SetXattr(Root.Raw + "/etc/own", "trusted.overlay.opaque", "y");
        LeaveOut(other);

        Outcome outcome = Root.Bootmerge("prune", "--opaque").Succeeds();
        Assert.Equal(stays, Files.IsWhiteout(Root.Raw + "/etc/gone"));
        Assert.Equal(stays, Files.GetXattr(Root.Raw + "/etc/own", "trusted.overlay.opaque") is not null);
        Assert.Equal(stays, outcome.Error.Contains("is left out", StringComparison.Ordinal));
        // A file that equals a present layer's is removed in any case.
        Assert.False(Root.ExistsRaw("/etc/f"));
        Root.Expect("/etc");
    }

    [Theory]
    [InlineData("file", true)]
    [InlineData("dangling", true)]
    [InlineData("in an image", true)]
    [InlineData("directory", false)]
    [InlineData("nothing", false)]
    public void A_hierarchy_that_a_sysext_cannot_bring_now_is_left_out(string opt, bool stays)
    {
        const string Routing = "/var/lib/extensions.mutable/opt";
        string tree = opt is "in an image" ? "/srv/tools" : "/var/lib/extensions/tools";
        Root.Write(tree + "/usr/lib/extension-release.d/extension-release.tools", "ID=_any\n");
        Root.ExtensionIn("/var/lib/confexts", "unused");
        switch (opt)
        {
            case "file": Root.Write(tree + "/opt", ""); break;
            case "dangling" or "in an image": Root.Symlink(tree + "/opt", "/oem/opt"); break;
            case "directory": Root.MakeDirectory(tree + "/opt"); break;
            default: break;
        }

        if (opt is "in an image")
            ImageFile.Pack(Root, "squashfs", Root.Raw + tree, "/var/lib/extensions/tools.raw");
        Root.MakeDirectory("/opt");
        Root.MakeDirectory(Routing);
        Files.MakeWhiteout(Root.Raw + Routing + "/gone");
        Root.Expect("/var/lib/extensions", "/var/lib/extensions.mutable");

        Outcome outcome = Root.Bootmerge("prune", "--class=sysext").Succeeds();

        Assert.Equal(stays, Files.IsWhiteout(Root.Raw + Routing + "/gone"));
        Assert.Equal(stays, outcome.Error.Contains("/opt of /var/lib/extensions/tools", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/etc/.no-dup-update")]
    [InlineData("/srv/changes/.no-dup-update")]
    public void The_switch_counts_in_the_hierarchy_and_where_writes_go(string place)
    {
        Root.Route("/srv/changes");
        Root.Extension("vendor", ("f", "a"));
        Root.Write("/srv/changes/f", "a");
        Root.Write(place, "");

        Root.Bootmerge("prune").Succeeds().Says("/etc/.no-dup-update exists");
        Assert.True(Root.ExistsRaw("/srv/changes/f"));
        Root.Remove(place);
        Root.Bootmerge("prune").Succeeds();
        Assert.False(Root.ExistsRaw("/srv/changes/f"));
        Root.Expect("/srv");
    }

    [Fact]
    public void A_boot_keeps_a_deletion_over_an_extension_that_does_not_fit_this_time()
    {
        Root.Extension("vendor", ("f", "a"));
        Root.Write("/etc/f", "a");
        Root.Write("/etc/bootmerge.conf", "[BootMerge]\nPrune=yes\nRouteEtc=yes\n");
        Root.Write("/var/lib/confexts/site/etc/extension-release.d/extension-release.site",
            "ID=flatcar\nVERSION_ID=1\n");
        Root.Write("/var/lib/confexts/site/etc/gone", "site");
        Files.MakeWhiteout(Root.Raw + "/etc/gone");
        Root.Expect("/etc", "/var/lib/extensions.mutable", "/run");

        Root.Bootmerge("boot").Succeeds().Says("/var/lib/confexts/site is left out");
        Assert.False(Root.ExistsRaw("/etc/f"));
        Root.Write("/var/lib/confexts/site/etc/extension-release.d/extension-release.site", "ID=_any\n");
        Root.Bootmerge("boot").Succeeds();
        Assert.False(Root.Exists("/etc/gone"));
        Assert.Equal("a", Root.Read("/etc/f"));
    }

    private void LeaveOut(string what)
    {
        switch (what)
        {
            case "misfit":
                Root.Write("/var/lib/confexts/site/etc/extension-release.d/extension-release.site",
                "ID=other\n"); break;
            case "no release file": Root.Write("/var/lib/confexts/site/etc/gone", "site"); break;
            case "damaged image": Root.Write("/var/lib/confexts/site.raw", "no file system"); break;
            case "dangling": Root.Symlink("/var/lib/confexts/site", "/oem/not-mounted-yet"); break;
            case "bare defaults": Root.Write("/usr/share/flatcar/etc/gone", "a"); break;
            case "mask": Root.MakeDirectory("/run/confexts/site"); break;
            case "dangling search directory": Root.Symlink("/usr/local/lib/confexts", "/oem/not-mounted-yet"); break;
            case "search directory below a dangling link": Root.Symlink("/usr/local", "/oem/not-mounted-yet"); break;
            case "search directory below a file": Root.Write("/usr/local", ""); break;
            case "masked in run":
                Root.MakeDirectory("/run/confexts/site");
                Root.ExtensionIn("/usr/lib/confexts", "site", ("gone", "site"));
                break;
            case "replaced in run":
                Root.ExtensionIn("/run/confexts", "site");
                Root.ExtensionIn("/usr/lib/confexts", "site", ("gone", "site"));
                break;
            case "bare defaults masked in run":
                Root.MakeDirectory("/run/confexts/flatcar-defaults");
                Root.Write("/usr/share/flatcar/etc/gone", "a");
                break;
            case "shown in run":
                Root.ExtensionIn("/usr/share", "site");
                Root.Symlink("/run/confexts/site", "/usr/share/site");
                Root.Symlink("/usr/lib/confexts/site/etc", "../../../share/site/etc");
                break;
            case "hidden": Root.ExtensionIn("/usr/lib/confexts", "vendor", ("gone", "hidden")); break;
            case "other class": Root.Write("/var/lib/extensions/tools/usr/lib/nothing", ""); break;
            default: break;
        }
    }
}
