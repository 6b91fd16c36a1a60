using System;
using System.Collections.Generic;
using System.IO;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>
/// An extension that the kernel would refuse as a layer is left out with its reason, and the others are merged.
/// </summary>
public sealed class RefusedLayerTests : KernelTest
{
    [Theory]
    [InlineData("the upperdir")]
    [InlineData("inside the upperdir")]
    [InlineData("around the upperdir")]
    [InlineData("a bind mount of the upperdir")]
    [InlineData("a bind mount of something in the hierarchy")]
    [InlineData("a bind mount of another extension")]
    [InlineData("an overlay of overlays")]
    public void An_extension_that_the_kernel_refuses_is_left_out_and_the_others_are_merged(string kind)
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.MakeDirectory("/srv/changes");
        Root.Route("/srv/changes");
        string reason = Arrange(kind);
        Root.Remember();
        Root.Expect("/srv/changes/written");

        Outcome merged = Root.Bootmerge("merge", "--mutable=auto").Succeeds();

        string refusal = Assert.Single(merged.ErrorLines, line =>
            line.Contains("Not merging 'bad': ", StringComparison.Ordinal));
        Assert.Contains(reason, refusal, StringComparison.Ordinal);
        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
        Assert.DoesNotContain("bad", Root.Read("/etc/.systemd-confext/confexts"), StringComparison.Ordinal);
        Root.WriteMerged("/etc/written", "written");
        Assert.Contains("Skipping", Root.Bootmerge("refresh", "--mutable=auto").Succeeds().Error,
            StringComparison.Ordinal);
        Root.Bootmerge("unmerge").Succeeds();
    }

    [Fact]
    public void What_writes_are_routed_to_matters_only_to_modes_that_use_it()
    {
        Root.Write("/srv/changes/extension-release.d/extension-release.bad", "ID=_any\n");
        Root.Route("/srv/changes");
        Root.Symlink("/var/lib/confexts/bad/etc", "/srv/changes");

        Root.Bootmerge("merge", "--mutable=no").Succeeds();

        Assert.Equal("bad\n", Root.Read("/etc/.systemd-confext/confexts"));
    }

    [Fact]
    public void A_subvolume_in_the_hierarchy_is_inside_of_it()
    {
        RootOn("btrfs");
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Route("/etc");
        Outcome.OfTool("btrfs", "-q", "subvolume", "create", Root.Raw + "/etc/sub");
        Root.Expect("/etc/sub");
        Root.Write("/etc/sub/etc/extension-release.d/extension-release.bad", "ID=_any\n");
        Root.Symlink("/var/lib/confexts/bad", "/etc/sub");

        Root.Bootmerge("merge", "--mutable=auto").Succeeds().Says("Not merging 'bad'", "the system's own");

        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
    }

    /// <returns>A piece of the reason.</returns>
    private string Arrange(string kind)
    {
        const string Release = "extension-release.d/extension-release.bad";
        switch (kind)
        {
            case "the upperdir":
                Root.Write("/srv/changes/" + Release, "ID=_any\n");
                Root.Symlink("/var/lib/confexts/bad/etc", "/srv/changes");
                return "what /var/lib/extensions.mutable/etc leads to";
            case "inside the upperdir":
                Root.Write("/srv/changes/bad/etc/" + Release, "ID=_any\n");
                Root.Symlink("/var/lib/confexts/bad", "/srv/changes/bad");
                return "what /var/lib/extensions.mutable/etc leads to";
            case "around the upperdir":
                Root.Write("/srv/" + Release, "ID=_any\n");
                Root.Symlink("/var/lib/confexts/bad/etc", "/srv");
                return "what /var/lib/extensions.mutable/etc leads to";
            case "a bind mount of the upperdir":
                Root.Write("/srv/changes/bad/etc/" + Release, "ID=_any\n");
                return Bind("/srv/changes/bad", "what /var/lib/extensions.mutable/etc leads to");
            case "a bind mount of something in the hierarchy":
                Root.Write("/etc/bad/etc/" + Release, "ID=_any\n");
                return Bind("/etc/bad", "the system's own");
            case "a bind mount of another extension":
                Root.Extension("stronger", ("stronger.conf", ""));
                Root.Write("/var/lib/confexts/stronger/etc/bad/etc/" + Release, "ID=_any\n");
                return Bind("/var/lib/confexts/stronger/etc/bad", "that of 'stronger'");
            default:
                // On two overlays, one upon the other, the kernel makes no third: "maximum fs stacking depth exceeded".
                Root.Write("/srv/lower/etc/" + Release, "ID=_any\n");
                Root.MakeDirectory("/srv/empty");
                Root.MakeDirectory("/srv/once");
                Root.MakeDirectory("/var/lib/confexts/bad");
                Root.Mount("once", "/srv/once", "overlay", LibC.MS_RDONLY,
                    $"lowerdir={Root.Path}/srv/lower:{Root.Path}/srv/empty");
                Root.Mount("twice", "/var/lib/confexts/bad", "overlay", LibC.MS_RDONLY,
                    $"lowerdir={Root.Path}/srv/once:{Root.Path}/srv/empty");
                return "its /etc cannot be a layer";
        }
    }

    private string Bind(string source, string reason)
    {
        Root.MakeDirectory("/var/lib/confexts/bad");
        Root.Mount(Root.Path + source, "/var/lib/confexts/bad", null, LibC.MS_BIND);
        return reason;
    }
}
