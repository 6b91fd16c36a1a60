using System.Linq;
using System.Text;
using BootMerge.Extensions;
using Xunit;

namespace BootMerge.Tests.Extensions;

public sealed class ManagerRequestsTests
{
    // ';' stands for a line break, '|' for the next extension. systemd-sysext 262 makes the same requests.
    private static ManagerRequests Of(string releases)
    {
        ManagerRequests requests = new();
        string[] extensions = releases.Split('|');
        for (int i = 0; i < extensions.Length; i++)
            requests.Add(KeyValueFile.Parse(Encoding.UTF8.GetBytes(extensions[i].Replace(';', '\n'))), "ext" + i);
        return requests;
    }

    [Fact]
    public void Of_units_beyond_a_thousand_one_warning_is_left()
    {
        string units = string.Concat(Enumerable.Range(0, 1100).Select(i => $"u{i}.service "));

        ManagerRequests requests =
            Of($"EXTENSION_RESTART_UNITS=\"{units}\"|EXTENSION_RELOAD_OR_RESTART_UNITS=v.service");

        Assert.Equal(1000, requests.Restart.Count);
        Assert.Empty(requests.ReloadOrRestart);
        Assert.Equal(2, requests.Warnings.Count);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("ID=_any", false)]
    [InlineData("EXTENSION_RELOAD_MANAGER=1", true)]
    [InlineData("EXTENSION_RELOAD_MANAGER=yes", true)]
    [InlineData("EXTENSION_RELOAD_MANAGER=\"true\"", true)]
    [InlineData("EXTENSION_RELOAD_MANAGER=0", false)]
    [InlineData("EXTENSION_RELOAD_MANAGER=", false)]
    [InlineData("EXTENSION_RELOAD_MANAGER=1;EXTENSION_RELOAD_MANAGER=0", false)]
    [InlineData("EXTENSION_RELOAD_MANAGER=1|EXTENSION_RELOAD_MANAGER=0", true)]
    [InlineData("EXTENSION_RELOAD_MANAGER=0|EXTENSION_RELOAD_MANAGER=1", true)]
    [InlineData("EXTENSION_RESTART_UNITS=a.service", true)]
    [InlineData("EXTENSION_RELOAD_OR_RESTART_UNITS=a.service", true)]
    [InlineData("EXTENSION_RELOAD_MANAGER=0;EXTENSION_RESTART_UNITS=a.service", true)]
    [InlineData("EXTENSION_RESTART_UNITS=", false)]
    [InlineData("EXTENSION_RESTART_UNITS=' '", true)]
    public void The_manager_is_reloaded_when_one_extension_wants_it_or_names_units(string releases, bool reload)
    {
        ManagerRequests requests = Of(releases);

        Assert.Equal(reload, requests.Reload);
        Assert.Empty(requests.Warnings);
    }

    [Theory]
    [InlineData("EXTENSION_RESTART_UNITS=\"a.service b.socket\"", "a.service b.socket", "")]
    [InlineData("EXTENSION_RESTART_UNITS=\" a.service\t;  b.socket  \"", "a.service b.socket", "")]
    [InlineData("EXTENSION_RELOAD_OR_RESTART_UNITS=\"a.service b.service\"", "", "a.service b.service")]
    [InlineData("EXTENSION_RESTART_UNITS=\"a.service a.service\"", "a.service", "")]
    [InlineData("EXTENSION_RESTART_UNITS=a.service|EXTENSION_RESTART_UNITS=\"b.service a.service\"",
        "a.service b.service", "")]
    [InlineData("EXTENSION_RELOAD_OR_RESTART_UNITS=\"a.service b.service "
        + "a.service\"|EXTENSION_RELOAD_OR_RESTART_UNITS=b.service", "", "a.service b.service")]
    [InlineData("EXTENSION_RESTART_UNITS=a.service;EXTENSION_RELOAD_OR_RESTART_UNITS=\"a.service b.service\"",
        "a.service", "b.service")]
    [InlineData("EXTENSION_RESTART_UNITS=a.service|EXTENSION_RELOAD_OR_RESTART_UNITS=a.service", "a.service", "")]
    [InlineData("EXTENSION_RELOAD_OR_RESTART_UNITS=a.service|EXTENSION_RESTART_UNITS=a.service", "a.service", "")]
    public void Each_unit_is_named_once_and_to_restart_it_is_stronger(string releases, string restart,
        string reloadOrRestart)
    {
        ManagerRequests requests = Of(releases);

        Assert.Equal((restart, reloadOrRestart),
            (string.Join(' ', requests.Restart), string.Join(' ', requests.ReloadOrRestart)));
        Assert.Empty(requests.Warnings);
    }

    [Theory]
    [InlineData("EXTENSION_RELOAD_MANAGER=maybe;EXTENSION_RESTART_UNITS=a.service",
        "EXTENSION_RELOAD_MANAGER= of extension 'ext0': 'maybe' is not a boolean, ignored")]
    [InlineData("EXTENSION_RESTART_UNITS=\"a.service foo\"",
        "EXTENSION_RESTART_UNITS= of extension 'ext0': 'foo' is not a unit name, ignored")]
    [InlineData("EXTENSION_RESTART_UNITS=\"--force a.service\"",
        "EXTENSION_RESTART_UNITS= of extension 'ext0': '--force' is not a unit name, ignored")]
    [InlineData("EXTENSION_RESTART_UNITS='\"a.service\" a.service'",
        "EXTENSION_RESTART_UNITS= of extension 'ext0': '\"a.service\"' is not a unit name, ignored")]
    [InlineData("EXTENSION_RESTART_UNITS=a.service|EXTENSION_RELOAD_OR_RESTART_UNITS=\"x x\"",
        "EXTENSION_RELOAD_OR_RESTART_UNITS= of extension 'ext1': 'x' is not a unit name, ignored")]
    public void What_cannot_be_asked_for_is_warned_of_once_and_the_rest_is_asked_for(string releases, string warning)
    {
        ManagerRequests requests = Of(releases);

        Assert.Equal([warning], requests.Warnings);
        Assert.Equal((true, "a.service"), (requests.Reload, string.Join(' ', requests.Restart)));
        Assert.Empty(requests.ReloadOrRestart);
    }

    [Fact]
    public void Names_of_which_none_is_valid_still_reload_the_manager()
    {
        ManagerRequests requests = Of("EXTENSION_RESTART_UNITS=foo");

        Assert.True(requests.Reload);
        Assert.Empty(requests.Restart);
    }

    [Fact]
    public void A_release_file_that_cannot_be_read_asks_for_nothing()
    {
        ManagerRequests requests = new();

        requests.Add(ReleaseFile.Unusable("broken"), "alpha");

        Assert.False(requests.Reload);
        Assert.Empty(requests.Warnings);
    }
}
