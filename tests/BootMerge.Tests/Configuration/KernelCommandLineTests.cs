using System.Text;
using BootMerge.Configuration;
using BootMerge.Linux;
using CsCheck;
using Xunit;

namespace BootMerge.Tests.Configuration;

public sealed class KernelCommandLineTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("\n", "")]
    [InlineData("quiet", "quiet")]
    [InlineData("a=1 b=2\n", "a=1|b=2")]
    [InlineData("  a=1\t b  ", "a=1|b")]
    [InlineData("a=", "a=")]
    [InlineData("a=b=c", "a=b=c")]
    [InlineData("a=\"x y\" b", "a=x y|b")]
    [InlineData("\"a=x y\" b", "a=x y|b")]
    [InlineData("a='x \" y' b", "a=x \" y|b")]
    [InlineData("a=\"x y", "a=x y")]
    [InlineData("a=\"\" b", "a=|b")]
    [InlineData("a\0b", "a|b")]
    public void Words_are_split_at_white_space_outside_of_quotation_marks(string text, string expected) =>
        Assert.Equal(expected, string.Join('|', KernelCommandLine.Parse(Encoding.UTF8.GetBytes(text))));

    [Theory]
    [InlineData("quiet bootmerge=0", true)]
    [InlineData("bootmerge=off", true)]
    [InlineData("bootmerge", false)]
    [InlineData("bootmerge=0 bootmerge=1", false)]
    [InlineData("bootmerge=1 bootmerge=no", true)]
    [InlineData("bootmerge=0 bootmerge=maybe", true)]
    [InlineData("notbootmerge=0 bootmergex=0", false)]
    [InlineData("init=\"bootmerge=0 x\"", false)]
    public void The_last_boolean_switches_off(string text, bool off) =>
        Assert.Equal(off, BootParameters.Parse(Encoding.UTF8.GetBytes(text), isBoot: true,
            new WarningLog()).SwitchedOff);

    [Theory]
    [InlineData("bootmerge.require-signed", true)]
    [InlineData("bootmerge.require-signed=yes bootmerge=0", true)]
    [InlineData("bootmerge.require-signed bootmerge.require-signed=0", false)]
    [InlineData("bootmerge.mutable=bogus", null)]
    public void In_the_running_system_only_what_must_not_be_undone_counts(string text, bool? isRequired)
    {
        WarningLog log = new();
        BootParameters values = BootParameters.Parse(Encoding.UTF8.GetBytes(text), isBoot: false, log);
        Assert.Equal(isRequired, values.RequireSigned);
        Assert.False(values.SwitchedOff);
        Assert.Empty(log.Lines);
    }

    [Theory]
    [InlineData("bootmerge.require-signed=2", "Kernel command line: 'bootmerge.require-signed=2' is not valid, "
        + "so signatures are required; it takes yes or no")]
    [InlineData("bootmerge=maybe", "Kernel command line: 'bootmerge=maybe' is not valid, ignored; it takes yes or no")]
    [InlineData("systemd.confext=2", "Kernel command line: 'systemd.confext=2' is not valid, ignored; it "
        + "takes yes or no")]
    [InlineData("bootmerge.mutable=atuo",
        "Kernel command line: 'bootmerge.mutable=atuo' is not valid, ignored (did you mean 'auto'?)")]
    [InlineData("bootmerge.fallback",
        "Kernel command line: 'bootmerge.fallback' is not valid, ignored (known: fail, immutable, ephemeral)")]
    [InlineData("bootmerge.prune=perhaps",
        "Kernel command line: 'bootmerge.prune=perhaps' is not valid, ignored; it takes yes or no")]
    [InlineData("bootmerge.log=debgu",
        "Kernel command line: 'bootmerge.log=debgu' is not valid, ignored (did you mean 'debug'?)")]
    [InlineData("bootmerge.mutabel=no",
        "Kernel command line: 'bootmerge.mutabel=no' is not known, ignored (did you mean 'bootmerge.mutable'?)")]
    public void What_is_not_understood_is_a_warning(string text, string warning)
    {
        WarningLog log = new();

        BootParameters.Parse(Encoding.UTF8.GetBytes(text), isBoot: true, log);

        Assert.Equal([warning], log.Lines);
    }

    [Fact]
    public void Any_bytes_are_read() =>
        Gen.OneOf(
                Gen.Byte.Array[0, 100],
                Gen.OneOf("bootmerge", "=", "0", "\"", "'", " ", ".mutable", "systemd.confext", "\n").Array[0, 20]
                    .Select(words => Encoding.UTF8.GetBytes(string.Concat(words))))
            .Sample(
                text =>
                {
                    WarningLog log = new();
                    BootParameters.Parse(text, isBoot: true, log);
                    return log.Lines.TrueForAll(line => !line.Contains('\n'));
                },
                seed: "0000KOIPe036",
                iter: 20_000,
                threads: 1);
}
