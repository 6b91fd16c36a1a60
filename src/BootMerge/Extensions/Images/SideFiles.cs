using System;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Extensions.Images;

/// <summary>
/// The files beside an image that verify it: B.roothash or B.usrhash, B.verity and a signature, where B is the image's
/// name without ".raw". A root hash may also be an extended attribute.
/// </summary>
internal sealed class SideFiles : IDisposable
{
    private const string Suffix = ".raw";

    // Far larger than a signature or a hash.
    public const int Limit = 1 << 16;

    private const ulong Beside = Sys.RESOLVE_BENEATH | Sys.RESOLVE_NO_MAGICLINKS;

    private static readonly string[] Names = ["root", "usr"];

    private SideFiles()
    {
    }

    /// <summary>null if there is none.</summary>
    public RootHash? Hash { get; private set; }

    /// <summary>PKCS#7 of the root hash, in DER; null if there is none.</summary>
    public byte[]? Signature { get; private set; }

    /// <summary>The hash tree's file, opened for reading; null if there is none.</summary>
    public SafeFileHandle? Tree { get; private set; }

    /// <summary>The name of the tree's file, even if it does not exist.</summary>
    public string TreeName { get; private set; } = "";

    /// <summary>A file whose name looks like one of these but is not; or null.</summary>
    public string? Misnamed { get; private set; }

    /// <param name="image">O_PATH descriptor of a regular file.</param>
    /// <param name="directory">The directory that it is in; symlinks do not lead out of it. null: nothing is beside
    /// it.</param>
    /// <param name="name">Of the image in that directory.</param>
    public static SideFiles Read(SafeFileHandle image, SafeFileHandle? directory, string name)
    {
        SideFiles files = new();
        try
        {
            files.Look(image, directory, name);
            return files;
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    public void Dispose() => Tree?.Dispose();

    private void Look(SafeFileHandle image, SafeFileHandle? directory, string name)
    {
        string stem = name.EndsWith(Suffix, StringComparison.Ordinal) ? name[..^Suffix.Length] : name;
        TreeName = stem + ".verity";
        for (Designator data = Designator.Root; Hash is null && data <= Designator.Usr; data++)
        {
            string kind = Names[(int)data] + "hash";
            string source = "the attribute user.verity." + kind;
            byte[]? text = Sys.TryGetXattrOf(image, "user.verity." + kind);
            if (text is null && directory is not null)
            {
                source = PathText.Printable(stem) + "." + kind;
                text = TryRead(directory, stem + "." + kind);
            }

            if (text is null)
                continue;
            int end = text.AsSpan().IndexOf((byte)'\n');
            Hash = new RootHash(RootHash.Parse(PathText.Decode(end < 0 ? text : text.AsSpan(0, end)))
                ?? throw new InputException("the root hash in " + source + " is not hexadecimal"), data, source);
            if (directory is not null)
                Signature = TryRead(directory, stem + "." + kind + ".p7s");
            if (Signature is { Length: 0 })
                throw new InputException("the signature in " + PathText.Printable(stem) + "." + kind + ".p7s is empty");
        }

        if (directory is null)
            return;
        using SafeFileHandle? tree = TryOpen(directory, TreeName);
        if (tree is not null && !Sys.Status(tree).IsRegular)
            throw new InputException(PathText.Printable(TreeName) + " is not a regular file");
        if (tree is not null)
            Tree = Sys.Reopen(tree, Sys.O_RDONLY | Sys.O_NONBLOCK);
        if (stem == name || Hash is not null && Tree is not null)
            return;
        foreach (string ending in (ReadOnlySpan<string>)[".roothash", ".verity", ".usrhash"])
        {
            // Errors do not matter: nothing reads this file.
            using SafeFileHandle? other = Sys.TryOpenAt(directory, name + ending, Sys.O_PATH, Beside, out _);
            if (other is not null)
                Misnamed = PathText.Printable(name + ending) + ": its name must be "
                    + PathText.Printable(stem + ending);
        }
    }

    private static byte[]? TryRead(SafeFileHandle directory, string name)
    {
        using SafeFileHandle? file = TryOpen(directory, name);
        return file is null ? null : Root.ReadFile(file, name, Limit);
    }

    /// <summary>A name that is too long counts as missing too.</summary>
    private static SafeFileHandle? TryOpen(SafeFileHandle directory, string name)
    {
        SafeFileHandle? file = Sys.TryOpenAt(directory, name, Sys.O_PATH, Beside, out int errno);
        if (file is not null || errno is Errno.ENOENT or Errno.ENAMETOOLONG)
            return file;
        throw errno == Errno.EXDEV ? new InputException(PathText.Printable(name) + " beside it is a symlink that leads "
            + "out of its directory and is not followed: put the file itself there")
            : new KernelException("openat2", name, errno);
    }
}
