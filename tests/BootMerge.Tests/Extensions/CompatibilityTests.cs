using System.Text;
using BootMerge.Extensions;
using Xunit;

namespace BootMerge.Tests.Extensions;

public sealed class CompatibilityTests
{
    private static HostRelease RootViews(string text, string scope = "system") =>
        new() { Release = Parse(text), Scope = scope, Architecture = "x86-64" };

    // ';' stands for a line break, so that each row fits on one line.
    private static ReleaseFile Parse(string text) =>
        KeyValueFile.Parse(Encoding.UTF8.GetBytes(text.Replace(';', '\n')));

    // systemd-confext 262 comes to the same verdicts.
    [Theory]
    [InlineData("ID=acme;VERSION_ID=42", "ID=acme;VERSION_ID=42")]
    [InlineData("ID=acme;VERSION_ID=42", "ID=_any")]
    [InlineData("ID=acme;VERSION_ID=42", "ID=_any;VERSION_ID=1;CONFEXT_LEVEL=2")]
    [InlineData("ID=acme;ID_LIKE=\"foo  bar\";VERSION_ID=42", "ID=bar;VERSION_ID=42")]
    [InlineData("ID=acme", "ID=acme;VERSION_ID=1")]
    [InlineData("ID=acme", "ID=acme;CONFEXT_LEVEL=1")]
    [InlineData("ID=acme;CONFEXT_LEVEL=1", "ID=acme")]
    [InlineData("ID=acme;CONFEXT_LEVEL=1", "ID=acme;VERSION_ID=1")]
    [InlineData("ID=acme;CONFEXT_LEVEL=1;VERSION_ID=42", "ID=acme;CONFEXT_LEVEL=1;VERSION_ID=41")]
    [InlineData("ID=acme;CONFEXT_LEVEL=1;VERSION_ID=42", "ID=acme;VERSION_ID=42")]
    [InlineData("ID=acme;CONFEXT_LEVEL=;VERSION_ID=42", "ID=acme;VERSION_ID=42;CONFEXT_LEVEL=3")]
    [InlineData("ID=acme", "ID=_any;ARCHITECTURE=x86-64")]
    [InlineData("ID=acme", "ID=_any;ARCHITECTURE=_any")]
    [InlineData("ID=acme", "ID=_any;ARCHITECTURE=")]
    [InlineData("ID=acme", "ID=_any;CONFEXT_SCOPE=\"initrd system\"")]
    [InlineData("ID=acme", "ID=_any;SYSEXT_SCOPE=portable")]
    [InlineData("ID=_any", "ID=_any")]
    public void A_fitting_release_file_is_accepted(string host, string extension)
    {
        Verdict verdict = Compatibility.Judge(Parse(extension), RootViews(host), ExtensionClass.Confext);

        Assert.True(verdict.Accepted, verdict.Reason);
    }

    [Theory]
    [InlineData("ID=acme;VERSION_ID=42", "ID=acme;VERSION_ID=41", "VERSION_ID=41, the system has 42")]
    [InlineData("ID=acme;VERSION_ID=42", "ID=acme", "no VERSION_ID, the system has 42")]
    [InlineData("ID=acme;VERSION_ID=42", "ID=acme;VERSION_ID=", "VERSION_ID=, the system has 42")]
    [InlineData("ID=acme;VERSION_ID=42;SYSEXT_LEVEL=1", "ID=acme;SYSEXT_LEVEL=1", "no VERSION_ID, the system has 42")]
    [InlineData("ID=acme;VERSION_ID=42;CONFEXT_LEVEL=1", "ID=acme;VERSION_ID=42;CONFEXT_LEVEL=2",
        "CONFEXT_LEVEL=2, the system has 1")]
    [InlineData("ID=acme;VERSION_ID=42;CONFEXT_LEVEL=1", "ID=acme;VERSION_ID=41", "VERSION_ID=41, the system has 42")]
    [InlineData("ID=acme;CONFEXT_LEVEL=1", "ID=acme;CONFEXT_LEVEL=2", "CONFEXT_LEVEL=2, the system has 1")]
    [InlineData("ID=ACME", "ID=acme", "ID=acme, the system has ACME")]
    [InlineData("ID=acme;ID_LIKE=\"foo  bar\"", "ID=baz", "ID=baz, the system has acme (like foo  bar)")]
    [InlineData("ID=acme;ID_LIKE=\"foo bar\"", "ID=\"foo bar\"", "ID=foo bar, the system has acme (like foo bar)")]
    [InlineData("ID=acme;ID_LIKE=_any", "ID=other", "ID=other, the system has acme (like _any)")]
    [InlineData("ID=acme", "NAME=x", "no ID, the system has acme (ID=_any fits every system)")]
    [InlineData("ID=acme", "ID=", "no ID, the system has acme (ID=_any fits every system)")]
    [InlineData("ID=acme", "\uFEFFID=acme", "its release file starts with a byte order mark, which hides its ID")]
    [InlineData("ID=acme", "", "its release file is empty (ID=_any is the least it needs)")]
    [InlineData("ID=acme", "ID=_any;ARCHITECTURE=arm64", "ARCHITECTURE=arm64, the system is x86-64")]
    [InlineData("ID=acme", "ID=_any;ARCHITECTURE=x86_64", "ARCHITECTURE=x86_64, the system is x86-64")]
    [InlineData("ID=acme", "ID=_any;ARCHITECTURE=x86", "ARCHITECTURE=x86, the system is x86-64")]
    [InlineData("ID=acme", "ID=_any;CONFEXT_SCOPE=initrd", "CONFEXT_SCOPE=initrd, the system's scope is system")]
    [InlineData("ID=acme", "ID=_any;CONFEXT_SCOPE=", "CONFEXT_SCOPE=, the system's scope is system")]
    [InlineData("ID=acme", "ID=_any;CONFEXT_SCOPE=portable", "CONFEXT_SCOPE=portable, the system's scope is system")]
    [InlineData("ID=acme", "ID=\"a\nb\u001b[2J\"", "ID=a\\x0ab\\x1b[2J, the system has acme")]
    public void A_release_file_that_does_not_fit_is_refused_with_both_sides_named(string host, string extension,
        string reason)
    {
        Verdict verdict = Compatibility.Judge(Parse(extension), RootViews(host), ExtensionClass.Confext);

        Assert.False(verdict.Accepted);
        Assert.Equal(reason, verdict.Reason);
        Assert.True(verdict.CanBeForced);
    }

    [Fact]
    public void An_initrd_takes_only_extensions_that_say_so()
    {
        HostRelease initrd = RootViews("ID=acme", scope: "initrd");

        Assert.Equal("no CONFEXT_SCOPE, the system's scope is initrd, the default is system portable",
            Compatibility.Judge(Parse("ID=_any"), initrd, ExtensionClass.Confext).Reason);
        Assert.True(Compatibility.Judge(Parse("ID=_any;CONFEXT_SCOPE=initrd"), initrd,
            ExtensionClass.Confext).Accepted);
    }

    [Fact]
    public void A_sysext_is_judged_by_its_own_keys()
    {
        HostRelease host = RootViews("ID=acme;VERSION_ID=42;SYSEXT_LEVEL=1;CONFEXT_LEVEL=2");

        Assert.True(Compatibility.Judge(Parse("ID=acme;SYSEXT_LEVEL=1;CONFEXT_LEVEL=9"), host,
            ExtensionClass.Sysext).Accepted);
        Assert.Equal("SYSEXT_SCOPE=portable, the system's scope is system",
            Compatibility.Judge(Parse("ID=_any;SYSEXT_SCOPE=portable"), host, ExtensionClass.Sysext).Reason);
    }

    [Fact]
    public void Force_turns_a_refusal_round_and_keeps_the_reason()
    {
        Verdict forced = Verdict.Rejected("VERSION_ID=41, the system has 42").Forced();

        Assert.True(forced.Accepted);
        Assert.Equal("VERSION_ID=41, the system has 42", forced.Reason);
        Assert.False(Verdict.Unusable("no file system is found in it").Forced().Accepted);
    }
}
