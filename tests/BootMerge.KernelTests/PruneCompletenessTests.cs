using System;
using System.IO;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>A deletion of the machine's that hides nothing today may be of a file that is back tomorrow.</summary>
public sealed class PruneCompletenessTests : KernelTest
{
    [Theory]
    [InlineData("misfit", true)]
    [InlineData("no release file", true)]
    [InlineData("damaged image", true)]
    [InlineData("dangling", true)]
    [InlineData("bare defaults", true)]
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
        // What equals a layer that is there goes in any case.
        Assert.False(Root.ExistsRaw("/etc/f"));
        Root.Expect("/etc");
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

        Root.Bootmerge("prune").Succeeds().Says("/etc/.no-dup-update is there");
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
        Root.Write("/var/lib/confexts/site/etc/extension-release.d/extension-release.site", "ID=flatcar\nVERSION_ID=1\n");
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
            case "misfit": Root.Write("/var/lib/confexts/site/etc/extension-release.d/extension-release.site", "ID=other\n"); break;
            case "no release file": Root.Write("/var/lib/confexts/site/etc/gone", "site"); break;
            case "damaged image": Root.Write("/var/lib/confexts/site.raw", "no file system"); break;
            case "dangling": Root.Symlink("/var/lib/confexts/site", "/oem/not-mounted-yet"); break;
            case "bare defaults": Root.Write("/usr/share/flatcar/etc/gone", "a"); break;
            case "mask": Root.MakeDirectory("/run/confexts/site"); break;
            case "hidden": Root.ExtensionIn("/usr/lib/confexts", "vendor", ("gone", "hidden")); break;
            case "other class": Root.Write("/var/lib/extensions/tools/usr/lib/nothing", ""); break;
            default: break;
        }
    }
}
