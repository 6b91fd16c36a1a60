using BootMerge.Changes;
using Xunit;

namespace BootMerge.Tests.Changes;

public sealed class DifferenceTests
{
    [Theory]
    [InlineData(Difference.None, "")]
    [InlineData(Difference.Type, "type")]
    [InlineData(Difference.Content, "content")]
    [InlineData(Difference.Mode | Difference.Content, "mode content")]
    [InlineData(Difference.Mode | Difference.Owner | Difference.Acl | Difference.Xattr | Difference.Content,
        "mode owner acl xattr content")]
    internal void Each_has_a_word(Difference difference, string words) =>
        Assert.Equal(words, string.Join(' ', Differences.Names(difference)));

    [Theory]
    [InlineData(ChangeKind.Added, Difference.None, null, "")]
    [InlineData(ChangeKind.Modified, Difference.Mode | Difference.Content, null, "mode, content")]
    [InlineData(ChangeKind.Frozen, Difference.Content, null, "content; changed below since")]
    [InlineData(ChangeKind.Moved, Difference.None, "/etc/old", "from /etc/old")]
    [InlineData(ChangeKind.Deleted, Difference.None, null, "")]
    [InlineData(ChangeKind.Replaced, Difference.None, null, "")]
    internal void People_are_told_what_else_there_is_to_say(ChangeKind kind, Difference differs, string? from,
        string detail) =>
        Assert.Equal(detail, new Change("/etc/f", kind, differs, from).Detail);

    [Fact]
    public void Programs_get_the_same_keys_for_every_change()
    {
        Assert.Equal(
            """{"hierarchy":"/etc","path":"/etc/f","change":"frozen","differs":["mode","content"],"from":null}""",
            new Change("/etc/f", ChangeKind.Frozen, Difference.Mode | Difference.Content).ToJson("/etc")
                .ToCompactText());
        Assert.Equal(
            """{"hierarchy":"/etc","path":"/etc/new","change":"moved","differs":[],"from":"/etc/old"}""",
            new Change("/etc/new", ChangeKind.Moved, from: "/etc/old").ToJson("/etc").ToCompactText());
    }

    [Theory]
    [InlineData("/etc/f", "/etc/f")]
    [InlineData("/etc/f-1_2.conf,v~", "/etc/f-1_2.conf,v~")]
    [InlineData("/etc/a b", "\"/etc/a b\"")]
    [InlineData("/etc/a(b", "\"/etc/a(b\"")]
    [InlineData("/etc/é", "\"/etc/é\"")]
    [InlineData("/etc/a\nb", "\"/etc/a\\nb\"")]
    [InlineData("/etc/\u001b[31m", "\"/etc/\\033[31m\"")]
    [InlineData("/etc/\"", "\"/etc/\\\"\"")]
    [InlineData("/etc/\\", "\"/etc/\\\\\"")]
    public void A_path_that_could_be_misread_is_quoted(string path, string quoted) =>
        Assert.Equal(quoted, CText.Quoted(path));

    [Fact]
    public void Bytes_that_are_no_UTF_8_are_quoted_and_kept() =>
        Assert.Equal("\"/etc/x\\377y\"", CText.Quoted(PathText.Decode([.. "/etc/x"u8, 0xff, .. "y"u8])));
}
