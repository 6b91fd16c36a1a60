using BootMerge.Verbs.Boot;
using Xunit;

namespace BootMerge.Tests.Verbs.Boot;

public sealed class UnmountedVarTests
{
    [Theory]
    [InlineData("LABEL=VAR /var ext4 defaults 0 2", "/var")]
    [InlineData("LABEL=VAR\t/var/\text4", "/var")]
    [InlineData("  LABEL=VAR   /var   ext4   rw,noatime", "/var")]
    [InlineData("/dev/sda3 /var/lib xfs rw", "/var/lib")]
    [InlineData("/dev/sda3 /var/lib/extensions.mutable none bind", "/var/lib/extensions.mutable")]
    [InlineData("LABEL=ROOT / ext4 defaults 0 1\nLABEL=VAR /var ext4 defaults", "/var")]
    [InlineData("LABEL=VAR /var ext4 rw,noauto", null)]
    [InlineData("# LABEL=VAR /var ext4 defaults", null)]
    [InlineData("#LABEL=VAR /var ext4 defaults", null)]
    [InlineData("LABEL=LOG /var/log ext4 defaults", null)]
    [InlineData("LABEL=X /variant ext4 defaults", null)]
    [InlineData("/var", null)]
    [InlineData("LABEL=VAR /var", null)]
    [InlineData("", null)]
    [InlineData("\0\n\n \t \n/ / /", null)]
    public void The_table_of_file_systems_tells_of_a_var_of_its_own(string text, string? place) =>
        Assert.Equal(place, UnmountedVar.Find(text, _ => true));

    [Fact]
    public void What_is_mounted_is_passed_over() =>
        Assert.Equal("/var/lib", UnmountedVar.Find("a /var ext4 rw\nb /var/lib ext4 rw\n", path => path != "/var"));
}
