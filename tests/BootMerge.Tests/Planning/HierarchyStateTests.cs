using System;
using System.Linq;
using BootMerge.Linux;
using BootMerge.Mounting;
using BootMerge.Planning;
using BootMerge.Tests.Extensions;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace BootMerge.Tests.Planning;

public sealed class HierarchyStateTests : IDisposable
{
    private readonly SampleRoot _root = new();

    public void Dispose() => _root.Dispose();

    [Theory]
    [InlineData("/etc", "etc")]
    [InlineData("/opt/x", "opt.x")]
    [InlineData("/opt/x/", "opt.x")]
    [InlineData("/a/b/c", "a.b.c")]
    public void A_hierarchys_short_name_has_dots_for_slashes(string hierarchy, string expected)
    {
        Assert.Equal(expected, HierarchyState.ShortName(hierarchy));
        Assert.Equal("/var/lib/extensions.mutable/" + expected, HierarchyState.RoutingEntry(hierarchy));
    }

    [Fact]
    public void A_hierarchy_that_is_absent_is_no_layer_and_empty()
    {
        HierarchyState state = Look("/opt");

        Assert.Null(state.Path);
        Assert.True(state.IsEmpty);
        Assert.Equal(RoutingKind.Absent, state.Routing.Kind);
    }

    [Fact]
    public void A_hierarchy_is_followed_inside_the_root()
    {
        _root.Link("opt", "/data/opt");
        _root.MakeDirectory("data/opt");

        Assert.Equal("/data/opt", Look("/opt").Path);
        Assert.True(Look("/opt").IsEmpty);
        Assert.False(Look("/etc").IsEmpty);
    }

    [Fact]
    public void A_hierarchy_that_is_no_directory_is_named()
    {
        _root.Write("opt", "a file");

        Assert.Equal(_root.Outside("opt") + " is not a directory, nothing can be merged into it",
            Assert.Throws<InputException>(() => Look("/opt")).Message);
    }

    [Theory]
    [InlineData("/etc", (int)RoutingKind.Self, "/etc")]
    [InlineData("../../../etc", (int)RoutingKind.Self, "/etc")]
    [InlineData("../../../../../../../etc", (int)RoutingKind.Self, "/etc")]
    [InlineData("/srv", (int)RoutingKind.Directory, "/srv")]
    [InlineData("/nowhere", (int)RoutingKind.Dangling, "/nowhere")]
    [InlineData("../nowhere", (int)RoutingKind.Dangling, "/var/lib/nowhere")]
    [InlineData("/etc/os-release", (int)RoutingKind.Unusable, null)]
    [InlineData("etc", (int)RoutingKind.Unusable, null)]
    public void A_routing_link_is_judged_by_where_it_leads(string target, int kind, string? path)
    {
        _root.MakeDirectory("srv");
        _root.Link("var/lib/extensions.mutable/etc", target);

        Routing routing = Look("/etc").Routing;

        Assert.Equal((RoutingKind)kind, routing.Kind);
        Assert.Equal(path, routing.Path);
        Assert.Equal(routing.Kind == RoutingKind.Unusable, routing.Problem is not null);
        Assert.Equal("/var/lib/extensions.mutable/etc", routing.Entry);
    }

    [Fact]
    public void A_routing_directory_is_known_with_its_mode()
    {
        _root.MakeDirectory("var/lib/extensions.mutable/etc");
        using (SafeFileHandle directory = _root.Root.OpenAt("/var/lib/extensions.mutable/etc",
            Sys.O_RDONLY | Sys.O_DIRECTORY))
            Sys.ChangeMode(directory, 0x1C0);

        Routing routing = Look("/etc").Routing;

        Assert.Equal(RoutingKind.Directory, routing.Kind);
        Assert.Equal("/var/lib/extensions.mutable/etc", routing.Path);
        Assert.Equal(0x1C0u, routing.Permissions);
        Assert.False(routing.IsReadOnly);
        Assert.False(routing.IsMountRoot);
    }

    [Fact]
    public void Workdirs_beside_the_routed_directory_are_known()
    {
        _root.Link("var/lib/extensions.mutable/etc", "/srv/etc");
        foreach (string name in new[] { "etc", ".systemd-etc-workdir", ".systemd-etc-workdir.12",
            ".systemd-etc-workdir.x", ".systemd-etc-workdir.", ".systemd-opt-workdir" })
            _root.MakeDirectory("srv/" + name);

        Routing routing = Look("/etc").Routing;

        Assert.Equal(["/srv/.systemd-etc-workdir", "/srv/.systemd-etc-workdir.12"], routing.WorkDirectories.Order());
        Assert.Null(routing.InTheWay);
    }

    [Fact]
    public void A_file_in_place_of_the_workdir_is_known()
    {
        _root.Link("var/lib/extensions.mutable/etc", "/etc");
        _root.Write(".systemd-etc-workdir", "a file");

        Assert.Equal("/.systemd-etc-workdir", Look("/etc").Routing.InTheWay);
    }

    private HierarchyState Look(string hierarchy) => HierarchyLook.Of(_root.Root, ExtensionClass.Confext, hierarchy);
}
