using System;
using System.Linq;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>A broken extension is refused with a reason; the others are merged.</summary>
public sealed class BadExtensionTests : KernelTest
{
    private const string Release = "/var/lib/confexts/bad/etc/extension-release.d/extension-release.bad";

    [Theory]
    [InlineData("zero byte", "NUL byte")]
    [InlineData("not UTF-8", "UTF-8")]
    [InlineData("huge", "")]
    [InlineData("empty", "")]
    [InlineData("truncated", "")]
    [InlineData("fifo", "")]
    [InlineData("directory", "")]
    [InlineData("loop", "Too many levels of symbolic links")]
    [InlineData("device", "")]
    public void An_extension_whose_release_file_is_bad_is_refused_with_a_reason_and_the_others_are_merged(string kind,
        string reason)
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Write("/var/lib/confexts/bad/etc/bad.conf", "bad");
        Root.MakeBad(Release, kind, "ID=flatc");

        Outcome outcome = Root.Bootmerge("merge").Succeeds();

        string refusal = Assert.Single(outcome.ErrorLines, line => line.Contains("'bad'", StringComparison.Ordinal));
        Assert.Contains(reason, refusal, StringComparison.Ordinal);
        Assert.Contains("Not merging 'bad': ", refusal, StringComparison.Ordinal);
        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
        Assert.False(Root.Exists("/etc/bad.conf"));
    }

    [Theory]
    [InlineData("file")]
    [InlineData("fifo")]
    [InlineData("loop")]
    [InlineData("device")]
    public void An_extension_whose_etc_is_no_directory_brings_nothing_and_the_others_are_merged(string kind)
    {
        // The release file is below etc, so none of these extensions can be accepted.
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.MakeDirectory("/var/lib/confexts/bad");
        Root.MakeBad("/var/lib/confexts/bad/etc", kind, "");

        Outcome outcome = Root.Bootmerge("merge").Succeeds();

        Assert.Single(outcome.ErrorLines, line => line.Contains("Not merging 'bad': ", StringComparison.Ordinal));
        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
    }

    [Theory]
    [InlineData("fifo")]
    [InlineData("loop")]
    [InlineData("dangling")]
    [InlineData("device")]
    public void An_entry_that_is_no_extension_is_skipped_and_status_says_why(string kind)
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.MakeBad("/var/lib/confexts/odd", kind, "");

        Root.Bootmerge("merge").Succeeds();

        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
        Assert.Single(Root.Bootmerge("status", "--verbose").Succeeds().Output.Split('\n'),
            line => line.Contains("/var/lib/confexts/odd: ", StringComparison.Ordinal));
        Assert.Single((Root.Bootmerge("plan", "--verbose").Succeeds() is var plan ? plan.Output + plan.Error : "")
            .Split('\n'), line => line.Contains("/var/lib/confexts/odd: ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("file")]
    [InlineData("fifo")]
    [InlineData("loop")]
    public void A_search_directory_that_is_none_is_passed_over_and_status_says_why(string kind)
    {
        Root.ExtensionIn("/usr/lib/confexts", "alpha", ("alpha.conf", "alpha"));
        Root.MakeBad("/var/lib/confexts", kind, "");

        Root.Bootmerge("merge").Succeeds();

        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
        Assert.Single(Root.Bootmerge("status", "--verbose").Succeeds().Output.Split('\n'),
            line => line.Contains("/var/lib/confexts: ", StringComparison.Ordinal));
    }

    [Fact]
    public void Names_that_are_not_utf8_are_skipped_or_merged_but_end_nothing()
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Outcome.OfTool("bash", "-c", $"cp -r '{Root.Raw}/var/lib/confexts/alpha' "
            + $"'{Root.Raw}/var/lib/confexts/'$'\\377bad' && printf %s latin1 "
            + $">'{Root.Raw}/var/lib/confexts/alpha/etc/'$'\\351t\\351'");
        Root.Remember();

        Root.Bootmerge("merge").Succeeds();

        Assert.Equal("latin1", Outcome.OfTool("bash", "-c", $"cat '{Root.Etc}/'$'\\351t\\351'"));
        Assert.Equal("alpha\n", Root.Read("/etc/.systemd-confext/confexts"));
        Root.Bootmerge("list", "--json=short").Succeeds().Json();
        Root.Bootmerge("status", "--json=short", "--verbose").Succeeds().Json();
        Root.Bootmerge("plan", "--json=short").Succeeds().Json();
    }
}
