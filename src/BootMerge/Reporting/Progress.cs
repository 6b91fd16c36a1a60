using System;
using System.Diagnostics;
using BootMerge.Linux;

namespace BootMerge.Reporting;

/// <summary>
/// What a verb that goes through many files does at each of them: after a second it says at a terminal how far it has
/// come, and after SIGINT or SIGTERM it goes no further. Each step of these verbs leaves a sound tree, so the next
/// file is as good a place to end as any other.
/// </summary>
internal sealed class Progress : IDisposable
{
    private const int StatusOfSignal = 128; // and the signal's number, as in a shell

    /// <summary>What is true after an interruption: what was done stays done.</summary>
    public const string RunAgain = "run it again for the rest";

    private readonly string _verb;
    private readonly string _rest;
    private readonly bool _isShown;
    private long _next;
    private int _count;

    private Progress(string verb, string rest, bool isShown)
    {
        _verb = verb;
        _rest = rest;
        _isShown = isShown;
        _next = Stopwatch.GetTimestamp() + Stopwatch.Frequency;
    }

    /// <summary>Watches all walks until it is disposed.</summary>
    /// <param name="rest">What to do after an interruption, for its message.</param>
    public static Progress Begin(string verb, string rest, Log log)
    {
        Progress progress = new(verb, rest, !log.IsQuiet && Output.HasStatusLine);
        LibC.note_interruptions();
        Descent.AtEachName = progress.Step;
        return progress;
    }

    public void Dispose()
    {
        Descent.AtEachName = null;
        Output.EraseStatusLine();
    }

    private void Step()
    {
        int signal = LibC.interruption();
        if (signal != 0)
        {
            Dispose(); // what follows tidies up, and comes to its end
            throw new InputException(_verb + " was interrupted: " + _rest) { ExitStatus = StatusOfSignal + signal };
        }

        _count++;
        if (!_isShown)
            return;
        long now = Stopwatch.GetTimestamp();
        if (now < _next)
            return;
        _next = now + Stopwatch.Frequency / 4;
        Output.ShowStatusLine(_verb + ": " + WithCommas(_count) + " files looked at");
    }

    /// <summary>"120,000"</summary>
    internal static string WithCommas(int number)
    {
        string text = number.ToString();
        for (int i = text.Length - 3; i > 0; i -= 3)
            text = text.Insert(i, ",");
        return text;
    }
}
