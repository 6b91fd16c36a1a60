using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Xunit;

namespace BootMerge.KernelTests.Support;

/// <summary>How one run of a program ended.</summary>
internal sealed record Outcome(string CommandLine, int Status, string Output, string Error)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Runs a program to its end. One that hangs is killed and fails the test.</summary>
    public static Outcome Of(string program, IEnumerable<string> arguments,
        params (string Name, string Value)[] environment)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false
        };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        string commandLine = $"{program} '{string.Join("' '", start.ArgumentList)}'";

        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        if (!process.WaitForExit(Limit))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"still running after {Limit}: {commandLine}");
        }

        return new Outcome(commandLine, process.ExitCode, output.GetAwaiter().GetResult(),
            error.GetAwaiter().GetResult());
    }

    /// <summary>Runs a tool of the system that the test itself needs.</summary>
    public static string OfTool(string program, params string[] arguments) => Of(program, arguments).Succeeds().Output;

    public string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public Outcome Succeeds()
    {
        Assert.True(Status == 0, $"should succeed: {this}");
        return this;
    }

    /// <summary>Exit status 1, nothing on standard output, and each word somewhere on standard error.</summary>
    public Outcome Fails(params string[] words)
    {
        Assert.True(Status == 1, $"should fail with status 1: {this}");
        Assert.True(Output.Length == 0, $"should write its messages to standard error only: {this}");
        return Says(words);
    }

    /// <summary>As <see cref="Fails"/>, with a single line that has all the words.</summary>
    public Outcome FailsInOneLine(params string[] words)
    {
        Fails(words);
        Assert.True(ErrorLines.Length == 1, $"should say it in one line: {this}");
        return this;
    }

    /// <summary>As <see cref="FailsInOneLine"/>, apart from the line that says which extensions are used.</summary>
    public Outcome FailsInOneLineBesidesInformation(params string[] words) =>
        (this with
        {
            Error = string.Join('\n',
            ErrorLines.Where(line => !line.Contains("Using extensions", StringComparison.Ordinal)))
        })
            .FailsInOneLine(words);

    public Outcome Says(params string[] words)
    {
        foreach (string word in words)
            Assert.True(Error.Contains(word, StringComparison.OrdinalIgnoreCase),
                $"should say '{word}' on standard error: {this}");
        return this;
    }

    public Outcome Prints(params string[] words)
    {
        foreach (string word in words)
            Assert.True(Output.Contains(word, StringComparison.Ordinal), $"should print '{word}': {this}");
        return this;
    }

    /// <summary>Standard output as JSON; a document that no parser accepts fails the test.</summary>
    public JsonElement Json()
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(Output);
            return document.RootElement.Clone();
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"no valid JSON ({exception.Message}): {this}", exception);
        }
    }

    public override string ToString() => $"{CommandLine}\nexit status {Status}\nstandard output:\n{Output}\nstandard "
        + $"error:\n{Error}";
}
