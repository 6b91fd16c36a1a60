using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace BootMerge.DifferentialTests;

/// <summary>What a command did, as its caller sees it.</summary>
internal sealed record CommandResult(int ExitStatus, string Output, string Errors);

/// <summary>
/// One side of a comparison: the Debian sid root in a mount namespace of its own, with a fresh scenario root at /tmp/r
/// inside it. Both sides see the same paths. The namespace belongs to a thread. When the thread ends, the namespace
/// goes with every mount and file in it.
/// </summary>
internal sealed class Bench : IDisposable
{
    /// <summary>The scenario root as the programs under test see it.</summary>
    public const string RootPath = "/tmp/r";

    /// <summary>Names the loop devices of this run: another may run at the same time.</summary>
    public static readonly string ImageName = $"root-{Environment.ProcessId}.img";

    private const string Bootmerge = "bootmerge";
    private static readonly string[] SlashDirectories = ["proc", "dev", "sys", "run"];

    // If a child is forked while another thread writes the copy of bootmerge, it holds the copy open for a moment:
    // "text file busy".
    private static readonly System.Threading.Lock Launch = new();

    private readonly string sidRoot;
    private readonly RootKind kind;
    private readonly TestedClass tested;
    private Shell? shell;

    private Bench(string sidRoot, RootKind kind, TestedClass tested)
    {
        this.sidRoot = sidRoot;
        this.kind = kind;
        this.tested = tested;
        Root = new TestRoot(sidRoot + RootPath, tested);
    }

    public TestRoot Root { get; }

    /// <summary>The directory with the bench's own /run and /tmp. Nothing unexpected may appear there.</summary>
    public string Outside => sidRoot;

    /// <summary>The prefix of <see cref="Root"/> in paths that the programs print or pass to the kernel.</summary>
    public string RootPrefix => kind == RootKind.Slash ? "" : RootPath;

    public static T Run<T>(RootKind kind, TestedClass tested, Func<Bench, T> body) =>
        Start(kind, tested, body).GetAwaiter().GetResult();

    /// <summary>Runs <paramref name="body"/> on a new thread, in a new mount namespace.</summary>
    public static Task<T> Start<T>(RootKind kind, TestedClass tested, Func<Bench, T> body)
    {
        TaskCompletionSource<T> result = new();
        string made = Programs.SidRoot;
        string? bootmerge = Programs.FindBootmerge();
        Thread thread = new(() =>
        {
            try
            {
                result.SetResult(RunHere(made, kind, tested, bootmerge, body));
            }
            catch (Exception exception)
            {
                result.SetException(exception);
            }
        });
        thread.IsBackground = true;
        thread.Start();
        return result.Task;
    }

    private static T RunHere<T>(
        string sidRoot, RootKind kind, TestedClass tested, string? bootmerge, Func<Bench, T> body)
    {
        using Bench bench = new(sidRoot, kind, tested);
        bench.SetUp(bootmerge);
        T result = body(bench);
        bench.TearDown();
        return result;
    }

    /// <summary>Ends the shell. Everything else goes with the namespace.</summary>
    public void Dispose() => shell?.Dispose();

    public CommandResult Systemd(Command command) =>
        Execute("/usr/bin/" + (command.Class ?? tested).Program, command.Arguments, command.Environment);

    public CommandResult BootmergeAsDropIn(Command command) =>
        Execute(BootmergeDirectory + (command.Class ?? tested).Program, command.Arguments, command.Environment);

    public CommandResult BootmergeAsItself(Command command)
    {
        // Names the class for confexts, too: without it, status also shows the other class's merges.
        string[] arguments = ["--class=" + (command.Class ?? tested).Name, .. command.Arguments];
        return Execute(BootmergeDirectory + Bootmerge, arguments, command.Environment);
    }

    /// <summary>systemd's own reading of an image policy.</summary>
    public CommandResult AnalyzeImagePolicy(string policy) =>
        shell!.Run("/usr/bin/systemd-analyze", ["image-policy", "--", policy], Steps.NoEnvironment);

    private string BootmergeDirectory => kind == RootKind.Slash ? "/" : "/tmp/";

    /// <summary>
    /// Calls <paramref name="body"/> with a path that shows the root's file system without what is mounted in it.
    /// </summary>
    public void WithoutMounts(Action<string> body)
    {
        string raw = sidRoot + "/tmp/raw";
        Directory.CreateDirectory(raw);
        Native.Mount(Root.Path, raw, null, Native.MS_BIND);
        Native.Mount(null, raw, null, Native.MS_PRIVATE);
        body(raw);
        // A child that another thread has just forked may hold a descriptor until its exec: a plain umount could fail
        // with EBUSY.
        Native.Unmount(raw, Native.MNT_DETACH);
        Directory.Delete(raw);
    }

    private void SetUp(string? bootmerge)
    {
        Native.UnshareMounts();
        Native.Mount(null, "/", null, Native.MS_REC | Native.MS_PRIVATE);
        Native.Mount(sidRoot, sidRoot, null, Native.MS_BIND);
        Native.Mount(null, sidRoot, null, Native.MS_BIND | Native.MS_REMOUNT | Native.MS_RDONLY);
        Native.Mount("proc", sidRoot + "/proc", "proc", 0);
        Native.Mount("/dev", sidRoot + "/dev", null, Native.MS_BIND);
        Native.Mount("/sys", sidRoot + "/sys", null, Native.MS_BIND);
        Native.Mount("tmpfs", sidRoot + "/run", "tmpfs", 0, "mode=755");
        Native.Mount("tmpfs", sidRoot + "/tmp", "tmpfs", 0, "mode=755");
        // systemd-confext merges in a child's copy of the namespace: the merge reaches the caller only by propagation.
        Native.Mount(null, "/", null, Native.MS_REC | Native.MS_SHARED);

        Directory.CreateDirectory(Root.Path);
        if (kind == RootKind.Ext4)
            MountExt4();
        else
            Native.Mount("root", Root.Path, "tmpfs", 0, "mode=755");
        if (bootmerge is not null)
        {
            string directory = kind == RootKind.Slash ? Root.Path : sidRoot + "/tmp";
            lock (Launch)
                File.Copy(bootmerge, directory + "/" + Bootmerge);
            File.CreateSymbolicLink(directory + "/" + TestedClass.Confext.Program, Bootmerge);
            File.CreateSymbolicLink(directory + "/" + TestedClass.Sysext.Program, Bootmerge);
        }
        Root.CreateSystem();
        if (kind == RootKind.Slash)
            MakeRunnable();
        shell = new Shell(sidRoot);
    }

    private void MountExt4()
    {
        string image = sidRoot + "/tmp/" + ImageName;
        using (FileStream file = File.Create(image))
            file.SetLength(16 << 20);
        Run("mkfs.ext4", "-q", "-m", "0", image);
        Run("mount", "-o", "loop", image, Root.Path);
        Directory.Delete(Root["lost+found"]);
    }

    private void MakeRunnable()
    {
        // systemd needs its libraries below /. Only /etc/os-release says what the scenario's system is.
        Root.Remove("etc/os-release").File("etc/os-release", "ID=test\nVERSION_ID=1\n");
        foreach (string directory in SlashDirectories)
        {
            Root.Directory(directory);
            Native.Mount(sidRoot + "/" + directory, Root[directory], null, Native.MS_BIND);
        }
        Root.Directory("tmp");
        foreach (string link in (string[])["bin", "sbin", "lib", "lib64"])
            Root.Link(link, "usr/" + link);
        if (tested == TestedClass.Sysext)
        {
            foreach (string file in Programs.FilesOfSystemd)
                CopyOfSystem(file);
            return;
        }
        Native.Mount(sidRoot + "/usr", Root["usr"], null, Native.MS_BIND);
        Root.MakeReadOnly("usr");
    }

    /// <summary>Copies a file of the sid root to its place below usr.</summary>
    private void CopyOfSystem(string path)
    {
        string inUsr = path.StartsWith("/usr/", StringComparison.Ordinal) ? path : "/usr" + path;
        Root.Directory(Path.GetDirectoryName(inUsr[1..])!);
        lock (Launch)
            File.Copy(sidRoot + inUsr, Root[inUsr[1..]]);
    }

    /// <summary>Lets go of the loop device at once; everything else goes with the namespace.</summary>
    private void TearDown()
    {
        if (kind == RootKind.Ext4)
            Native.Unmount(Root.Path, Native.MNT_DETACH);
        Root.Dispose();
    }

    private CommandResult Execute(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment) =>
        kind == RootKind.Slash
            ? shell!.Run("chroot", [RootPath, program, .. arguments], environment)
            : shell!.Run(program, ["--root=" + RootPath, .. arguments], environment);

    /// <summary>How to start a program whose output is read, with an environment of its own.</summary>
    public static ProcessStartInfo Quiet(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin";
        start.Environment["LC_ALL"] = "C.UTF-8";
        start.Environment["TZ"] = "UTC";
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        return start;
    }

    private static CommandResult Start(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        using Process process = Launched(Quiet(program, arguments, environment));
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromSeconds(60)))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} did not end in a minute");
        }
        process.WaitForExit();
        return new CommandResult(process.ExitCode, output.Result, errors.Result);
    }

    public static Process Launched(ProcessStartInfo start)
    {
        lock (Launch)
            return Process.Start(start) ?? throw new InvalidOperationException(start.FileName);
    }

    /// <summary>
    /// Runs a program of the machine's in the calling thread's namespace. It has to succeed; its output is returned.
    /// </summary>
    public static string Run(string program, params string[] arguments)
    {
        CommandResult result = Start(program, arguments, Steps.NoEnvironment);
        return result.ExitStatus == 0 ? result.Output
            : throw new InvalidOperationException($"{program}: {result.Errors}");
    }
}
