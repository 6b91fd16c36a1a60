using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Mono.Unix.Native;
using Xunit;

namespace BootMerge.KernelTests.Support;

/// <summary>
/// A root tree on a file system of its own. It remembers the state before the first run of the program, and
/// <see cref="ProveNothingIsLeft"/> compares with that: the mount table, every file, /run, loop devices.
/// </summary>
internal sealed class TestRoot : IDisposable
{
    private readonly string _directory = Workplace.NewDirectory();
    private readonly List<string> _mounts = [];
    private readonly HashSet<string> _expected = new(StringComparer.Ordinal);
    private SortedDictionary<string, string>? _before;

    private TestRoot(string name)
    {
        Path = _directory + "/" + name;
        Raw = _directory + "/raw";
        Directory.CreateDirectory(Path);
        Directory.CreateDirectory(Raw);
        LibC.Mount("none", "/run", "tmpfs", 0, "mode=0755");
    }

    /// <summary>The root's path, as the program gets it.</summary>
    public string Path { get; }

    /// <summary>The same file system at another place, without anything that is mounted on it.</summary>
    public string Raw { get; }

    /// <summary>A directory beside the root, for other files of the tests.</summary>
    public string Aside => Directory.CreateDirectory(_directory + "/aside").FullName;

    public string Etc => Path + "/etc";

    /// <summary>The stack on /etc, lowest mount first; empty when nothing is merged.</summary>
    public List<MountEntry> Stacks => [.. MountTable.At(Etc).Where(mount => mount.Type is "overlay")];

    /// <param name="kind">tmpfs, or a file system with a mkfs program, which then lies in an image on a loop
    /// device.</param>
    /// <param name="name">The last part of the root's path.</param>
    public static TestRoot On(string kind, string name = "root", string options = "")
    {
        TestRoot root = new(name);
        root.MountFileSystem(kind, root.Path, options);
        LibC.Mount(root.Path, root.Raw, null, LibC.MS_BIND);
        LibC.Mount("none", root.Raw, null, LibC.MS_PRIVATE);
        root.MakeDirectory("/etc");
        root.MakeDirectory("/var/lib");
        root.MakeDirectory("/run");
        root.Write("/usr/lib/os-release", "ID=flatcar\nVERSION_ID=4000.1.0\n");
        root.Write("/etc/hostname", "machine\n");
        return root;
    }

    public Outcome Bootmerge(params string[] arguments) => Bootmerge([], arguments);

    public Outcome Bootmerge((string Name, string Value)[] environment, params string[] arguments)
    {
        Remember();
        return Outcome.Of(Workplace.Binary, ["--root=" + Path, .. arguments], environment);
    }

    /// <summary>Remembers the state that must be there again at the end. Later calls change nothing.</summary>
    public void Remember() => _before ??= Files.Snapshot(Raw);

    /// <summary>Every file of the raw tree, and every mount, as they are now: what "nothing changes" means.</summary>
    public List<string> State() =>
    [
        .. Files.Snapshot(Raw, overlayBookkeeping: true).Select(entry => entry.Key + " " + entry.Value),
        .. MountTable.Under(Path).Select(mount => $"{mount.Id} {mount.Description}"),
    ];

    /// <summary>A path that the test or the program is known to change in the raw tree.</summary>
    public void Expect(params string[] paths) => _expected.UnionWith(paths);

    /// <summary>Gives the program a name of systemd's.</summary>
    /// <returns>The path to call it by.</returns>
    public string DropIn(string name)
    {
        string path = Path + "-bin/" + name;
        Directory.CreateDirectory(Path + "-bin");
        File.CreateSymbolicLink(path, Workplace.Binary);
        return path;
    }

    public string Read(string path) => File.ReadAllText(Path + path);

    public bool Exists(string path) => Files.Exists(Path + path);

    public string ReadRaw(string path) => File.ReadAllText(Raw + path);

    public bool ExistsRaw(string path) => Files.Exists(Raw + path);

    /// <summary>
    /// Writes into the raw tree and makes the parents. This is the test's own change, so never an unexpected one.
    /// </summary>
    public void Write(string path, string content, string mode = "0644")
    {
        MakeDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(Raw + path, content);
        Files.ChangeMode(Raw + path, mode);
        Expect(path);
    }

    /// <summary>Writes through the stack; the test shows where that lands.</summary>
    public void WriteMerged(string path, string content) => File.WriteAllText(Path + path, content);

    public void MakeDirectory(string path)
    {
        Directory.CreateDirectory(Raw + path);
        Expect(path);
    }

    public void Symlink(string path, string target)
    {
        MakeDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.CreateSymbolicLink(Raw + path, target);
        Expect(path);
    }

    public void Remove(string path)
    {
        if (new FileInfo(Raw + path).LinkTarget is null && Directory.Exists(Raw + path))
            Directory.Delete(Raw + path, recursive: true);
        else
            File.Delete(Raw + path);
        Expect(path);
    }

    /// <summary>Puts something at this path that no reader of files may trip over.</summary>
    public void MakeBad(string path, string kind, string truncated)
    {
        MakeDirectory(System.IO.Path.GetDirectoryName(path)!);
        if (ExistsRaw(path))
            Remove(path);
        switch (kind)
        {
            case "zero byte": Write(path, "ID=flatcar\0\n\u0001\u0002"); break;
            case "not UTF-8": File.WriteAllBytes(Raw + path, [.. "ID=flat"u8, 0xff, 0xfe, .. "car\n"u8]); break;
            case "huge":
                Write(path, "ID=flatcar\n"
                + string.Concat(Enumerable.Repeat("# comment comment comment comment comment comment comment comm\n",
                80_000))); break;
            case "empty": Write(path, ""); break;
            case "truncated": Write(path, truncated); break;
            case "file": Write(path, "a file"); break;
            case "fifo": Files.MakeFifo(Raw + path); break;
            case "directory": MakeDirectory(path); break;
            case "loop": Symlink(path, System.IO.Path.GetFileName(path)); break;
            case "dangling": Symlink(path, "nowhere"); break;
            case "device": Files.MakeWhiteout(Raw + path); break;
            default: throw new ArgumentException(kind, nameof(kind));
        }

        Expect(path);
    }

    /// <summary>
    /// A confext in /var/lib/confexts that fits the sample's os-release, with these files below its etc.
    /// </summary>
    public void Extension(string name, params (string Path, string Content)[] files) =>
        ExtensionIn("/var/lib/confexts", name, files);

    public void ExtensionIn(string searchDirectory, string name, params (string Path, string Content)[] files)
    {
        string tree = $"{searchDirectory}/{name}";
        Write($"{tree}/etc/extension-release.d/extension-release.{name}", "ID=flatcar\nVERSION_ID=4000.1.0\n");
        foreach ((string path, string content) in files)
            Write($"{tree}/etc/{path}", content);
    }

    /// <summary>The routing entry of /etc as a symlink.</summary>
    public void Route(string target) => Symlink("/var/lib/extensions.mutable/etc", target);

    /// <summary>Mounts inside the root. At the end the mount must still be there, once, and is unmounted.</summary>
    public void Mount(string source, string path, string? type, ulong flags = 0, string options = "")
    {
        LibC.Mount(source, Path + path, type, flags, options);
        _mounts.Add(Path + path);
    }

    /// <summary>A mount of the program that is meant to stay.</summary>
    public void ExpectMount(string path) => _mounts.Add(Path + path);

    /// <summary>A mount of the test that the test has removed itself.</summary>
    public void Forget(string path) => _mounts.Remove(Path + path);

    /// <summary>Mounts a fresh file system of this kind; unless it is in memory, on a loop device.</summary>
    public void MountFileSystem(string kind, string target, string options = "")
    {
        if (kind is "tmpfs")
        {
            LibC.Mount("none", target, "tmpfs", 0, options.Length == 0 ? "mode=0755" : "mode=0755," + options);
        }
        else
        {
            string image = $"{_directory}/{kind}-{_mounts.Count}.img";
            using (FileStream file = File.Create(image))
                file.SetLength(kind is "xfs" ? 400L << 20 : 128L << 20);
            Outcome.OfTool("mkfs." + kind, "-q", image);
            Outcome.OfTool("mount", "-n", "-o", options.Length == 0 ? "loop" : "loop," + options, image, target);
        }

        _mounts.Add(target);
    }

    public void ProveNothingIsLeft()
    {
        if (_before is not null)
        {
            if (Stacks.Count > 0)
                Bootmerge("unmerge").Succeeds();

            Assert.Equal(_mounts.Order(StringComparer.Ordinal),
                MountTable.Under(Path).Select(mount => mount.Point).Order(StringComparer.Ordinal));
            Assert.Empty(Files.Differences(_before, Files.Snapshot(Raw))
                .Where(line => !IsExpected(line.Split(": ", 3)[1])));
            Assert.Equal(["/run"], MountTable.Under("/run").Select(mount => mount.Point)
                .Distinct(StringComparer.Ordinal).Where(point => !_expected.Contains(point) || point is "/run"));
            Assert.Empty(Files.List("/run").Where(name => name is not "bootmerge"
                && !_expected.Contains("/run/" + name)));
        }

        // Not lazily: if a mount is busy now, something that was left behind holds it.
        for (int i = _mounts.Count - 1; i > 0; i--)
            LibC.Unmount(_mounts[i]);
        LibC.Unmount(Raw);
        LibC.Unmount(_mounts[0]);
        _mounts.Clear();
        Assert.Empty(LoopDevicesWithin(_directory));
    }

    /// <summary>Removes by force whatever a failed test left, so that no other test fails, too.</summary>
    public void Dispose()
    {
        foreach (MountEntry mount in Enumerable.Reverse(MountTable.Under(_directory)))
            LibC.Unmount(mount.Point, LibC.MNT_DETACH);
        LibC.Unmount("/run", LibC.MNT_DETACH);
        Directory.Delete(_directory, recursive: true);
    }

    private bool IsExpected(string path) =>
        _expected.Any(expected => string.Equals(path, expected, StringComparison.Ordinal)
        || path.StartsWith(expected + "/", StringComparison.Ordinal));

    /// <summary>
    /// Loop devices on files of the root, as "/sys/block/loop3". Waits a moment until there are as many as expected.
    /// </summary>
    public List<string> LoopDevices(int expected) => LoopDevicesWithin(Path, expected);

    /// <summary>The kernel frees an autoclear device a moment after the last use.</summary>
    private static List<string> LoopDevicesWithin(string directory, int expected = 0)
    {
        for (int attempt = 0; ; attempt++)
        {
            List<string> found = [];
            foreach (string device in Directory.GetDirectories("/sys/block", "loop*"))
                if (BackingFile(device).StartsWith(directory + "/", StringComparison.Ordinal))
                    found.Add(device);
            if (found.Count == expected || attempt == 100)
                return found;
            System.Threading.Thread.Sleep(20);
        }
    }

    /// <summary>
    /// Empty for a device without a file, also if another program lets go of the device at this moment.
    /// </summary>
    private static string BackingFile(string device)
    {
        try
        {
            return File.ReadAllText(device + "/loop/backing_file");
        }
        catch (IOException)
        {
            return "";
        }
    }
}
