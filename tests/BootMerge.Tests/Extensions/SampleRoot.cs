using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using BootMerge.Extensions;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Tests.Extensions;

/// <summary>
/// A root in a temporary directory: os-release of acme 42 and whatever a test puts into it. Needs no privilege.
/// </summary>
internal sealed class SampleRoot : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("bootmerge-extensions-").FullName;

    public SampleRoot()
    {
        Root = Root.Open(_directory);
        Write("etc/os-release", "ID=acme\nVERSION_ID=42\n");
    }

    public Root Root { get; }

    public string Outside(string path) => Path.Join(_directory, path);

    public void Write(string path, string text) => WriteBytes(path, Encoding.UTF8.GetBytes(text));

    public void WriteBytes(string path, byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Outside(path))!);
        File.WriteAllBytes(Outside(path), bytes);
    }

    public void MakeDirectory(string path) => Directory.CreateDirectory(Outside(path));

    public void Remove(string path)
    {
        if (Directory.Exists(Outside(path)))
            Directory.Delete(Outside(path), recursive: true);
        else
            File.Delete(Outside(path));
    }

    public void Link(string path, string target)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Outside(path))!);
        File.CreateSymbolicLink(Outside(path), target);
    }

    /// <summary>For names that .NET cannot write. They are given in PathText's form.</summary>
    public void MakeDirectoryNamed(string directory, string name)
    {
        MakeDirectory(directory);
        using SafeFileHandle handle = Root.OpenAt(directory, Sys.O_RDONLY);
        Sys.MakeDirectory(handle, name, 0x1ED, name);
    }

    /// <param name="releaseName">The name that the release file is for, if it is not the directory's.</param>
    public void AddConfext(string path, string release = "ID=_any\n", string? releaseName = null)
    {
        string name = releaseName ?? Path.GetFileName(path);
        Write(path + "/etc/extension-release.d/extension-release." + name, release);
        Write(path + "/etc/" + name + ".conf", "from " + name + "\n");
    }

    /// <returns>false where the temporary directory's file system has no user attributes.</returns>
    public bool TrySetStrict(string releaseFile, string value)
    {
        using SafeFileHandle file = Root.OpenAt(releaseFile, Sys.O_RDONLY);
        return Sys.SetXattr(file, "user.extension-release.strict", Encoding.ASCII.GetBytes(value));
    }

    public DiscoveryResult Find(bool initrd = false) => Discovery.Find(Root, ExtensionClass.Confext, initrd);

    public List<Candidate> Judge(bool force = false) =>
        Judgement.Of(Root, Find(), HostRelease.Read(Root), ExtensionClass.Confext.Hierarchies, force);

    /// <summary>"foo: merged" or "foo: the reason", lowest layer first.</summary>
    public string[] Verdicts(bool force = false)
    {
        List<string> lines = [];
        foreach (Candidate candidate in Judge(force))
            lines.Add(candidate.Extension.Name + ": " + (candidate.Verdict.Accepted
                ? "merged" : candidate.Verdict.Reason));
        return [.. lines];
    }

    /// <summary>"path: reason".</summary>
    public string[] Skipped()
    {
        List<string> lines = [];
        foreach (SkippedEntry entry in Find().Skipped)
            lines.Add(entry.Path + ": " + entry.Reason);
        lines.Sort(StringComparer.Ordinal);
        return [.. lines];
    }

    /// <summary>"name path", lowest layer first.</summary>
    public string[] Found(bool initrd = false)
    {
        List<string> lines = [];
        foreach (Extension extension in Find(initrd).Extensions)
            lines.Add(extension.Name + " " + extension.Path);
        return [.. lines];
    }

    public void Dispose()
    {
        Root.Dispose();
        // Directory.Delete cannot remove names that are not UTF-8.
        using SafeFileHandle parent = Sys.Open(Path.GetDirectoryName(_directory)!, Sys.O_RDONLY | Sys.O_DIRECTORY);
        Sys.RemoveTree(parent, Path.GetFileName(_directory));
    }
}
