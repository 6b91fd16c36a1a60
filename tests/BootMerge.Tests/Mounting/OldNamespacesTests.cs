using BootMerge.Mounting;
using Xunit;

namespace BootMerge.Tests.Mounting;

public sealed class OldNamespacesTests
{
    [Theory]
    [InlineData("0::/system.slice/nginx.service\n", "nginx.service")]
    // the innermost unit
    [InlineData("0::/user.slice/user-1000.slice/user@1000.service/app.slice/run-1.scope\n", "run-1.scope")]
    [InlineData("0::/init.scope\n", "init.scope")]
    [InlineData("0::/system.slice/a.service/payload\n", "a.service")]
    [InlineData("12:cpu:/\n1:name=systemd:/system.slice/old.service\n0::/\n", "old.service")]
    [InlineData("0::/\n", null)]
    [InlineData("0::/system.slice\n", null)]
    [InlineData("", null)]
    public void The_unit_of_a_process_is_the_innermost_of_its_control_groups(string groups, string? unit) =>
        Assert.Equal(unit, OldNamespaces.UnitOf(groups));
}
