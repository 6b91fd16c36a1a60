using BootMerge.Extensions;
using CsCheck;
using Xunit;

namespace BootMerge.Tests.Extensions;

public sealed class VersionOrderTests
{
    // `systemd-analyze compare-versions` of systemd 262 gives the same answers.
    [Theory]
    [InlineData("1", "1", 0)]
    [InlineData("1", "2", -1)]
    [InlineData("1.9", "1.10", -1)]
    [InlineData("a", "b", -1)]
    [InlineData("a", "a.1", -1)]
    [InlineData("a", "a-1", -1)]
    [InlineData("a", "a~1", 1)]
    [InlineData("a", "a^1", -1)]
    [InlineData("1.2", "1.2.0", -1)]
    [InlineData("1.2", "1.2-1", -1)]
    [InlineData("1.2~rc1", "1.2", -1)]
    [InlineData("1.2^p", "1.2", 1)]
    [InlineData("1.2~rc1", "1.2^p", -1)]
    [InlineData("1", "1a", -1)]
    [InlineData("1a", "1.1", 1)]
    [InlineData("00", "0", 0)]
    [InlineData("01", "1", 0)]
    [InlineData("A", "a", -1)]
    [InlineData("a_1", "a1", 0)]
    [InlineData("a+1", "a1", 0)]
    [InlineData("ü", "a", -1)]
    [InlineData("ü", "u", -1)]
    [InlineData("a.b", "a-b", 1)]
    [InlineData("a..b", "a.b", -1)]
    [InlineData("a~~", "a~", 1)]
    [InlineData("~", "a", -1)]
    [InlineData("^", "a", -1)]
    [InlineData("-", "a", -1)]
    [InlineData(".", "a", -1)]
    [InlineData("123", "abc", 1)]
    [InlineData("abc", "123", -1)]
    [InlineData("1.a", "1.1", -1)]
    [InlineData("0", "-", 1)]
    [InlineData("18446744073709551617", "2", 1)]
    [InlineData("a-", "a", 1)]
    [InlineData("a.", "a", 1)]
    [InlineData("a.0", "a", 1)]
    [InlineData("a^", "a", 1)]
    [InlineData("a^1", "a-1", 1)]
    [InlineData("a^1", "a.1", -1)]
    [InlineData("a-1", "a.1", -1)]
    [InlineData("a~1", "a-1", -1)]
    [InlineData("10a", "10b", -1)]
    [InlineData("x1y2", "x1y10", -1)]
    [InlineData("x01y2", "x1y1", 1)]
    [InlineData("a1", "aa", -1)]
    [InlineData("1~", "1", -1)]
    [InlineData("_a", "a", 0)]
    [InlineData("@", "a", -1)]
    [InlineData("", "", 0)]
    [InlineData("", "a", -1)]
    [InlineData("", "~", 1)]
    [InlineData("@@", "@-.^", -1)]
    [InlineData("_~", "_0-1", -1)]
    [InlineData("1-", "190", -1)]
    [InlineData("é~", "é-", -1)]
    [InlineData("~9Ab", "~.@.b", 1)]
    [InlineData("~bbA", "~--b9", 1)]
    [InlineData("aé+", "a_.~-", -1)]
    [InlineData("__+é", "_^1é^", -1)]
    public void Versions_are_ordered_as_systemd_orders_them(string left, string right, int expected)
    {
        Assert.Equal(expected, System.Math.Sign(VersionOrder.Compare(left, right)));
        Assert.Equal(-expected, System.Math.Sign(VersionOrder.Compare(right, left)));
    }

    [Fact]
    public void The_order_is_transitive()
    {
        Gen<string> names = Gen.Char["ab019.-^~_A"].Array[0, 6].Select(c => new string(c));
        Gen.Select(names, names, names).Sample((a, b, c) =>
            VersionOrder.Compare(a, b) > 0 || VersionOrder.Compare(b, c) > 0 || VersionOrder.Compare(a, c) <= 0);
    }
}
