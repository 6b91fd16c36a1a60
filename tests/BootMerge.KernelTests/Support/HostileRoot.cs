using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using Xunit;

namespace BootMerge.KernelTests.Support;

/// <summary>
/// A root with something that does not belong at its place, and what the program makes of it. The extension alpha is
/// sound. Beside the root is a directory with a secret; nothing inside the root leads to it.
/// </summary>
internal sealed class HostileRoot
{
    private const string Secret = "outside of the root";
    private readonly TestRoot _root;
    private readonly SortedDictionary<string, string> _outside;
    private bool _isUnprivileged;

    public HostileRoot(TestRoot root)
    {
        _root = root;
        root.ExtensionIn("/usr/lib/confexts", "alpha", ("alpha.conf", "alpha"));
        root.MakeDirectory("/etc/sub");
        Directory.CreateDirectory(root.Aside + "/etc/extension-release.d");
        foreach (string file in new[] { "/secret", "/etc/secret", "/os-release", "/extension-release.bad",
            "/etc/extension-release.d/extension-release.bad" })
            File.WriteAllText(root.Aside + file, $"ID=flatcar\nVERSION_ID=4000.1.0\n# {Secret}\n");
        _outside = Files.Snapshot(root.Aside);
    }

    /// <summary>
    /// For a file or directory that cannot be read, the program runs without the capabilities to ignore modes.
    /// </summary>
    public void Put(string place, string kind)
    {
        string path = place.StartsWith("/run", StringComparison.Ordinal) ? place : _root.Raw + place;
        if (kind.StartsWith("unreadable", StringComparison.Ordinal))
        {
            _isUnprivileged = true;
            if (kind is "unreadable file")
                _root.Write(place, "ID=flatcar\n");
            else
                _root.MakeDirectory(place);
            Files.ChangeMode(path, "0000");
            return;
        }

        if (kind is "magic link") // as openat2(2) calls it: not text, but a door to another directory
        {
            _root.MakeDirectory("/proc");
            _root.Mount("none", "/proc", "proc");
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        _root.Expect(place);
        if (Files.Exists(path))
            _root.Remove(place);
        switch (kind)
        {
            case "file": File.WriteAllText(path, "a file"); break;
            case "fifo": Files.MakeFifo(path); break;
            case "socket": MakeSocket(path); break;
            case "block device": Outcome.OfTool("mknod", path, "b", "7", "199"); break;
            case "character device": Outcome.OfTool("mknod", path, "c", "1", "7"); break;
            case "directory": Directory.CreateDirectory(path); break;
            case "loop": File.CreateSymbolicLink(path, Path.GetFileName(path)); break;
            case "dangling": File.CreateSymbolicLink(path, "nowhere"); break;
            case "link out": File.CreateSymbolicLink(path, Inside(place)); break;
            case "link up and out":
                File.CreateSymbolicLink(path,
                string.Concat(Enumerable.Repeat("../", 20)) + Inside(place).TrimStart('/')); break;
            case "magic link": File.CreateSymbolicLink(path, "/proc/self/root" + Inside(place)); break;
            case "chain of links": MakeChain(path); break;
            case var link when link.StartsWith("link to ", StringComparison.Ordinal):
                File.CreateSymbolicLink(path,
                link["link to ".Length..]); break;
            default: throw new ArgumentException(kind, nameof(kind));
        }
    }

    /// <param name="command">Words of a command line.</param>
    /// <param name="outcome">"fails: WORD; WORD": one line with these words. "merges", or "merges: WORD; WORD": alpha
    /// is merged, and one line has these words.</param>
    public void Prove(string command, string outcome)
    {
        string[] words = [.. outcome[(outcome.IndexOf(':', StringComparison.Ordinal) + 1)..]
            .Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
        _root.Remember();
        List<string> before = _root.State();
        List<string> run = Files.List("/run");

        Outcome result = Run(command.Split(' '));

        Assert.Empty(Files.Differences(_outside, Files.Snapshot(_root.Aside)));
        if (outcome.StartsWith("fails", StringComparison.Ordinal))
        {
            result.FailsInOneLineBesidesInformation(words);
            Assert.Equal(before, _root.State());
            Assert.Empty(Files.List("/run").Except(run).Where(name => name is not "bootmerge"));
            return;
        }

        result.Succeeds();
        Assert.Equal("alpha", _root.Read("/etc/alpha.conf"));
        Assert.DoesNotContain(Files.Snapshot(_root.Etc).Values,
            entry => entry.Contains(Secret, StringComparison.Ordinal));
        string[] warnings = [.. result.ErrorLines.Where(line =>
            !line.Contains("Using extensions", StringComparison.Ordinal)
            && !line.Contains("Merged ", StringComparison.Ordinal))];
        if (outcome is "merges")
            Assert.Empty(warnings);
        else
            (result with { Error = Assert.Single(warnings) }).Says(words);
    }

    private Outcome Run(string[] arguments)
    {
        string[] program = [Workplace.Binary, "--root=" + _root.Path, .. arguments];
        return _isUnprivileged
            ? Outcome.Of("setpriv", ["--bounding-set=-dac_override,-dac_read_search", .. program])
            : Outcome.Of(program[0], program[1..]);
    }

    /// <summary>What a link at this place must lead to, outside the root.</summary>
    private string Inside(string place)
    {
        string file = _root.Aside + "/" + Path.GetFileName(place);
        return Path.Exists(file) ? file : _root.Aside;
    }

    private static void MakeSocket(string path)
    {
        // A socket's path has at most 108 bytes: so it is made at a short path and moved.
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        string made = Path.Combine(Path.GetDirectoryName(path)!, "s");
        Directory.SetCurrentDirectory(Path.GetDirectoryName(path)!);
        socket.Bind(new UnixDomainSocketEndPoint("s"));
        Directory.SetCurrentDirectory("/");
        Assert.Equal(0, LibC.Rename(made, path));
    }

    /// <summary>Makes one link more than the 40 that the kernel follows.</summary>
    private static void MakeChain(string path)
    {
        const int Links = 41;
        File.WriteAllText($"{path}.{Links}", "ID=flatcar\n");
        for (int i = Links - 1; i > 0; i--)
            File.CreateSymbolicLink($"{path}.{i}", $"{Path.GetFileName(path)}.{i + 1}");
        File.CreateSymbolicLink(path, Path.GetFileName(path) + ".1");
    }
}
