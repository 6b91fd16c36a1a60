using BootMerge.Extensions;
using Xunit;

namespace BootMerge.Tests.Extensions;

/// <summary>systemd-sysext 262 accepts and refuses the same names.</summary>
public sealed class UnitNameTests
{
    [Theory]
    [InlineData("a.service")]
    [InlineData("A-b_c:9.service")]
    [InlineData("b\\x2d.service")]
    [InlineData("a@b.service")]
    [InlineData("a@b@c.service")]
    [InlineData("a@b.c.service")]
    [InlineData("a.b.service")]
    [InlineData("-.mount")]
    [InlineData("-.slice")]
    [InlineData("a.socket")]
    [InlineData("a.device")]
    [InlineData("a.automount")]
    [InlineData("a.swap")]
    [InlineData("a.target")]
    [InlineData("a.path")]
    [InlineData("a.timer")]
    [InlineData("a.scope")]
    public void A_unit_can_have_this_name(string name) => Assert.True(UnitName.IsValid(name));

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData(".service")]
    [InlineData("a.")]
    [InlineData("a.busname")]
    [InlineData("a.Service")]
    [InlineData("a.service.d")]
    [InlineData("a@.service")]
    [InlineData("@b.service")]
    [InlineData("@.service")]
    [InlineData("../x.service")]
    [InlineData("a/b.service")]
    [InlineData("bad_!.service")]
    [InlineData("~.service")]
    [InlineData("\"a.service")]
    [InlineData("a b.service")]
    [InlineData("a\u00e4.service")]
    [InlineData("*.service")]
    public void No_unit_can_have_this_name(string name) => Assert.False(UnitName.IsValid(name));

    [Theory]
    [InlineData(247, true)]
    [InlineData(248, false)]
    public void A_name_has_at_most_255_characters(int length, bool isValid) =>
        Assert.Equal(isValid, UnitName.IsValid(new string('x', length) + ".service"));
}
