using System;
using System.Linq;
using Xunit;

namespace BootMerge.KernelTests.Support;

/// <summary>
/// A table of cases, written as a table: one line per case, bars between the cells, headings in the first line.
/// </summary>
internal static class Cases
{
    public static TheoryData<string, string, string, string> Of(string table)
    {
        TheoryData<string, string, string, string> cases = [];
        foreach (string line in table.Split('\n').Skip(1))
        {
            string[] cells = line.Split('|', StringSplitOptions.TrimEntries);
            cases.Add(cells[0], cells[1], cells[2], cells[3]);
        }

        return cases;
    }
}
