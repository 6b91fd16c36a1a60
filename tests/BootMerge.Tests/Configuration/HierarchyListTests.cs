using BootMerge.Configuration;
using CsCheck;
using Xunit;

namespace BootMerge.Tests.Configuration;

public sealed class HierarchyListTests
{
    [Theory]
    [InlineData("/etc", "/etc")]
    [InlineData("/usr:/opt", "/usr /opt")]
    [InlineData(":/usr::/opt/:", "/usr /opt")]
    [InlineData("/etc:/etc/", "/etc")]
    [InlineData("/usr:/usrlocal", "/usr /usrlocal")]
    [InlineData("/a b", "/a b")]
    public void Paths_stand_between_colons(string text, string expected) =>
        Assert.Equal(expected, string.Join(' ', HierarchyList.Parse(text, "V")));

    [Theory]
    [InlineData("", "Environment variable V names no path; unset it, or give one such as /etc")]
    [InlineData("::", "Environment variable V names no path; unset it, or give one such as /etc")]
    [InlineData("etc", "Environment variable V: 'etc' is not an absolute path")]
    [InlineData("/etc: /opt", "Environment variable V: ' /opt' is not an absolute path")]
    [InlineData("/", "Environment variable V: '/' is the root itself, which cannot be merged")]
    [InlineData("///", "Environment variable V: '///' is the root itself, which cannot be merged")]
    [InlineData("/etc/../usr", "Environment variable V: '/etc/../usr' is not normalised: it contains "
    + "'//', '.' or '..'")]
    [InlineData("/./etc", "Environment variable V: '/./etc' is not normalised: it contains '//', '.' or '..'")]
    [InlineData("//etc", "Environment variable V: '//etc' is not normalised: it contains '//', '.' or '..'")]
    [InlineData("/usr:/usr/lib", "Environment variable V: '/usr/lib' and '/usr' are inside each other")]
    [InlineData("/usr/lib:/usr", "Environment variable V: '/usr' and '/usr/lib' are inside each other")]
    public void A_path_that_cannot_be_merged_is_an_error(string text, string message) =>
        Assert.Equal(message, Assert.Throws<InputException>(() => HierarchyList.Parse(text, "V")).Message);

    [Fact]
    public void Any_text_gives_normalised_paths_or_one_line() =>
        Gen.OneOf(Gen.String, Gen.OneOf("/", ":", ".", "etc", "\n").Array[0, 12].Select(string.Concat)).Sample(
            text =>
            {
                try
                {
                    foreach (string path in HierarchyList.Parse(text, "V"))
                        if (path.Length < 2 || path[0] != '/' || path[^1] == '/'
                            || path.Contains("//", System.StringComparison.Ordinal))
                            return false;
                    return true;
                }
                catch (InputException exception)
                {
                    return !exception.Message.Contains('\n');
                }
            },
            seed: "0000KOIPe036",
            iter: 20_000,
            threads: 1);
}
