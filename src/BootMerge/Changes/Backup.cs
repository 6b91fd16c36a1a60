using System;
using BootMerge.Linux;
using BootMerge.Reporting;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>
/// A copy of parts of upper layers, with owner, mode, attributes, times and hard links. Each copy is a directory below
/// /var/lib/bootmerge/reset, which only root can enter. It gets its final name when it is complete and on the disk.
/// </summary>
internal sealed class Backup : IDisposable
{
    public const string Directory = "/var/lib/bootmerge/reset";

    private const string Partial = ".partial";

    private readonly SafeFileHandle _all;
    private readonly SafeFileHandle _this;
    private readonly TreeCopy _copy;
    private bool _isFinished;

    private Backup(SafeFileHandle all, SafeFileHandle own, KnownFiles known, Log log)
    {
        _all = all;
        _this = own;
        _copy = new TreeCopy(own, withMarks: true, log, known);
    }

    /// <summary>Removes what a killed command has left.</summary>
    /// <param name="known">Receives what is in the copy.</param>
    public static Backup Begin(Root root, KnownFiles known, Log log)
    {
        string path = ""; // resolved at each step: /var/lib may be a symlink inside the root
        foreach (string name in Directory[1..].Split('/'))
        {
            using SafeFileHandle parent = root.OpenAt(path.Length == 0 ? "/" : path, Sys.O_PATH | Sys.O_DIRECTORY);
            path += "/" + name;
            Sys.MakeDirectory(parent, name, path == Directory ? Octal.Mode700 : Octal.Mode755, root.Outside(path));
        }

        SafeFileHandle all = root.OpenAt(Directory, Sys.O_RDONLY | Sys.O_DIRECTORY);
        Sys.RemoveTree(all, Partial);
        Sys.MakeDirectory(all, Partial, Octal.Mode700, Partial);
        return new Backup(all, Sys.OpenChild(all, Partial, Sys.O_RDONLY | Sys.O_DIRECTORY), known, log);
    }

    /// <param name="path">Inside the hierarchy: "/ssh/sshd_config". The directories above it get their attributes
    /// too.</param>
    public void Add(ChangedTree tree, string path)
    {
        using Descent target = new(Sys.OpenOrMake(_this, tree.Hierarchy[1..], Octal.Mode755, tree.Hierarchy), []);
        using Descent source = new(Sys.Reopen(tree.Upper, Sys.O_RDONLY | Sys.O_DIRECTORY), []);
        string[] names = path[1..].Split('/');
        FileStatus[] above = new FileStatus[names.Length - 1];
        string place = tree.Hierarchy;
        for (int i = 0; i < above.Length; i++)
        {
            place += "/" + names[i];
            SafeFileHandle from = Sys.OpenChild(source.Current!, names[i], Sys.O_RDONLY | Sys.O_DIRECTORY);
            source.Enter(from, names[i], []);
            above[i] = Sys.Status(from);
            Sys.MakeDirectory(target.Current!, names[i], Octal.Mode700, place);
            target.Enter(Sys.OpenChild(target.Current!, names[i], Sys.O_RDONLY | Sys.O_DIRECTORY), names[i], []);
        }

        _copy.Copy(source.Current!, names[^1], target.Current!, place + "/" + names[^1]);
        // Only after their content is there, or it would change their times.
        for (int i = above.Length - 1; i >= 0; i--)
        {
            _copy.CopyAttributes(source.Current!, above[i], target.Current!, names[i]);
            source.Leave();
            target.Leave();
        }
    }

    /// <returns>Its path inside the root: "/var/lib/bootmerge/reset/20261125T073000Z".</returns>
    public string Finish()
    {
        Sys.SyncFileSystem(_this);
        string stamp = Timestamp.Compact(DateTime.UtcNow);
        string name = stamp;
        for (int i = 2; Sys.TryStatusAt(_all, name) is not null; i++)
            name = stamp + "-" + i.ToString();
        Sys.Rename(_all, Partial, name);
        _isFinished = true;
        Sys.SyncFileSystem(_this);
        return Directory + "/" + name;
    }

    /// <summary>An unfinished copy is useless, and may have filled the file system.</summary>
    public void Dispose()
    {
        try
        {
            if (!_isFinished)
                Sys.RemoveTree(_all, Partial);
        }
        catch (KernelException)
        {
            // The next reset removes it; the failure that led here is the one to report.
        }

        _all.Dispose();
        _this.Dispose();
    }
}
