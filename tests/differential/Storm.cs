using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;

namespace BootMerge.DifferentialTests;

/// <summary>
/// Readers and writers on a merged /etc, while it is refreshed again and again, each time with a newer vendor's file.
/// The storm remembers every acknowledged write and counts every failure.
/// </summary>
internal sealed class Storm
{
    private const int Tries = 200;

    /// <summary>How many files a writer leaves. A refresh looks at each of them, so more would slow it down.</summary>
    private const int Kept = 200;

    private readonly Bench bench;
    private readonly Func<Command, CommandResult> program;
    private readonly List<Thread> threads = [];
    private readonly Dictionary<string, int> errors = new(StringComparer.Ordinal);
    private readonly List<int>[] acknowledged = [[], [], []];
    private int missing, older, incomplete, missingInner, reads, gaveUp;
    private volatile bool isOver;

    public Storm(Bench bench, Func<Command, CommandResult> program)
    {
        this.bench = bench;
        this.program = program;
        bench.Root.Link("var/lib/extensions.mutable/etc", "/etc").Directory("etc/inner").Directory("etc/created");
        Release(0);
        bench.Root.Tmpfs("etc/inner", "inner").File("etc/inner/file", "inner");
    }

    /// <summary>The counts, one line each, by name.</summary>
    public SortedDictionary<string, int> Counts { get; } = new(StringComparer.Ordinal);

    public List<string> Lost { get; } = [];

    public void Run(int refreshes)
    {
        string[] mode = ["--mutable=auto"];
        Do(["merge", .. mode]);
        Start(Read);
        Start(Read);
        Start(() => Write(0, CreateAndRename));
        Start(() => Write(1, AppendToVendorsFile));
        Start(() => Write(2, Replace));
        for (int i = 1; i <= refreshes; i++)
        {
            Release(i);
            Do(["refresh", .. mode]);
        }

        isOver = true;
        threads.ForEach(thread => thread.Join());
        Do(["refresh", "--always-refresh=yes", .. mode]);
        Verify("in the merge");
        Do(["unmerge"]);
        Verify("in the upperdir");
        Count("refreshes", refreshes);
        Count("reads", reads);
        Count("reads that found no file", missing);
        Count("reads below a mount that found no file", missingInner);
        Count("reads of an older file", older);
        Count("listings without all files", incomplete);
        Count("writes", acknowledged.Sum(list => list.Count));
        Count("writers that gave up", gaveUp);
        foreach ((string name, int count) in errors)
            Count("errors of writers: " + name, count);
    }

    private void Count(string name, int count) => Counts[name] = count;

    private void Do(string[] arguments)
    {
        CommandResult result = program(new Command(Actor.EachSidesOwn, arguments, Steps.NoEnvironment));
        if (result.ExitStatus != 0)
            throw new InvalidOperationException($"{string.Join(' ', arguments)}: {result.Errors}");
    }

    // A thread that the bench's own thread starts is in its mount namespace; a pool thread would not be.
    private void Start(Action body)
    {
        Thread thread = new(() => body());
        threads.Add(thread);
        thread.Start();
    }

    /// <summary>Releases a version the way an updater does: makes it elsewhere and renames it into place.</summary>
    private void Release(int version)
    {
        TestRoot root = bench.Root;
        string tree = $"var/lib/versions/{version}";
        root.File($"{tree}/etc/extension-release.d/extension-release.vendor", "ID=_any\n");
        root.File($"{tree}/etc/version", version.ToString(CultureInfo.InvariantCulture));
        root.File($"{tree}/etc/log", "vendor\n");
        string link = root["var/lib/versions/next"];
        Directory.CreateDirectory(root["var/lib/confexts"]);
        File.CreateSymbolicLink(link, $"../versions/{version}");
        Native.Rename(link, root["var/lib/confexts/vendor"]);
    }

    private void Read()
    {
        string etc = bench.Root["etc"];
        int last = 0;
        while (!isOver)
        {
            try
            {
                int version = int.Parse(File.ReadAllText(etc + "/version"), CultureInfo.InvariantCulture);
                if (version < last)
                    Interlocked.Increment(ref older);
                last = version;
                _ = File.ReadAllText(etc + "/hosts");
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                Interlocked.Increment(ref missing);
            }

            if (!File.Exists(etc + "/inner/file"))
                Interlocked.Increment(ref missingInner);
            try
            {
                HashSet<string> names = [.. Directory.EnumerateFileSystemEntries(etc)
                    .Select(path => Path.GetFileName(path))];
                if (!names.IsSupersetOf(["version", "hosts", "inner", "log"]))
                    Interlocked.Increment(ref incomplete);
            }
            catch (DirectoryNotFoundException)
            {
                Interlocked.Increment(ref missing);
            }

            Interlocked.Add(ref reads, 4);
        }
    }

    /// <summary>Repeats a write that fails, like a program that must succeed.</summary>
    private void Write(int kind, Action<int> write)
    {
        for (int i = 0; !isOver; i++)
        {
            for (int attempt = 1; ; attempt++)
            {
                try
                {
                    write(i);
                    acknowledged[kind].Add(i);
                    break;
                }
                catch (IOException e)
                {
                    lock (errors)
                        errors[Name(e)] = errors.GetValueOrDefault(Name(e)) + 1;
                    if (attempt == Tries)
                    {
                        Interlocked.Increment(ref gaveUp);
                        break;
                    }

                    Thread.Sleep(1);
                }
            }

            Thread.Sleep(1);
        }
    }

    private static string Name(IOException e) => e switch
    {
        FileNotFoundException or DirectoryNotFoundException => "ENOENT",
        _ => (e.HResult & 0xffff) switch
        {
            5 => "EIO",
            17 => "EEXIST",
            18 => "EXDEV",
            30 => "EROFS",
            116 => "ESTALE",
            int other => $"errno {other}"
        },
    };

    private void CreateAndRename(int i)
    {
        string path = bench.Root[$"etc/created/{i}"];
        File.WriteAllText(path + ".new", $"{i}");
        File.Move(path + ".new", path, overwrite: true);
        if (i >= Kept)
            File.Delete(bench.Root[$"etc/created/{i - Kept}"]);
    }

    private void AppendToVendorsFile(int i)
    {
        using FileStream log = new(bench.Root["etc/log"], FileMode.Append, FileAccess.Write, FileShare.ReadWrite,
            bufferSize: 0);
        log.Write(System.Text.Encoding.UTF8.GetBytes($"line {i}\n"));
    }

    private void Replace(int i)
    {
        string path = bench.Root["etc/replaced"];
        File.WriteAllText(path + ".new", $"{i}");
        File.Move(path + ".new", path, overwrite: true);
    }

    private void Verify(string where)
    {
        string etc = bench.Root["etc"];
        int last = acknowledged[0].Count > 0 ? acknowledged[0][^1] : 0;
        foreach (int i in acknowledged[0])
        {
            string created = $"{etc}/created/{i}";
            if (i <= last - Kept)
            {
                if (File.Exists(created))
                    Lost.Add($"the removal of created-{i} {where}");
            }
            else if (!File.Exists(created) || File.ReadAllText(created) != $"{i}")
                Lost.Add($"created-{i} {where}");
        }
        HashSet<string> lines = [.. File.ReadAllLines(etc + "/log")];
        foreach (int i in acknowledged[1])
            if (!lines.Contains($"line {i}"))
                Lost.Add($"line {i} of log {where}");
        if (acknowledged[2].Count > 0 && int.Parse(File.ReadAllText(etc + "/replaced"),
            CultureInfo.InvariantCulture) < acknowledged[2][^1])
            Lost.Add($"replaced {acknowledged[2][^1]} {where}");
    }
}
