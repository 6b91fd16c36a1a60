using System.Collections.Generic;
using System.Text.RegularExpressions;
using System.Threading;

namespace BootMerge.DifferentialTests;

/// <summary>A difference that is meant, with its reason from the specification.</summary>
/// <param name="Scenario">Matches names of scenarios.</param>
/// <param name="Fact">Matches names of facts.</param>
/// <param name="Values">Matches systemd's value, then " => ", then bootmerge's ("(nothing)" where there is none).</param>
internal sealed record Allowance(string Scenario, string Fact, string Values, string Reason)
{
    private int uses;

    public bool IsUsed => Volatile.Read(ref uses) > 0;

    public bool Covers(Difference difference)
    {
        bool covers = Matches(Scenario, difference.Scenario) && Matches(Fact, difference.Fact) &&
            Matches(Values, $"{difference.Reference ?? "(nothing)"} => {difference.Subject ?? "(nothing)"}");
        if (covers)
            Interlocked.Increment(ref uses);
        return covers;
    }

    /// <summary>The whole text has to match.</summary>
    private static bool Matches(string pattern, string text) =>
        Regex.IsMatch(text, $"\\A(?:{pattern})\\z", RegexOptions.Singleline | RegexOptions.ExplicitCapture, Regex.InfiniteMatchTimeout);
}

/// <summary>Every way in which bootmerge is meant to differ. An allowance that covers nothing any more fails the run.</summary>
internal static class AllowedDifferences
{
    public static readonly IReadOnlyList<Allowance> All =
    [
    ];
}
