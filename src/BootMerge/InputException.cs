using System;

namespace BootMerge;

/// <summary>Bad input. The message is one line that says what was read, where, and what is wrong with it.</summary>
internal sealed class InputException : Exception
{
    public InputException(string message) : base(message)
    {
    }

    public int ExitStatus { get; init; } = 1;
}
