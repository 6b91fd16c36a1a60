using System;
using System.Linq;
using BootMerge.Verbs.Boot;
using Xunit;

namespace BootMerge.Tests.Verbs.Boot;

public sealed class BootStepTests
{
    [Fact]
    public void The_manual_lists_the_key_of_each_step_and_the_total()
    {
        string[] lines = Repository.Read("man/bootmerge.8.scd").Split('\n');
        int row = Array.IndexOf(lines, "|[ boot.json: milliseconds");

        Assert.Equal(":< " + string.Join(", ", Enum.GetValues<BootStep>().Select(BootSteps.Key)) + ", "
            + BootSteps.Total, lines[row + 1]);
    }
}
