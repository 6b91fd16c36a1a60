using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Linux;

/// <summary>
/// A walk's path from its top directory to the current one. A tree can be deeper than the stack allows, or than a
/// process may have files open, for anyone with write access can nest directories. So a walk is a loop over a Descent,
/// which keeps only the lowest few directories open. One further up is opened again when the walk returns to it.
/// </summary>
internal sealed class Descent : IDisposable
{
    /// <summary>How many directories are open, not counting the top: more levels than a usual tree has.</summary>
    private const int OpenLevels = 16;

    private readonly List<Level> _levels = [];
    private int _size;

    /// <param name="top">Open for reading, and kept open; null if there is none. The descent owns it from now
    /// on.</param>
    /// <param name="names">The names in it that the walk will go through.</param>
    public Descent(SafeFileHandle? top, List<string> names) => Add(new Level("", top, names));

    /// <summary>
    /// Called before each name that any walk comes to, in a verb that may go through many files; null elsewhere. It may
    /// end the walk by an exception.
    /// </summary>
    public static Action? AtEachName { get; set; }

    public bool IsAtTop => _levels.Count == 1;

    /// <summary>The directory that the walk has reached, open for reading; null if no directory was entered.</summary>
    public SafeFileHandle? Current => Open(_levels.Count - 1);

    /// <summary>The directory above <see cref="Current"/>.</summary>
    public SafeFileHandle? Parent => Open(_levels.Count - 2);

    /// <param name="directory">Open for reading; null if there is none. The descent owns it from now on.</param>
    /// <param name="name">A name in <see cref="Current"/>; with a leading "/", a path from the top.</param>
    /// <param name="names">The names in it that the walk will go through.</param>
    public void Enter(SafeFileHandle? directory, string name, List<string> names)
    {
        Add(new Level(name, directory, names));
        int far = _levels.Count - 1 - OpenLevels;
        if (far > 0)
            _levels[far].Close();
    }

    /// <summary>The next name in <see cref="Current"/>.</summary>
    public bool TryNext([NotNullWhen(true)] out string? name)
    {
        Level level = _levels[^1];
        if (level.HasNext)
            AtEachName?.Invoke();
        return level.TryNext(out name);
    }

    /// <summary>
    /// The next name of the whole walk. When <see cref="Current"/> has none left, the walk goes back up until a
    /// directory has one.
    /// </summary>
    public bool TryNextOrLeave([NotNullWhen(true)] out string? name)
    {
        while (!TryNext(out name))
        {
            if (IsAtTop)
                return false;
            Leave();
        }

        return true;
    }

    /// <summary>Goes back to the directory above.</summary>
    /// <returns>The name of the directory that was left.</returns>
    public string Leave()
    {
        Level left = _levels[^1];
        // While this level is still open: its ".." may be needed to open the one above.
        Open(_levels.Count - 2);
        _levels.RemoveAt(_levels.Count - 1);
        _size -= left.Size;
        left.Dispose();
        return left.Name;
    }

    public void Dispose()
    {
        foreach (Level level in _levels)
            level.Dispose();
    }

    private void Add(Level level)
    {
        _levels.Add(level);
        _size += level.Size;
        if (_size > Sys.NamesLimit)
            throw new InputException("the directories down to "
                + PathText.Printable(Current is null ? level.Name : Sys.PathOf(Current))
                + " have too many names: not all were read");
    }

    private SafeFileHandle? Open(int index)
    {
        Level level = _levels[index];
        if (level.IsClosed)
            level.Reopen(FromBelow(index) ?? FromAbove(index)
                ?? throw new InputException("a directory " + Words.Quote(level.Name)
                + " was moved or replaced while it was being read: try again"));
        return level.Handle;
    }

    /// <summary>Follows "..": one step, however deep the directory is. null if it no longer exists.</summary>
    private SafeFileHandle? FromBelow(int index)
    {
        if (index + 1 == _levels.Count || _levels[index + 1] is not { Handle: SafeFileHandle below }
            || _levels[index + 1].Name.StartsWith('/'))
            return null;
        return _levels[index].IfSame(Sys.TryOpenAt(below, "..", Sys.O_RDONLY | Sys.O_DIRECTORY, 0, out _));
    }

    /// <summary>Goes name by name from a directory that is open; null if it no longer exists.</summary>
    private SafeFileHandle? FromAbove(int index)
    {
        int start = index;
        while (!_levels[start].Name.StartsWith('/') && _levels[start - 1].Handle is null)
            start--;
        SafeFileHandle? at = Sys.Reopen(_levels[start].Name.StartsWith('/')
            ? _levels[0].Handle! : _levels[start - 1].Handle!, Sys.O_RDONLY | Sys.O_DIRECTORY);
        for (int i = start; i <= index && at is not null; i++)
            using (SafeFileHandle parent = at)
                at = Sys.TryOpenAt(parent, _levels[i].Name.TrimStart('/'),
                    Sys.O_RDONLY | Sys.O_DIRECTORY | Sys.O_NOFOLLOW, Sys.RESOLVE_BENEATH | Sys.RESOLVE_NO_SYMLINKS,
                    out _);
        return _levels[index].IfSame(at);
    }

    private sealed class Level(string name, SafeFileHandle? handle, List<string> names) : IDisposable
    {
        private List<string>? _names = names;
        private int _next;

        // As it was when the directory was closed.
        private ulong _inode;
        private uint _deviceMajor;
        private uint _deviceMinor;

        public string Name { get; } = name;

        /// <summary>Memory that its names take, in bytes.</summary>
        public int Size { get; } = SizeOf(name, names);

        public SafeFileHandle? Handle { get; private set; } = handle;

        public bool IsClosed { get; private set; }

        public bool HasNext => _names is not null && _next < _names.Count;

        public bool TryNext([NotNullWhen(true)] out string? next)
        {
            next = HasNext ? _names![_next++] : null;
            if (next is null)
                _names = null;
            return next is not null;
        }

        public void Close()
        {
            if (Handle is null)
                return;
            FileStatus status = Sys.Status(Handle);
            _inode = status.Inode;
            _deviceMajor = status.DeviceMajor;
            _deviceMinor = status.DeviceMinor;
            Handle.Dispose();
            Handle = null;
            IsClosed = true;
        }

        public void Reopen(SafeFileHandle handle)
        {
            Handle = handle;
            IsClosed = false;
        }

        /// <returns>null if it is not the directory that was closed.</returns>
        public SafeFileHandle? IfSame(SafeFileHandle? handle)
        {
            if (handle is null)
                return null;
            FileStatus status = Sys.Status(handle);
            if (status.Inode == _inode && status.DeviceMajor == _deviceMajor && status.DeviceMinor == _deviceMinor)
                return handle;
            handle.Dispose();
            return null;
        }

        public void Dispose() => Handle?.Dispose();

        private static int SizeOf(string name, List<string> names)
        {
            int size = Sys.SizeOf(name);
            foreach (string each in names)
                size += Sys.SizeOf(each);
            return size;
        }
    }
}
