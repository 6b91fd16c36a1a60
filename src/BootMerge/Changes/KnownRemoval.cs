using System.Collections.Generic;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>
/// Removes a path with everything in it, except what the copy lacks: each file is checked once more right before it is
/// removed. At every moment each path shows the machine's version or that of the layers below.
/// </summary>
/// <param name="isMerged">It is removed through a merge, so the upper layer is examined beside it.</param>
internal sealed class KnownRemoval(KnownFiles known, bool isMerged, ResetReport report)
{
    /// <param name="seen">The directory that it is in, as it is seen.</param>
    /// <param name="upper">The same directory in the upper layer; if nothing is merged, the same handle. null: the
    /// upper layer does not have it.</param>
    /// <param name="path">For messages.</param>
    /// <returns>false if something stays; the report says what.</returns>
    public bool Remove(SafeFileHandle seen, SafeFileHandle? upper, string name, string path)
    {
        using Descent seenWay = new(Sys.Reopen(seen, Sys.O_RDONLY | Sys.O_DIRECTORY), [name]);
        using Descent upperWay = new(upper is null ? null : Sys.Reopen(upper, Sys.O_RDONLY | Sys.O_DIRECTORY), []);
        Level level = new(null, PathName.Parent(path));
        while (true)
        {
            if (seenWay.TryNext(out string? entry))
                level = Visit(seenWay, upperWay, level, entry);
            else if (level.Above is Level above)
            {
                Leave(seenWay, upperWay, level);
                above.HasStaying |= level.HasStaying;
                level = above;
            }
            else
                return !level.HasStaying;
        }
    }

    /// <returns>The directory's level, if the walk enters it.</returns>
    private Level Visit(Descent seen, Descent upper, Level level, string name)
    {
        SafeFileHandle? directory = Sys.TryOpenChild(seen.Current!, name, Sys.O_RDONLY | Sys.O_DIRECTORY);
        if (directory is null)
        {
            RemoveFile(seen.Current!, upper.Current, level, name);
            return level;
        }

        SafeFileHandle? own = !isMerged ? Sys.Reopen(directory, Sys.O_RDONLY | Sys.O_DIRECTORY)
            : upper.Current is null ? null : Sys.TryOpenChild(upper.Current, name, Sys.O_RDONLY | Sys.O_DIRECTORY);
        if (own is not null && !known.HasDirectory(own))
        {
            own.Dispose();
            directory.Dispose();
            Keep(level, name, ResetReport.Changed);
            return level;
        }

        if (!isMerged)
        {
            // First, so that the layers below show through what is left if this is killed.
            Sys.RemoveXattr(directory, OverlayMark.Opaque);
            Sys.RemoveXattr(directory, OverlayMark.Redirect);
        }

        seen.Enter(directory, name, Sys.NamesIn(directory));
        upper.Enter(own, name, []);
        return new Level(level, name);
    }

    private void RemoveFile(SafeFileHandle seen, SafeFileHandle? upper, Level level, string name)
    {
        using SafeFileHandle? file = upper is null ? null : Sys.TryOpenChild(upper, name, Sys.O_PATH);
        FileStatus? now = file is null ? null : Sys.Status(file);
        if (now is not null && !known.Has(now))
        {
            Keep(level, name, ResetReport.Changed);
            return;
        }

        // If the upper layer does not have the file, it is from a layer below and shows in a moved directory.
        if ((now is not null || isMerged) && Remove(seen, level, name, isDirectory: false) && now is { Links: > 1 })
            known.NameRemoved(now, Sys.Status(file!));
    }

    private void Leave(Descent seen, Descent upper, Level level)
    {
        bool isKnown = upper.Current is null || known.HasDirectory(upper.Current);
        seen.Leave();
        upper.Leave();
        if (level.HasStaying)
            return;
        if (!isKnown)
            Keep(level.Above!, level.Name, ResetReport.Changed);
        else
            Remove(seen.Current!, level.Above!, level.Name, isDirectory: true);
    }

    private bool Remove(SafeFileHandle directory, Level level, string name, bool isDirectory)
    {
        int errno = Sys.TryRemove(directory, name, isDirectory);
        switch (errno)
        {
            case 0 or Errno.ENOENT:
                return true;
            case Errno.ENOTEMPTY or Errno.EISDIR or Errno.ENOTDIR:
                Keep(level, name, ResetReport.Changed);
                return false;
            case Errno.EPERM or Errno.EBUSY: // immutable, or mounted upon, by now
                Keep(level, name, Errno.Describe(errno));
                return false;
            default:
                throw new KernelException(isDirectory ? "rmdir" : "unlink", level.Path(name), errno);
        }
    }

    private void Keep(Level level, string name, string reason)
    {
        level.HasStaying = true;
        report.Stays(level.Path(name), reason);
    }

    /// <summary>A directory on the way to the one that the walk has reached.</summary>
    private sealed class Level(Level? above, string name)
    {
        public Level? Above { get; } = above;

        /// <summary>For the topmost one, the directory's path.</summary>
        public string Name { get; } = name;

        public bool HasStaying { get; set; }

        /// <summary>Built each time: most are never reported.</summary>
        public string Path(string child)
        {
            List<string> names = [child];
            for (Level? level = this; level is not null; level = level.Above)
                names.Add(level.Name);
            names.Reverse();
            return names.Joined("/");
        }
    }
}
