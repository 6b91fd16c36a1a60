using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Text;
using System.Threading;

namespace BootMerge.DifferentialTests;

/// <summary>
/// A shell in the sid root, in the mount namespace of the thread that made it. It starts one program after the other.
/// To fork a small shell, and to start a program without chroot(1), costs half as much as a start from here.
/// </summary>
internal sealed class Shell : IDisposable
{
    /// <summary>A directory of the sid root for what a program prints. Nothing compares this directory.</summary>
    private const string Printed = "/mnt";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly string sidRoot;
    private readonly Process process;

    public Shell(string sidRoot)
    {
        this.sidRoot = sidRoot;
        Native.Mount("tmpfs", sidRoot + Printed, "tmpfs", 0, "mode=755");
        process = Bench.Launched(Bench.Quiet("chroot", [sidRoot, "/bin/sh"], Steps.NoEnvironment));
        process.StandardInput.NewLine = "\n";
    }

    public CommandResult Run(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        StringBuilder line = new();
        foreach ((string name, string value) in environment)
            line.Append(name).Append('=').Append(Quoted(value)).Append(' ');
        line.Append(Quoted(program));
        foreach (string argument in arguments)
            line.Append(' ').Append(Quoted(argument));
        string command = line.ToString();
        line.Append($" </dev/null >{Printed}/output 2>{Printed}/errors; echo $?");

        using Timer timer = new(_ => process.Kill(entireProcessTree: true), null, Patience, Timeout.InfiniteTimeSpan);
        process.StandardInput.WriteLine(line);
        process.StandardInput.Flush();
        string status = process.StandardOutput.ReadLine()
            ?? throw new TimeoutException($"{command} did not end in {Patience}");
        return new CommandResult(int.Parse(status, CultureInfo.InvariantCulture),
            File.ReadAllText($"{sidRoot}{Printed}/output"),
            File.ReadAllText($"{sidRoot}{Printed}/errors"));
    }

    /// <summary>Ends the shell, and waits: it holds the namespace.</summary>
    public void Dispose()
    {
        process.StandardInput.Close();
        if (!process.WaitForExit(Patience))
            process.Kill(entireProcessTree: true);
        process.Dispose();
    }

    private static string Quoted(string text) => "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
