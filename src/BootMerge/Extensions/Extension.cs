using System;
using BootMerge.Extensions.Images;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Extensions;

/// <summary>What an entry of a search directory turned out to be, with symlinks followed.</summary>
internal enum ExtensionKind
{
    Directory,

    /// <summary>NAME.raw</summary>
    Image,

    BlockDevice,
}

/// <summary>
/// One extension as found, not yet judged. A directory holds no descriptor, because there may be hundreds; an image
/// holds its mount once it has been opened.
/// </summary>
internal sealed class Extension : IDisposable
{
    // The single directory that is the whole extension; null for extensions that follow UAPI.4.
    private readonly string? _defaultsHierarchy;

    // For an extension that the user named by a path, which may be outside the root. null for those that the search
    // found.
    private readonly SafeFileHandle? _given;

    private Extension(string? defaultsHierarchy, SafeFileHandle? given = null)
    {
        _defaultsHierarchy = defaultsHierarchy;
        _given = given;
    }

    public Extension()
    {
    }

    /// <summary>The certificates that count, if not those that the root shows; null: the root's.</summary>
    public SignerCertificates? Certificates { get; set; }

    // The image's own file, if the path that everybody sees leads into a merge.
    private SafeFileHandle? _imageFile;
    private SafeFileHandle? _imageDirectory;

    // What opened the image, if that was under the built-in policy: it can describe the image completely.
    private ImageOpener? _opener;

    public required string Name { get; init; }

    public required ExtensionClass Class { get; init; }

    public required ExtensionKind Kind { get; init; }

    /// <summary>
    /// Inside the root, with all symlinks resolved: the path that systemd lists, and that its marker's origin names.
    /// </summary>
    public required string Path { get; init; }

    /// <summary>
    /// Inside the root, where the search found it: in a search directory, or in a versioned directory there. The last
    /// two components may be symlinks on the way to <see cref="Path"/>.
    /// </summary>
    public required string FoundPath { get; init; }

    /// <summary>Of what <see cref="Path"/> names, at the time of the search.</summary>
    public required FileStatus Status { get; init; }

    /// <summary>
    /// Microseconds since the epoch, as systemd lists it. For an image, when it was last changed. For a directory, when
    /// it was made, or last changed if the file system does not record that. 0 for a block device.
    /// </summary>
    public ulong Time => Kind switch
    {
        ExtensionKind.BlockDevice => 0,
        ExtensionKind.Image => Status.ModificationTime,
        _ => Status.BirthTime != 0 ? Status.BirthTime : Status.ModificationTime,
    };

    /// <summary>The mounted disk image after <see cref="OpenImage"/>; null before, and for directories.</summary>
    public DiskImage? Image { get; private set; }

    /// <summary>A directory that stands for the class's first hierarchy and needs no release file.</summary>
    public bool IsDefaultsDirectory => _defaultsHierarchy is not null;

    /// <summary>Found in /run: at the next boot another extension may have its name.</summary>
    public bool IsForNow => FoundPath.StartsWith("/run/", StringComparison.Ordinal);

    /// <summary>The user named it by its path: it need not be deployed.</summary>
    public bool IsGiven => _given is not null;

    /// <summary>"directory", "raw", "block": the words of systemd-confext list.</summary>
    public string KindName => Kind switch
    {
        ExtensionKind.Image => "raw",
        ExtensionKind.BlockDevice => "block",
        _ => "directory",
    };

    /// <summary>
    /// The vendor's defaults if they are not an extension: <paramref name="directory"/> itself is the /etc of the
    /// confext <paramref name="name"/>.
    /// </summary>
    /// <returns>null if there is no such directory.</returns>
    public static Extension? FromDefaults(Root root, string name, string directory)
    {
        using SafeFileHandle? handle = root.TryOpenDirectory(directory);
        if (handle is null)
            return null;
        return new Extension(ExtensionClass.Confext.Hierarchies[0])
        {
            Name = name,
            Class = ExtensionClass.Confext,
            Kind = ExtensionKind.Directory,
            Path = root.PathOf(handle),
            FoundPath = directory,
            Status = Sys.Status(handle),
        };
    }

    /// <summary>A directory that was an extension when it was merged; null if it no longer exists.</summary>
    public static Extension? TryAt(Root root, ExtensionClass extensionClass, string name, string path)
    {
        using SafeFileHandle? handle = root.TryOpenDirectory(path);
        return handle is null ? null : new Extension
        {
            Name = name,
            Class = extensionClass,
            Kind = ExtensionKind.Directory,
            Path = path,
            FoundPath = path,
            Status = Sys.Status(handle),
        };
    }

    /// <summary>
    /// An extension that is not deployed yet. As in an image, no symlink leads out of it. What cannot be an extension
    /// is an <see cref="InputException"/>.
    /// </summary>
    /// <param name="path">A path in this process's view.</param>
    /// <param name="isForced">Accept it even if it looks like one of another class.</param>
    /// <returns>null if it looks like one of another class.</returns>
    public static Extension? FromPath(string path, ExtensionClass extensionClass, bool isForced)
    {
        SafeFileHandle given = Sys.Open(path, Sys.O_PATH);
        FileStatus status = Sys.Status(given);
        string name = PathName.Last(path.TrimEnd('/'));
        // "." and ".." and "/" have no name of their own.
        if (name is "" or "." or "..")
            name = PathName.Last(Sys.PathOf(given));
        string problem = "it is not a directory, regular file or block device";
        string? parsed = EntryFile.TryGetKind(status, out ExtensionKind kind)
            ? EntryName.TryParse(name, kind, extensionClass, out problem) : null;
        if (parsed is null)
        {
            given.Dispose();
            throw new InputException(PathText.Printable(path) + " cannot be an extension: " + problem);
        }

        Extension extension = new(null, given)
        {
            Name = parsed,
            Class = extensionClass,
            Kind = kind,
            Path = path,
            FoundPath = path,
            Status = status,
        };
        if (isForced || extension.LooksLike(name))
            return extension;
        extension.Dispose();
        return null;
    }

    /// <summary>
    /// Judged by the infix of the file's name, otherwise by the release directory that it has. Only for
    /// <see cref="FromPath"/>.
    /// </summary>
    private bool LooksLike(string fileName)
    {
        ExtensionClass other = Class == ExtensionClass.Confext ? ExtensionClass.Sysext : ExtensionClass.Confext;
        if (fileName.Contains("." + other.Name, StringComparison.Ordinal))
            return false;
        if (Kind != ExtensionKind.Directory || fileName.Contains("." + Class.Name, StringComparison.Ordinal))
            return true;
        using SafeFileHandle? own = TryOpenInside(_given!, Class.ReleaseDirectory, Sys.O_PATH);
        using SafeFileHandle? others = TryOpenInside(_given!, other.ReleaseDirectory, Sys.O_PATH);
        return own is not null || others is null;
    }

    /// <summary>
    /// Mounts an image where nobody sees it; does nothing for a directory. What is not a usable image is an
    /// <see cref="InputException"/>.
    /// </summary>
    /// <param name="policy">null: the built-in one.</param>
    /// <returns>Why the policy does not allow it; null if it does.</returns>
    public string? OpenImage(Root root, ImagePolicy? policy)
    {
        if (Kind == ExtensionKind.Directory || Image is not null)
            return null;
        // An image from the boot loader counts as one whether a link leads to it or starts where it is.
        string path = ImagePolicy.IsBootLoaders(Path) ? Path : FoundPath;
        return WithOpener(root, policy ?? ImagePolicy.BuiltIn(Class, path), opener =>
        {
            Image = opener.Open();
            _opener = policy is null && Image is not null ? opener : null;
            return opener.Refusal;
        });
    }

    /// <summary>
    /// What an image contains, and what image policies make of it, as lines for people; empty for a directory.
    /// </summary>
    public string DescribeImage(Root root) => Kind == ExtensionKind.Directory ? "" : _opener?.Describe()
        ?? WithOpener(root, ImagePolicy.Parse("*", out _)!, static opener =>
        {
            string problem = "";
            try
            {
                opener.Open()?.Dispose();
            }
            catch (Exception e) when (e is KernelException or InputException)
            {
                problem = "    it cannot be used: " + e.Message + "\n";
            }

            return opener.Describe() + problem;
        })!;

    private string? WithOpener(Root root, ImagePolicy policy, Func<ImageOpener, string?> use)
    {
        using SafeFileHandle file = _imageFile is null ? Open(root) : Sys.Reopen(_imageFile, Sys.O_PATH);
        using SafeFileHandle? directory = Kind != ExtensionKind.Image ? null : OpenBeside(root);
        using SideFiles? beside = Kind != ExtensionKind.Image ? null
            : SideFiles.Read(file, directory, PathName.Last(_given is null ? Path : Sys.PathOf(_given)));
        using SafeFileHandle readable = Sys.Reopen(file, Sys.O_RDONLY | Sys.O_NONBLOCK | Sys.O_NOCTTY);
        // What a sysext brings to /usr may contain confexts, which are merged on top of it.
        return use(new ImageOpener(readable, Path, beside, policy,
            mayLieUnderLayers: Class == ExtensionClass.Sysext, Certificates ?? SignerCertificates.Read(root)));
    }

    /// <summary>The directory that an image is in; null if that root does not show it.</summary>
    private SafeFileHandle? OpenBeside(Root root) =>
        _imageDirectory is not null ? Sys.Reopen(_imageDirectory, Sys.O_PATH | Sys.O_DIRECTORY)
        : _given is not null ? Sys.Open(PathName.Parent(Sys.PathOf(_given)) + "/", Sys.O_PATH | Sys.O_DIRECTORY)
        : root.TryOpenDirectory(PathName.Parent(Path));

    /// <summary>
    /// Sets the file to open instead of what is at <see cref="Path"/>. A loop device keeps the merge through which its
    /// file was opened, and with it that merge's own loop devices, for ever.
    /// </summary>
    /// <param name="file">O_PATH; the extension closes it, and the directory.</param>
    /// <param name="directory">The directory that the file is in.</param>
    public void OpenFrom(SafeFileHandle file, SafeFileHandle? directory)
    {
        _imageFile?.Dispose();
        _imageDirectory?.Dispose();
        _imageFile = file;
        _imageDirectory = directory;
    }

    /// <summary>Closes the image; a merge that was made of it keeps it.</summary>
    public void Dispose()
    {
        Image?.Dispose();
        _imageFile?.Dispose();
        _imageDirectory?.Dispose();
        _given?.Dispose();
    }

    /// <summary>Opens what <see cref="Path"/> names, O_PATH.</summary>
    public SafeFileHandle Open(Root root) => TryOpenHere(root)
        ?? throw new KernelException("open", root.Outside(Path), Errno.ENOENT);

    /// <summary>The same; null if that root does not show it yet.</summary>
    public SafeFileHandle? TryOpenHere(Root root) => _given is null
        ? root.TryOpen(Path) : Sys.Reopen(_given, Sys.O_PATH);

    /// <summary>
    /// The extension's own version of a hierarchy. In an image it is resolved inside the image. In a directory it may
    /// be a symlink out of the extension. Then it is resolved inside the root, where the vendor's directory is; only if
    /// nothing exists there is it resolved inside the extension, the only place where systemd looks.
    /// </summary>
    /// <returns>null if the extension has no such directory.</returns>
    public SafeFileHandle? OpenHierarchy(Root root, string hierarchy, int flags = Sys.O_PATH)
    {
        if (IsDefaultsDirectory)
            return hierarchy == _defaultsHierarchy ? root.TryOpenDirectory(Path, flags) : null;
        return TryOpen(root, hierarchy, flags | Sys.O_DIRECTORY);
    }

    /// <summary>
    /// Whether systemd-confext, which resolves everything inside the extension, arrives at the same directory. If so,
    /// its refresh does not drop the directory.
    /// </summary>
    public bool SystemdFinds(Root root, string hierarchy)
    {
        if (IsDefaultsDirectory || Image is not null)
            return Image is not null;
        using SafeFileHandle? ours = OpenHierarchy(root, hierarchy);
        using SafeFileHandle directory = Open(root);
        using SafeFileHandle? theirs = TryOpenInside(directory, hierarchy, Sys.O_PATH | Sys.O_DIRECTORY);
        return ours is null ? theirs is null : theirs is not null && Sys.Status(ours).IsSameInode(Sys.Status(theirs));
    }

    /// <summary>
    /// A path of the extension, resolved as by <see cref="OpenHierarchy"/>; null if it does not exist.
    /// </summary>
    public SafeFileHandle? TryOpen(Root root, string path, int flags)
    {
        if ((Image is null ? _given : Image.Root) is SafeFileHandle top)
            return TryOpenInside(top, path, flags);
        SafeFileHandle? handle = root.TryOpen(System.IO.Path.Join(Path, path), flags);
        if (handle is not null)
            return handle;
        using SafeFileHandle directory = Open(root);
        return TryOpenInside(directory, path, flags);
    }

    /// <summary>A path of the extension in <paramref name="directory"/>; no symlink leads out of it.</summary>
    public static SafeFileHandle? TryOpenInside(SafeFileHandle directory, string path, int flags) =>
        Sys.TryOpenAt(directory, path, flags, Sys.RESOLVE_IN_ROOT | Sys.RESOLVE_NO_MAGICLINKS);
}
