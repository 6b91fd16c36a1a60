using BootMerge.Changes;
using Xunit;

namespace BootMerge.Tests.Changes;

public sealed class GlobTests
{
    [Theory]
    [InlineData("", "", true)]
    [InlineData("", "a", false)]
    [InlineData("a", "", false)]
    [InlineData("motd", "motd", true)]
    [InlineData("motd", "motd2", false)]
    [InlineData("motd2", "motd", false)]
    [InlineData("*", "", true)]
    [InlineData("*", "motd", true)]
    [InlineData("*", "ssh/key", false)]
    [InlineData("**", "ssh/key", false)]
    [InlineData("*/*", "ssh/key", true)]
    [InlineData("*/*", "a/b/c", false)]
    [InlineData("ssh/*", "ssh/", true)]
    [InlineData("ssh/*", "ssh/a/b", false)]
    [InlineData("ssh/*_key", "ssh/host_rsa_key", true)]
    [InlineData("ssh/*_key", "ssh/host_rsa_key.pub", false)]
    [InlineData("ssh/*_key*", "ssh/host_rsa_key.pub", true)]
    [InlineData("*a*b", "aXbXab", true)]
    [InlineData("*a*b", "ab/ab", false)]
    [InlineData("*/key", "a/b/key", false)]
    [InlineData("?", "a", true)]
    [InlineData("?", "", false)]
    [InlineData("a?b", "a/b", false)]
    [InlineData("[abc]", "b", true)]
    [InlineData("[abc]", "d", false)]
    [InlineData("[a-c]x", "bx", true)]
    [InlineData("[a-c]x", "dx", false)]
    [InlineData("[a-]", "-", true)]
    [InlineData("[!a-c]", "d", true)]
    [InlineData("[!a-c]", "b", false)]
    [InlineData("[^a]", "b", true)]
    [InlineData("a[!b]c", "a/c", false)]
    [InlineData("a[/]c", "a/c", false)]
    [InlineData("[]]", "]", true)]
    [InlineData("[]a]", "a", true)]
    [InlineData("[!]]", "]", false)]
    [InlineData("[a", "[a", true)]
    [InlineData("[", "[", true)]
    [InlineData("[]", "[]", true)]
    [InlineData(@"\*", "*", true)]
    [InlineData(@"\*", "a", false)]
    [InlineData(@"a\", @"a\", true)]
    [InlineData("ä?", "äö", true)]
    public void Patterns_match_as_glob_says(string pattern, string text, bool matches) =>
        Assert.Equal(matches, Glob.Matches(pattern, text));

    [Fact]
    public void Many_stars_take_no_long_time() =>
        Assert.False(Glob.Matches(string.Concat(System.Linq.Enumerable.Repeat("*a", 50)) + "b", new string('a', 5000)));
}
