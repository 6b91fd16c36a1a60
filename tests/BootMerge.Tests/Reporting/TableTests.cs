using System;
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
            table.ToText(withHeader: true, withColours: false));
    }

    [Fact]
    public void A_header_that_is_not_shown_takes_no_room()
    {
        Table table = new("HIERARCHY", "EXTENSIONS");
        table.Add("/etc", "a");

        Assert.Equal("/etc a\n", table.ToText(withHeader: false, withColours: false));
    }

    [Fact]
    public void The_last_column_is_not_padded_and_the_others_always_are()
    {
        Table table = new("A", "B");
        table.Add("x", "");
        table.Add("", "");
        table.Add("xyz", "long");

        Assert.Equal("A   B\nx   \n    \nxyz long\n", table.ToText(withHeader: true, withColours: false));
    }

    [Theory]
    [InlineData("plain", 5)]
    [InlineData("jürgen", 6)]
    [InlineData("日本", 4)]
    [InlineData("한국", 4)]
    [InlineData("ａ", 2)]
    [InlineData("e\u0301", 1)]
    [InlineData("a\u200bb", 2)]
    [InlineData("😀", 2)]
    [InlineData("\U00020000", 2)]
    public void Columns_are_measured_in_cells_of_the_terminal(string name, int cells)
    {
        Table table = new("NAME", "TYPE");
        table.Add(name, "raw");

        Assert.Equal(name + new string(' ', Math.Max(4 - cells, 0) + 1) + "raw\n",
            table.ToText(withHeader: true, withColours: false).Split('\n')[1] + "\n");
    }

    [Fact]
    public void Colours_underline_the_header_and_grey_out_what_is_not_set()
    {
        Table table = new("HIERARCHY", "EXTENSIONS", "SINCE");
        table.Add("/etc", "-", "-");
        table.Add("/opt", "a", "a long time");

        Assert.Equal(
            "\e[4mHIERARCHY EXTENSIONS SINCE      \e[0m\n"
            + "/etc      \e[0;90m-         \e[0m \e[0;90m-\e[0m\n"
            + "/opt      a          a long time\n",
            table.ToText(withHeader: true, withColours: true));
    }

    [Fact]
    public void A_cell_stays_on_its_line()
    {
        Table table = new("NAME", "PATH");
        table.Add("two\nlines", "/a");

        Assert.Equal("NAME         PATH\ntwo\\x0alines /a\n", table.ToText(withHeader: true, withColours: false));
    }

    [Fact]
    public void An_empty_table_is_its_header()
    {
        Assert.Equal("NAME PATH\n", new Table("NAME", "PATH").ToText(withHeader: true, withColours: false));
        Assert.Equal("", new Table("NAME", "PATH").ToText(withHeader: false, withColours: false));
    }
}
