using BootMerge.Planning;
using Xunit;

namespace BootMerge.Tests.Planning;

public sealed class WorkDirectoryTests
{
    [Theory]
    [InlineData(".systemd-etc-workdir", true)]
    [InlineData(".systemd-opt.x-workdir", true)]
    [InlineData(".systemd-etc-workdir.1", true)]
    [InlineData(".systemd-etc-workdir.23", true)]
    [InlineData("systemd-etc-workdir", false)]
    [InlineData(".systemd-etc", false)]
    [InlineData(".systemd-etc-work", false)]
    [InlineData("x.systemd-etc-workdir", false)]
    [InlineData(".systemd-etc-workdir/x", false)]
    [InlineData(".Systemd-etc-workdir", false)]
    [InlineData("etc", false)]
    [InlineData("..", false)]
    [InlineData("", false)]
    public void Only_what_is_named_like_a_workdir_is_removed_as_one(string name, bool expected) =>
        Assert.Equal(expected, WorkDirectory.IsName(name));

    [Theory]
    [InlineData("/srv/etc", "/etc", "/srv/.systemd-etc-workdir")]
    [InlineData("/data", "/etc", "/.systemd-etc-workdir")]
    [InlineData("/srv/x", "/opt/x", "/srv/.systemd-opt.x-workdir")]
    public void A_workdir_is_named_by_its_hierarchy(string upper, string hierarchy, string expected) =>
        Assert.Equal(expected, WorkDirectory.Choose(upper, hierarchy, []));
}
