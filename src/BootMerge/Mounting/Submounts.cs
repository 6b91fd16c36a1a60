using System;
using System.Collections.Generic;
using BootMerge.Linux;
using BootMerge.Reporting;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>A copy of a mount that lies under a hierarchy, with all that is mounted on it.</summary>
/// <param name="path">Relative to the hierarchy.</param>
/// <param name="original">The root of the mount that was copied.</param>
internal sealed class Submount(string path, SafeFileHandle mount, SafeFileHandle original)
{
    public string Path { get; } = path;

    public SafeFileHandle Mount { get; } = mount;

    public SafeFileHandle Original { get; } = original;
}

/// <summary>
/// The mounts that are seen under a hierarchy, such as a machine-id bound over a file. They are copied: the originals stay
/// where they are until everything else has worked.
/// </summary>
internal sealed class Submounts : IDisposable
{
    private Submounts(List<Submount> mounts) => Mounts = mounts;

    public static readonly Submounts None = new([]);

    /// <summary>In the order in which they were mounted.</summary>
    public List<Submount> Mounts { get; }

    /// <param name="hierarchy">O_PATH descriptor of the hierarchy as it is seen.</param>
    /// <param name="markerName">The marker's read-only cover belongs to the merge itself and is left out.</param>
    public static Submounts Copy(SafeFileHandle hierarchy, string markerName)
    {
        string path = Sys.PathOf(hierarchy);
        MountTable table = MountTable.Read();
        List<Submount> copies = [];
        // In a chroot the mount that the hierarchy lies on may have no line of its own: its number is enough.
        foreach (Mount mount in table.ChildrenOf(Sys.MountNumber(hierarchy)))
        {
            if (!MountTable.IsBelow(mount.Path, path) || mount.Path == path + "/" + markerName)
                continue;
            // A mount below another one's mount point is not seen: what is opened there is something else.
            SafeFileHandle? root = Sys.TryOpen(mount.Path, Sys.O_PATH | Sys.O_NOFOLLOW);
            if (root is null || !IsStackedOn(table, Sys.MountNumber(root), mount))
            {
                root?.Dispose();
                continue;
            }

            SafeFileHandle copy = Sys.CloneTree(root, recursive: true, mount.Path);
            copies.Add(new Submount(mount.Path[(path.Length == 1 ? 1 : path.Length + 1)..], copy, root));
            // A copy that shares propagation with its original would be taken away together with it.
            Sys.MakePrivate(copy, mount.Path);
        }

        return new Submounts(copies);
    }

    /// <summary>Puts the copies onto another tree; a path that is missing there is an error.</summary>
    /// <param name="hierarchy">Descriptor of the directory that the paths are relative to.</param>
    /// <param name="name">Of the hierarchy, for messages.</param>
    public void AttachTo(SafeFileHandle hierarchy, string name)
    {
        foreach (Submount mount in Mounts)
        {
            string target = name + "/" + mount.Path;
            using SafeFileHandle? point = Sys.TryOpenAt(hierarchy, mount.Path, Sys.O_PATH | Sys.O_NOFOLLOW, Sys.RESOLVE_BENEATH | Sys.RESOLVE_NO_SYMLINKS);
            if (point is null)
                throw new InputException("the mount on " + PathText.Printable(target) + " cannot be carried over: the new merge has no such path. Unmount it first");
            if (Sys.Status(point).IsDirectory != Sys.Status(mount.Mount).IsDirectory)
                throw new InputException("the mount on " + PathText.Printable(target) + " cannot be carried over: what the new merge has there is of another type. Unmount it first");
            Sys.Attach(mount.Mount, point, target);
        }
    }

    /// <summary>As <see cref="AttachTo"/>, but leaves alone what is there already, and warns of what has no place any more.</summary>
    /// <param name="undo">Takes away again what was attached.</param>
    public void Restore(SafeFileHandle hierarchy, string name, Undo undo, Log log)
    {
        foreach (Submount mount in Mounts)
        {
            string target = name + "/" + mount.Path;
            using SafeFileHandle? point = Sys.TryOpenAt(hierarchy, mount.Path, Sys.O_PATH | Sys.O_NOFOLLOW, Sys.RESOLVE_BENEATH | Sys.RESOLVE_NO_SYMLINKS);
            if (point is null)
                log.Warning("The mount on " + target + " is gone: it lay on a path that only an extension had.");
            else if (Sys.Status(point).IsDirectory != Sys.Status(mount.Mount).IsDirectory)
                log.Warning("The mount on " + target + " is gone: what is there without the merge is of another type.");
            else if (!Sys.Status(point).IsMountRoot || !Sys.Status(point).IsSameInode(Sys.Status(mount.Mount)))
            {
                Sys.Attach(mount.Mount, point, target);
                undo.Add(() => Sys.Detach(mount.Mount, target));
            }
        }
    }

    /// <summary>
    /// Takes the originals away from under a merge that has the copies: left there, systemd's unmerge would stack its
    /// own copies on them, and what is unmounted meanwhile would come back.
    /// </summary>
    public void RemoveOriginals(string name, Log log)
    {
        for (int i = Mounts.Count - 1; i >= 0; i--)
        {
            // The merge has worked and shows the copies: a failure here must not end it.
            try
            {
                Sys.Detach(Mounts[i].Original, name + "/" + Mounts[i].Path);
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
        {
            mount.Mount.Dispose();
            mount.Original.Dispose();
        }
    }

    private static bool IsStackedOn(MountTable table, int top, Mount bottom)
    {
        for (Mount? at = table.ById(top); at is not null && at.Path == bottom.Path; at = table.ById(at.ParentId))
            if (at.Id == bottom.Id)
                return true;
        return false;
    }
}
