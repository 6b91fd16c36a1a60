using System.Collections.Generic;
using BootMerge.Json;
using BootMerge.Markers;
using Xunit;

namespace BootMerge.Tests.Markers;

public sealed class OriginTests
{
    private const string Text =
        """{"mutable":{"mode":"yes","mutableDirs":{"/etc":"/srv/etc"}},"mountOptions":"index=on","extensions":{"a":{"path":"/x/a","onMountId":18446744073709551615},"b":{"path":"/x/b"}}}""";

    [Fact]
    public void An_origin_is_written_as_systemd_writes_it() => Assert.Equal(Text, Sample().ToCompactText());

    [Theory]
    [InlineData("no", """{"mutable":{"mode":"no"}}""")]
    [InlineData("ephemeral-import", """{"mutable":{"mode":"ephemeral-import"}}""")]
    public void What_is_empty_or_the_default_is_left_out(string mode, string expected) =>
        Assert.Equal(expected, Origin.Of(mode, [], null, []).ToCompactText());

    [Theory]
    [InlineData(Text)]
    [InlineData(Text + "\n")]
    [InlineData("""{"extensions":{"b":{"path":"/x/b"},"a":{"onMountId":18446744073709551615,"path":"/x/a"}},"mountOptions":"index=on","mutable":{"mutableDirs":{"/etc":"/srv/etc"},"mode":"yes"}}""")]
    [InlineData("""{"mutable" : {"mode" : "yes", "mutableDirs" : {"\/etc" : "\/srv\/etc"}}, "mountOptions" : "\u0069ndex=on", "extensions" : {"a" : {"path" : "/x/a", "onMountId" : 18446744073709551615}, "b" : {"path" : "/x/b"}}}""")]
    public void Neither_order_of_keys_nor_blanks_make_a_difference(string recorded) =>
        Assert.True(Origin.IsSame(Sample(), recorded));

    [Theory]
    [InlineData("\"yes\"", "\"no\"")]
    [InlineData("\"/srv/etc\"", "\"/srv/other\"")]
    [InlineData("\"/etc\":", "\"/opt\":")]
    [InlineData("18446744073709551615", "18446744073709551614")]
    [InlineData("18446744073709551615", "\"18446744073709551615\"")]
    [InlineData("18446744073709551615", "null")]
    [InlineData("\"/x/b\"", "[\"/x/b\"]")]
    [InlineData("{\"path\":\"/x/b\"}", "{\"path\":\"/x/b\",\"inode\":1}")]
    [InlineData("{\"path\":\"/x/b\"}", "{}")]
    [InlineData(",\"b\":{\"path\":\"/x/b\"}", "")]
    [InlineData("\"mountOptions\":\"index=on\",", "")]
    [InlineData("\"mountOptions\":", "\"extra\":1,\"mountOptions\":")]
    public void Any_other_key_or_value_is_a_change(string here, string there)
    {
        string recorded = Text.Replace(here, there, System.StringComparison.Ordinal);

        Assert.NotEqual(Text, recorded);
        Assert.NotNull(JsonReader.TryParse(System.Text.Encoding.UTF8.GetBytes(recorded)));
        Assert.False(Origin.IsSame(Sample(), recorded));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("garbage")]
    [InlineData(Text + "}")]
    [InlineData("[" + Text + "]")]
    public void An_origin_that_cannot_be_read_says_nothing(string? recorded) =>
        Assert.False(Origin.IsSame(Sample(), recorded));

    [Fact]
    public void A_truncated_origin_says_nothing()
    {
        for (int length = 0; length < Text.Length; length++)
            Assert.False(Origin.IsSame(Sample(), Text[..length]));
    }

    private static JsonValue Sample()
    {
        JsonValue a = JsonValue.Object().Add("path", JsonValue.String("/x/a"))
            .Add("onMountId", JsonValue.Number(ulong.MaxValue));
        JsonValue b = JsonValue.Object().Add("path", JsonValue.String("/x/b"));
        return Origin.Of(
            "yes",
            [new KeyValuePair<string, string>("/etc", "/srv/etc")],
            "index=on",
            [new KeyValuePair<string, JsonValue>("a", a), new KeyValuePair<string, JsonValue>("b", b)]);
    }
}
