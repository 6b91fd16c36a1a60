using System;
using System.Collections.Generic;
using BootMerge.Linux;
using BootMerge.Reporting;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>A copy of a mount below a hierarchy, including all mounts on it.</summary>
/// <param name="path">Relative to the hierarchy.</param>
internal sealed class Submount(string path, SafeFileHandle mount)
{
    public string Path { get; } = path;

    public SafeFileHandle Mount { get; } = mount;
}

/// <summary>
/// The mounts under a hierarchy, such as a machine-id bound over a file. They are copied; the originals stay in place
/// until everything else has worked.
/// </summary>
internal sealed class Submounts : IDisposable
{
    private readonly List<string> _problems;

    private Submounts(List<Submount> mounts, List<string> problems)
    {
        Mounts = mounts;
        _problems = problems;
    }

    public static readonly Submounts None = new([], []);

    /// <summary>In the order in which they were mounted.</summary>
    public List<Submount> Mounts { get; }

    /// <param name="hierarchy">O_PATH descriptor of the hierarchy as it is seen.</param>
    /// <param name="markerName">The marker's read-only cover belongs to the merge itself and is not copied.</param>
    public static Submounts Copy(SafeFileHandle hierarchy, string markerName)
    {
        string path = Sys.PathOf(hierarchy);
        MountTable table = MountTable.Read();
        // In a chroot the mount that holds the hierarchy may have no line: its number is enough.
        List<Mount> found = FindUnder(table, Sys.MountNumber(hierarchy), path, markerName);
        List<string> problems = Uncarriable.Find(table, found);
        List<Submount> copies = [];
        if (problems.Count == 0 && !TryCopySeen(found, path, copies))
            CopyLayered(path, markerName, copies);
        return new Submounts(copies, problems);
    }

    /// <summary>
    /// Runs before anything changes: throws an <see cref="InputException"/> that names the mounts that would be lost.
    /// </summary>
    public void Check()
    {
        if (_problems.Count > 0)
            throw new InputException(_problems.Joined("; "));
    }

    /// <summary>Like <see cref="Check"/>, for the tree in which the mounts will be seen next.</summary>
    /// <param name="hierarchy">Descriptor of the directory that the paths are relative to.</param>
    /// <param name="name">Of the hierarchy, for messages.</param>
    public void CheckPlaces(SafeFileHandle hierarchy, string name)
    {
        foreach (Submount mount in Mounts)
            OpenPlace(hierarchy, mount, name).Dispose();
    }

    /// <summary>Attaches the copies to another tree; fails if a path is missing there.</summary>
    /// <param name="hierarchy">Descriptor of the directory that the paths are relative to.</param>
    /// <param name="name">Of the hierarchy, for messages.</param>
    public void AttachTo(SafeFileHandle hierarchy, string name)
    {
        foreach (Submount mount in Mounts)
        {
            using SafeFileHandle point = OpenPlace(hierarchy, mount, name);
            Sys.Attach(mount.Mount, point, name + "/" + mount.Path);
        }
    }

    /// <summary>Like <see cref="AttachTo"/>, but skips what is there already.</summary>
    /// <param name="undo">Detaches again what was attached.</param>
    public void Restore(SafeFileHandle hierarchy, string name, Undo undo)
    {
        foreach (Submount mount in Mounts)
        {
            using SafeFileHandle point = OpenPlace(hierarchy, mount, name);
            if (IsOn(point, mount) || IsOn(point, Mounts.FindLast(other => other.Path == mount.Path)!))
                continue;
            string target = name + "/" + mount.Path;
            Sys.Attach(mount.Mount, point, target);
            undo.Add(() => Sys.Detach(mount.Mount, target));
        }
    }

    /// <summary>
    /// Detaches the originals below a merge that has the copies. If they stayed, systemd's unmerge would stack its own
    /// copies on them, and a mount that was unmounted meanwhile would come back.
    /// </summary>
    /// <param name="covered">Descriptor of the hierarchy below the merge: from there, paths lead to the
    /// originals.</param>
    public void RemoveOriginals(SafeFileHandle covered, string name, Log log)
    {
        for (int i = Mounts.Count - 1; i >= 0; i--)
        {
            // The merge has worked and shows the copies: a failure here must not fail it.
            try
            {
                using SafeFileHandle? original = TryOpenBelow(covered, Mounts[i].Path);
                if (original is not null && IsOn(original, Mounts[i]))
                    Sys.Detach(original, name + "/" + Mounts[i].Path);
            }
            catch (KernelException e)
            {
                log.Warning("A mount below the merge stays there: " + e.Message);
            }
        }
    }

    public void Dispose()
    {
        foreach (Submount mount in Mounts)
            mount.Mount.Dispose();
    }

    private static List<Mount> FindUnder(MountTable table, int number, string path, string markerName) =>
        table.ChildrenOf(number).FindAll(mount => PathName.IsBelow(mount.Path, path)
            && mount.Path != path + "/" + markerName);

    /// <summary>The common case: all of them are visible.</summary>
    /// <returns>false if one is not, because another mount is on it or covers its mount point. Then nothing is
    /// copied.</returns>
    private static bool TryCopySeen(List<Mount> mounts, string hierarchy, List<Submount> copies)
    {
        foreach (Mount mount in mounts)
        {
            using SafeFileHandle? root = Sys.TryOpen(mount.Path, Sys.O_PATH | Sys.O_NOFOLLOW);
            if (root is not null && Sys.MountNumber(root) == mount.Id)
            {
                copies.Add(Copy(root, mount.Path, hierarchy));
                continue;
            }

            foreach (Submount copy in copies)
                copy.Mount.Dispose();
            copies.Clear();
            return false;
        }

        return true;
    }

    /// <summary>
    /// Runs in a private view: detaches each mount after copying it, topmost first, which uncovers those below it.
    /// </summary>
    private static void CopyLayered(string path, string markerName, List<Submount> copies)
    {
        using PrivateView view = PrivateView.Enter();
        using SafeFileHandle hierarchy = Sys.Open(path, Sys.O_PATH | Sys.O_DIRECTORY);
        MountTable table = MountTable.Read();
        List<Mount> mounts = FindUnder(table, Sys.MountNumber(hierarchy), path, markerName);
        for (int i = mounts.Count - 1; i >= 0; i--)
        {
            for (bool isLast = false; !isLast;)
            {
                using SafeFileHandle? root = Sys.TryOpen(mounts[i].Path, Sys.O_PATH | Sys.O_NOFOLLOW);
                if (root is null || !IsStackedOn(table, Sys.MountNumber(root), mounts[i]))
                    break; // no path leads to its mount point any more
                copies.Insert(0, Copy(root, mounts[i].Path, path));
                isLast = Sys.MountNumber(root) == mounts[i].Id;
                Sys.Detach(root, mounts[i].Path);
            }
        }
    }

    private static Submount Copy(SafeFileHandle root, string path, string hierarchy)
    {
        SafeFileHandle copy = Sys.CloneTree(root, recursive: true, path);
        // A copy that shares propagation with its original would be detached together with it.
        Sys.MakePrivate(copy, path);
        return new Submount(path[(hierarchy.Length == 1 ? 1 : hierarchy.Length + 1)..], copy);
    }

    private static SafeFileHandle OpenPlace(SafeFileHandle hierarchy, Submount mount, string name)
    {
        string target = PathText.Printable(name + "/" + mount.Path);
        SafeFileHandle point = TryOpenBelow(hierarchy, mount.Path)
            ?? throw new InputException("the mount on " + target
            + " cannot be carried over: its path will not exist. Unmount it first");
        if (Sys.Status(point).IsDirectory == Sys.Status(mount.Mount).IsDirectory)
            return point;
        point.Dispose();
        throw new InputException("the mount on " + target
            + " cannot be carried over: its path will be of another type. Unmount it first");
    }

    private static SafeFileHandle? TryOpenBelow(SafeFileHandle hierarchy, string path) =>
        Sys.TryOpenAt(hierarchy, path, Sys.O_PATH | Sys.O_NOFOLLOW, Sys.RESOLVE_BENEATH | Sys.RESOLVE_NO_SYMLINKS);

    private static bool IsOn(SafeFileHandle point, Submount mount) =>
        Sys.Status(point).IsMountRoot && Sys.Status(point).IsSameInode(Sys.Status(mount.Mount));

    private static bool IsStackedOn(MountTable table, int top, Mount bottom)
    {
        for (Mount? at = table.ById(top); at is not null && at.Path == bottom.Path; at = table.ById(at.ParentId))
            if (at.Id == bottom.Id)
                return true;
        return false;
    }
}
