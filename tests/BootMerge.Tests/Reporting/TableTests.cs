using BootMerge.Reporting;
using Xunit;

namespace BootMerge.Tests.Reporting;

public sealed class TableTests
{
    [Fact]
    public void Columns_are_as_wide_as_their_widest_cell()
    {
        Table table = new("NAME", "TYPE", "PATH");
        table.Add("a", "directory", "/x/a");
        table.Add("longer", "raw", "/x/longer");

        Assert.Equal(
            "NAME   TYPE      PATH\n"
            + "a      directory /x/a\n"
            + "longer raw       /x/longer\n",
            table.ToText(withHeader: true));
    }

    [Fact]
    public void A_header_that_is_not_shown_takes_no_room()
    {
        Table table = new("HIERARCHY", "EXTENSIONS");
        table.Add("/etc", "a");

        Assert.Equal("/etc a\n", table.ToText(withHeader: false));
    }

    [Fact]
    public void Lines_have_no_blanks_at_the_end()
    {
        Table table = new("A", "B");
        table.Add("x", "");
        table.Add("", "");
        table.Add("x", "long");

        Assert.Equal("A B\nx\n\nx long\n", table.ToText(withHeader: true));
    }

    [Fact]
    public void A_cell_stays_on_its_line()
    {
        Table table = new("NAME", "PATH");
        table.Add("two\nlines", "/a");

        Assert.Equal("NAME         PATH\ntwo\\x0alines /a\n", table.ToText(withHeader: true));
    }

    [Fact]
    public void An_empty_table_is_its_header()
    {
        Assert.Equal("NAME PATH\n", new Table("NAME", "PATH").ToText(withHeader: true));
        Assert.Equal("", new Table("NAME", "PATH").ToText(withHeader: false));
    }
}
