using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;
using System.Threading;

namespace BootMerge.DifferentialTests;

/// <summary>
/// The tree that is merged, and the words with which scenarios build and change it. Every path is relative to the root.
/// Nothing here depends on the time, so two roots built with the same words are equal. Modes are written with their
/// octal digits, as for chmod(1): 755.
/// </summary>
internal sealed class TestRoot(string path, TestedClass tested) : IDisposable
{
    private readonly List<(string Name, string Directory)> extensions = [];
    private readonly List<FileStream> blockDevices = [];

    /// <summary>Where the root lies, as this process sees it.</summary>
    public string Path { get; } = path;

    public string this[string relative] => relative.Length == 0 ? Path : Path + "/" + relative;

    /// <summary>
    /// Creates what every scenario starts from: an operating system 'test', version 1, with two entries in /etc; for
    /// sysexts also an /opt, and a file of the machine's in both hierarchies.
    /// </summary>
    public void CreateSystem()
    {
        foreach (string directory in (string[])["etc", "usr/lib", "var/lib", "run"])
            Directory(directory);
        File("usr/lib/os-release", "ID=test\nVERSION_ID=1\n");
        Link("etc/os-release", "../usr/lib/os-release");
        File("etc/hosts", "the machine's\n");
        if (tested == TestedClass.Sysext)
            File("usr/machine", "the machine's\n").File("opt/machine", "the machine's\n");
    }

    public TestRoot Directory(string path, int mode = 755)
    {
        string missing = Parent(path);
        if (missing.Length > 0 && Native.Lstat(this[missing]) is null)
            Directory(missing);
        if (Native.Lstat(this[path]) is null)
            System.IO.Directory.CreateDirectory(this[path]);
        Native.Chmod(this[path], Octal(mode));
        return this;
    }

    public TestRoot File(string path, string content, int mode = 644)
    {
        EnsureParent(path);
        System.IO.File.WriteAllText(this[path], content, new UTF8Encoding(false));
        Native.Chmod(this[path], Octal(mode));
        return this;
    }

    public TestRoot Append(string path, string content)
    {
        System.IO.File.AppendAllText(this[path], content, new UTF8Encoding(false));
        return this;
    }

    public TestRoot Cut(string path, long length)
    {
        using FileStream file = new(this[path], FileMode.Open);
        file.SetLength(length);
        return this;
    }

    public TestRoot Link(string path, string target)
    {
        EnsureParent(path);
        System.IO.File.CreateSymbolicLink(this[path], target);
        return this;
    }

    public TestRoot Fifo(string path)
    {
        EnsureParent(path);
        Native.MakeNode(this[path], Native.S_IFIFO | Octal(644));
        return this;
    }

    /// <summary>An overlayfs whiteout: hides what lower layers have at this path.</summary>
    public TestRoot Whiteout(string path)
    {
        EnsureParent(path);
        Native.MakeNode(this[path], Native.S_IFCHR);
        return this;
    }

    /// <summary>A directory that hides what lower layers have inside it.</summary>
    public TestRoot OpaqueDirectory(string path) => Directory(path).Xattr(path, "trusted.overlay.opaque", "y");

    public TestRoot Mode(string path, int mode)
    {
        Native.Chmod(this[path], Octal(mode));
        return this;
    }

    public TestRoot Owner(string path, uint uid, uint gid)
    {
        Native.Chown(this[path], uid, gid);
        return this;
    }

    public TestRoot Xattr(string path, string name, string value)
    {
        Native.SetXattr(this[path], name, Encoding.UTF8.GetBytes(value));
        return this;
    }

    /// <summary>An ACL: owner rwx, user 3 rwx, group r-x, mask rwx, others r-x.</summary>
    public TestRoot Acl(string path)
    {
        Native.SetXattr(this[path], "system.posix_acl_access", Convert.FromHexString(
            "02000000" + "01000700FFFFFFFF" + "0200070003000000" + "04000500FFFFFFFF" + "10000700FFFFFFFF"
                + "20000500FFFFFFFF"));
        return this;
    }

    public TestRoot Remove(string path)
    {
        Native.Statx status = Native.Lstat(this[path]) ?? throw new FileNotFoundException(path);
        if (status.Type == Native.S_IFDIR)
            System.IO.Directory.Delete(this[path], recursive: true);
        else
            System.IO.File.Delete(this[path]);
        return this;
    }

    public TestRoot Move(string from, string to)
    {
        EnsureParent(to);
        if (Native.Lstat(this[from])?.Type == Native.S_IFDIR)
            System.IO.Directory.Move(this[from], this[to]);
        else
            System.IO.File.Move(this[from], this[to]);
        return this;
    }

    /// <summary>
    /// An extension of the scenario's class, with files of its own and some that every extension has. These show, for
    /// each pair of layers, which one wins.
    /// </summary>
    /// <param name="hierarchies">Null: all hierarchies of the class. A sysext's release file lies in usr in any
    /// case.</param>
    public TestRoot Extension(string name, string release = "ID=_any\n", string? directory = null, string? at = null,
        string[]? hierarchies = null)
    {
        string extension = (directory ?? tested.SearchDirectory) + "/" + (at ?? name);
        File($"{extension}/{tested.ReleaseDirectory}/extension-release.{name}", release);
        extensions.RemoveAll(other => !System.IO.Directory.Exists(this[other.Directory]));
        foreach (string hierarchy in hierarchies ?? tested.Hierarchies)
        {
            File($"{extension}/{hierarchy}/{name}.conf", name + "\n");
            File($"{extension}/{hierarchy}/shared", name + "\n");
            File($"{extension}/{hierarchy}/nested/{name}", name + "\n", 600);
            File($"{extension}/{hierarchy}/nested/script", $"#!/bin/sh\necho {name}\n", 755);
            foreach ((string Name, string Directory) other in extensions)
            {
                if (other.Name == name)
                    continue;
                string pair = string.CompareOrdinal(name, other.Name) < 0
                    ? $"{name},{other.Name}" : $"{other.Name},{name}";
                File($"{extension}/{hierarchy}/pairs/{pair}", name + "\n");
                File($"{other.Directory}/{hierarchy}/pairs/{pair}", other.Name + "\n");
            }
        }
        extensions.Add((name, extension));
        return this;
    }

    /// <summary>A confext in a scenario of sysexts.</summary>
    public TestRoot Confext(string name) =>
        File($"usr/lib/confexts/{name}/etc/extension-release.d/extension-release.{name}", "ID=_any\n")
            .File($"usr/lib/confexts/{name}/etc/{name}.conf", name + "\n");

    /// <summary>
    /// Turns the extension in a directory into a disk image in its place, or at <paramref name="at"/>. Build all
    /// extensions of a scenario before the first of them becomes an image.
    /// </summary>
    public TestRoot Image(string directory, ImageType type, string? at = null)
    {
        at ??= directory + ".raw";
        EnsureParent(at);
        DiskImage.Make(type, this[directory], this[at]);
        System.IO.Directory.Delete(this[directory], recursive: true);
        return this;
    }

    /// <summary>Makes a block device node that reads as <paramref name="image"/> until the scenario ends.</summary>
    public TestRoot BlockDevice(string path, string image)
    {
        EnsureParent(path);
        string device = Bench.Run("losetup", "--find", "--show", "--read-only", this[image]).Trim();
        blockDevices.Add(new FileStream(device, FileMode.Open, FileAccess.Read));
        // While the device is in use, this only marks it: it goes when nobody has it open any more.
        Bench.Run("losetup", "--detach", device);
        Native.Statx status = Native.Lstat(device)!.Value;
        Native.MakeNode(this[path], Native.S_IFBLK | Octal(600), ((ulong)status.RdevMajor << 8) | status.RdevMinor);
        return this;
    }

    public void Dispose() => blockDevices.ForEach(device => device.Dispose());

    public TestRoot RoutingDirectory(int mode = 755, string hierarchy = "etc") =>
        Directory("var/lib/extensions.mutable/" + hierarchy, mode)
            .File($"var/lib/extensions.mutable/{hierarchy}/routed", "routed\n")
            .File($"var/lib/extensions.mutable/{hierarchy}/shared", "routed\n");

    public TestRoot RoutingLink(string target, string hierarchy = "etc") =>
        Link("var/lib/extensions.mutable/" + hierarchy, target);

    public TestRoot Bind(string source, string target)
    {
        Native.Mount(this[source], this[target], null, Native.MS_BIND);
        return this;
    }

    public TestRoot Tmpfs(string path, string name, ulong flags = 0)
    {
        if (Native.Lstat(this[path]) is null)
            Directory(path);
        Native.Mount(name, this[path], "tmpfs", flags);
        return this;
    }

    /// <summary>
    /// A child that another thread has just forked holds the files that were open for writing here, until it executes
    /// its program. For that long the mount is busy.
    /// </summary>
    public TestRoot MakeReadOnly(string mountPoint)
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                Native.Mount(null, this[mountPoint], null, Native.MS_BIND | Native.MS_REMOUNT | Native.MS_RDONLY);
                return this;
            }
            catch (NativeException e) when (e.Errno == Native.EBUSY && attempt < 100)
            {
                Thread.Sleep(50);
            }
        }
    }

    public TestRoot Propagation(string mountPoint, ulong propagation)
    {
        Native.Mount(null, this[mountPoint], null, propagation);
        return this;
    }

    public TestRoot Unmount(string mountPoint)
    {
        Native.Unmount(this[mountPoint]);
        return this;
    }

    private static int Octal(int digits) => Convert.ToInt32(digits.ToString(CultureInfo.InvariantCulture), 8);

    private void EnsureParent(string path)
    {
        if (Parent(path) is { Length: > 0 } parent && Native.Lstat(this[parent]) is null)
            Directory(parent);
    }

    private static string Parent(string path) =>
        path.LastIndexOf('/') is int slash and > 0 ? path[..slash] : "";
}
