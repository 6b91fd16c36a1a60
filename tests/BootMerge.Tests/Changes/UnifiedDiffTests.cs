using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using BootMerge.Changes;
using CsCheck;
using Xunit;

namespace BootMerge.Tests.Changes;

public sealed class UnifiedDiffTests
{
    [Theory]
    [InlineData("", "", "")]
    [InlineData("a\n", "a\n", "")]
    [InlineData("a\n", "b\n", "@@ -1 +1 @@\n-a\n+b\n")]
    [InlineData("", "a\nb\n", "@@ -0,0 +1,2 @@\n+a\n+b\n")]
    [InlineData("a\nb\n", "", "@@ -1,2 +0,0 @@\n-a\n-b\n")]
    [InlineData("a", "a\n", "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n")]
    [InlineData("1\n2\n3\n4\n5\n6\n7\n8\n", "1\n2\n3\n4\n5\n6\n7\nx\n", "@@ -5,4 +5,4 @@\n 5\n 6\n 7\n-8\n+x\n")]
    [InlineData("a\tb\n", "a\tc\n", "@@ -1 +1 @@\n-a\tb\n+a\tc\n")]
    [InlineData("a\u001b[31m\n", "", "@@ -1 +0,0 @@\n-a\\x1b[31m\n")]
    public void It_is_what_diff_prints(string before, string after, string expected) =>
        Assert.Equal(expected, UnifiedDiff.Hunks(UnifiedDiff.Lines(before), UnifiedDiff.Lines(after)));

    [Fact]
    public void Applied_to_the_one_text_it_gives_the_other_with_as_few_lines_as_can_be() =>
        Gen.Select(Gen.Int[0, 3].Array[0, 30], Gen.Int[0, 3].Array[0, 30]).Sample(
            (numbersBefore, numbersAfter) =>
            {
                List<string> before = Text(numbersBefore);
                List<string> after = Text(numbersAfter);
                string hunks = UnifiedDiff.Hunks(before, after);
                Assert.Equal(after, Apply(before, hunks));
                int changed = hunks.Split('\n').Count(line => line.StartsWith('-') || line.StartsWith('+'));
                Assert.Equal(before.Count + after.Count - 2 * LongestCommon(before, after), changed);
            },
            iter: 2_000);

    [Theory]
    [InlineData("", 0)]
    [InlineData("\n", 1)]
    [InlineData("a", 1)]
    [InlineData("a\n\nb", 3)]
    [InlineData("a\nb\n", 2)]
    public void Lines_keep_their_ends(string text, int count)
    {
        List<string> lines = UnifiedDiff.Lines(text);
        Assert.Equal((text, count), (string.Concat(lines), lines.Count));
    }

    [Fact]
    public void Texts_with_too_many_changes_are_not_shown()
    {
        List<string> before = Text([.. Enumerable.Range(0, 600)]);
        List<string> after = Text([.. Enumerable.Range(1000, 600)]);
        Assert.Equal("Not shown: more than 1000 lines differ.\n", UnifiedDiff.Hunks(before, after));
    }

    private static List<string> Text(int[] numbers) =>
        [.. numbers.Select(number => number.ToString(CultureInfo.InvariantCulture) + "\n")];

    /// <summary>Applies hunks as strictly as patch(1) does: line numbers and context must be right.</summary>
    private static List<string> Apply(List<string> before, string hunks)
    {
        List<string> after = [];
        int at = 0;
        foreach (string line in hunks.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith("@@ ", StringComparison.Ordinal))
            {
                (int start, int count) = Range(line.Split(' ')[1][1..]);
                while (at < (count == 0 ? start : start - 1))
                    after.Add(before[at++]);
                (start, count) = Range(line.Split(' ')[2][1..]);
                Assert.Equal(count == 0 ? start : start - 1, after.Count);
                continue;
            }

            if (line[0] is ' ' or '-')
                Assert.Equal(before[at++], line[1..] + "\n");
            if (line[0] is ' ' or '+')
                after.Add(line[1..] + "\n");
        }

        after.AddRange(before.Skip(at));
        return after;
    }

    private static (int Start, int Count) Range(string text)
    {
        string[] numbers = text.Split(',');
        return (int.Parse(numbers[0], CultureInfo.InvariantCulture),
            numbers.Length == 1 ? 1 : int.Parse(numbers[1], CultureInfo.InvariantCulture));
    }

    private static int LongestCommon(List<string> one, List<string> other)
    {
        int[,] lengths = new int[one.Count + 1, other.Count + 1];
        for (int i = 1; i <= one.Count; i++)
            for (int j = 1; j <= other.Count; j++)
                lengths[i, j] = one[i - 1] == other[j - 1] ? lengths[i - 1, j - 1] + 1
                    : Math.Max(lengths[i - 1, j], lengths[i, j - 1]);
        return lengths[one.Count, other.Count];
    }
}
