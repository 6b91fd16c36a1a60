namespace BootMerge.CommandLine;

internal abstract class ParseResult
{
    internal sealed class Parsed(Arguments arguments) : ParseResult
    {
        public Arguments Arguments => arguments;
    }

    /// <summary>
    /// Exit status 2, or 1 under the names of systemd's programs. The message is one line, without the program's name
    /// and without a full stop.
    /// </summary>
    internal sealed class UsageError(string message) : ParseResult
    {
        public string Message => message;
    }

    /// <summary>
    /// A question that the command line alone answers: help, the version, or the values of an option. Exit status 0.
    /// </summary>
    internal sealed class Answer(string text) : ParseResult
    {
        /// <summary>For standard output; ends with a newline.</summary>
        public string Text => text;
    }
}
