using System;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Linux;

/// <summary>
/// The tree operated on. openat2(RESOLVE_IN_ROOT) resolves every path inside it, symlinks included; after that it is
/// used by descriptor. So no change in the tree during a run leads out of it.
/// </summary>
internal sealed class Root : IDisposable
{
    private readonly string _prefix;

    private Root(string path, SafeFileHandle handle)
    {
        Path = path;
        Handle = handle;
        string resolved = Sys.PathOf(handle);
        _prefix = resolved == "/" ? "" : resolved;
    }

    /// <summary>As given on the command line.</summary>
    public string Path { get; }

    public SafeFileHandle Handle { get; }

    public static Root Open(string path) => new(path, Sys.Open(path, Sys.O_PATH | Sys.O_DIRECTORY));

    /// <summary>The path in this process's view that leads to a path in the root, for messages.</summary>
    public string Outside(string pathInRoot) => _prefix + pathInRoot;

    /// <summary>null if it does not exist; other failures, such as a symlink loop, are thrown.</summary>
    public SafeFileHandle? TryOpen(string pathInRoot, int flags = Sys.O_PATH)
    {
        SafeFileHandle? handle = TryOpen(pathInRoot, flags, out int errno);
        return handle is not null || errno is Errno.ENOENT or Errno.ENOTDIR
            ? handle : throw new KernelException("open", Outside(pathInRoot), errno);
    }

    /// <summary>null, and the error number, on any failure.</summary>
    public SafeFileHandle? TryOpen(string pathInRoot, int flags, out int errno) =>
        Sys.TryOpenAt(Handle, Relative(pathInRoot), flags, Sys.RESOLVE_IN_ROOT | Sys.RESOLVE_NO_MAGICLINKS, out errno);

    public SafeFileHandle OpenAt(string pathInRoot, int flags = Sys.O_PATH) =>
        TryOpen(pathInRoot, flags, out int errno) ?? throw new KernelException("open", Outside(pathInRoot), errno);

    /// <summary>Whether it can be opened; fails like <see cref="TryOpen(string, int)"/>.</summary>
    public bool Exists(string pathInRoot, int flags = Sys.O_PATH)
    {
        using SafeFileHandle? handle = TryOpen(pathInRoot, flags);
        return handle is not null;
    }

    /// <summary>null if it does not exist, or if any component of the path is not a directory.</summary>
    public SafeFileHandle? TryOpenDirectory(string pathInRoot, int flags = Sys.O_PATH) =>
        TryOpen(pathInRoot, flags | Sys.O_DIRECTORY);

    /// <summary>
    /// The content of a regular file; null if it does not exist. Anything but a regular file is an
    /// <see cref="InputException"/>: a fifo would hang the boot.
    /// </summary>
    /// <param name="limit">In bytes; more is an <see cref="InputException"/>.</param>
    public byte[]? TryReadFile(string pathInRoot, int limit)
    {
        using SafeFileHandle? file = TryOpen(pathInRoot);
        return file is null ? null : ReadFile(file, Outside(pathInRoot), limit);
    }

    /// <param name="file">An O_PATH descriptor.</param>
    /// <param name="name">For messages.</param>
    public static byte[] ReadFile(SafeFileHandle file, string name, int limit)
    {
        if (!Sys.Status(file).IsRegular)
            throw new InputException(PathText.Printable(name) + " is not a regular file");
        using SafeFileHandle readable = Sys.Reopen(file, Sys.O_RDONLY | Sys.O_NOCTTY | Sys.O_NONBLOCK);
        return Sys.ReadAll(readable, limit, name);
    }

    /// <summary>The path of an open file inside the root: absolute, without symlinks.</summary>
    public string PathOf(SafeFileHandle handle) => Inside(Sys.PathOf(handle));

    /// <param name="path">As <see cref="Sys.PathOf"/> returns it.</param>
    public string Inside(string path)
    {
        if (_prefix.Length > 0 && path != _prefix && !PathName.IsBelow(path, _prefix))
            throw new InputException(PathText.Printable(path) + " is outside the root " + PathText.Printable(Path));
        return path.Length == _prefix.Length ? "/" : path[_prefix.Length..];
    }

    public void Dispose() => Handle.Dispose();

    private static ReadOnlySpan<char> Relative(string path)
    {
        ReadOnlySpan<char> relative = path.AsSpan().TrimStart('/');
        return relative.Length == 0 ? "." : relative;
    }
}
