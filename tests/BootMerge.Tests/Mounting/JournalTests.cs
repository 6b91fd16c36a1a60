using System.Collections.Generic;
using System.Linq;
using BootMerge.Mounting;
using Xunit;

namespace BootMerge.Tests.Mounting;

public sealed class JournalTests
{
    [Theory]
    [InlineData("/etc", "/.systemd-etc-workdir")]
    [InlineData("/etc", "")]
    [InlineData("/opt/a b", "/srv/tab\there")]
    [InlineData("/opt/a\nb", "/srv/back\\slash\"quote'")]
    [InlineData("/opt/\u00e4", "/srv/\udcff")]
    public void What_is_written_is_read_again(string hierarchy, string value)
    {
        string text = Journal.Line(Journal.WorkDirectory, ExtensionClass.Sysext, hierarchy, value);

        JournalEntry entry = Assert.Single(Journal.Parse(text));

        Assert.Equal((Journal.WorkDirectory, "sysext", hierarchy, value),
            (entry.Kind, entry.Class.Name, entry.Hierarchy, entry.Value));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\n")]
    [InlineData("workdir")]
    [InlineData("workdir\tconfext\t/etc")]
    [InlineData("workdir\tportable\t/etc\t/x")]
    [InlineData("workdir\tconfext\tetc\t/x")]
    [InlineData("workdir\tconfext\t/etc\t\\9")]
    [InlineData("workdir\tconfext\t/etc\t/x\tmore")]
    public void What_is_no_entry_is_left_out(string line)
    {
        string good = Journal.Line(Journal.Stack, ExtensionClass.Confext, "/etc", "");

        List<JournalEntry> entries = Journal.Parse(good + line);

        Assert.Equal([Journal.Stack], entries.Select(entry => entry.Kind));
    }
}
