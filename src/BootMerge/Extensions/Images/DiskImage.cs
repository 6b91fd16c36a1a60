using System;
using System.Collections.Generic;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Extensions.Images;

/// <summary>An extension that is a disk image, opened: a bare file system, or partitions of a GPT.</summary>
internal sealed class DiskImage : IDisposable
{
    private const string UsrName = "usr";

    private readonly Volume? _root;

    // Lies upon the root's /usr, and is alone in an image without a root.
    private readonly Volume? _usr;

    private DiskImage(string path, Volume? root, Volume? usr)
    {
        Path = path;
        _root = root;
        _usr = usr;
        Root = usr is null ? root!.Root : Join();
    }

    /// <summary>Inside the root.</summary>
    public string Path { get; }

    /// <summary>The root of a detached, read-only mount of it.</summary>
    public SafeFileHandle Root { get; }

    /// <summary>
    /// <see cref="Root"/> has a mount on it: the kernel takes a directory of that as a layer only by a copy of the
    /// mount.
    /// </summary>
    public bool HasUsr => _usr is not null;

    /// <summary>Its maker gave it a hash partition, but the policy does not want that used.</summary>
    public bool IsUnverified { get; private init; }

    /// <summary>
    /// What cannot be opened or mounted is a <see cref="KernelException"/>, what is not such an image an
    /// <see cref="InputException"/>.
    /// </summary>
    /// <param name="image">O_PATH descriptor of a regular file or block device.</param>
    /// <param name="path">Of the image, inside the root.</param>
    /// <param name="policy">Asked before the kernel sees a file system.</param>
    /// <param name="mayLieUnderLayers">Layers of other merges may come to lie on what is in it.</param>
    /// <param name="refusal">Why the policy does not allow it, or null.</param>
    /// <returns>null when the policy does not allow it.</returns>
    public static DiskImage? Open(SafeFileHandle image, string path, ImagePolicy policy, bool mayLieUnderLayers,
        out string? refusal)
    {
        using SafeFileHandle file = Sys.Reopen(image, Sys.O_RDONLY | Sys.O_NONBLOCK | Sys.O_NOCTTY);
        ReadOnlySpan<byte> start = Start(file, path, 0);
        List<GptPartition>? partitions = GptTable.Read(start, Sys.SizeOf(file),
            (buffer, offset) => Sys.ReadAt(file, buffer, offset, path), out string problem);
        if (problem.Length > 0)
            throw new InputException(problem);
        if (partitions is null)
        {
            string fileSystem = Superblock.Identify(start, "it", out problem) ?? throw new InputException(problem);
            refusal = policy.ReasonToRefuse(fileSystem);
            return refusal is not null ? null
                : new DiskImage(path, Volume.OfWhole(file, path, fileSystem, mayLieUnderLayers), null);
        }

        RefuseLeftOvers(start);
        return OpenPartitions(file, path, new PartitionChoice(partitions, policy, MachineArchitecture.Local), policy,
            out refusal);
    }

    /// <summary>What is left of something older must not decide what is merged.</summary>
    private static void RefuseLeftOvers(ReadOnlySpan<byte> start)
    {
        string? leftOver = Superblock.Find(start, "it", out string? reason);
        if (leftOver is not null)
            throw new InputException("it has a GPT partition table and the signature of " + leftOver);
        if (reason is not null)
            throw new InputException("it has a GPT partition table, and " + reason);
    }

    private static DiskImage? OpenPartitions(SafeFileHandle file, string path, PartitionChoice choice,
        ImagePolicy policy, out string? refusal)
    {
        if (choice.Problem is not null)
            throw new InputException(choice.Problem);
        refusal = choice.Refusal;
        Volume? root = null;
        Volume? usr = null;
        try
        {
            if (refusal is null && choice.Root is not null)
                root = OpenPartition(file, path, policy, choice.Root, Designator.Root, out refusal);
            if (refusal is null && choice.Usr is not null)
                usr = OpenPartition(file, path, policy, choice.Usr, Designator.Usr, out refusal);
            if (refusal is null)
                return new DiskImage(path, root, usr) { IsUnverified = choice.IsUnverified };
        }
        catch
        {
            root?.Dispose();
            usr?.Dispose();
            throw;
        }

        root?.Dispose();
        return null;
    }

    /// <summary>Another detached mount of it: an older kernel attaches each one only once.</summary>
    public SafeFileHandle Mount() => _usr is null ? _root!.Mount() : Join();

    public void Dispose()
    {
        Root.Dispose();
        _root?.Dispose();
        _usr?.Dispose();
    }

    /// <returns>null when the policy does not allow its file system.</returns>
    private static Volume? OpenPartition(SafeFileHandle file, string path, ImagePolicy policy, GptPartition partition,
        Designator designator, out string? refusal)
    {
        string place = designator == Designator.Root ? "its root partition" : "its usr partition";
        string fileSystem = Superblock.Identify(Start(file, path, partition.Offset, partition.Size), place,
            out string problem) ?? throw new InputException(problem);
        refusal = policy.ReasonToRefuse(designator, fileSystem);
        return refusal is null ? Volume.OfPart(file, path, fileSystem, partition.Offset, partition.Size) : null;
    }

    /// <summary>
    /// Kernels before 6.15 attach nothing to a detached mount: so it is done where nobody sees it, and copied from
    /// there.
    /// </summary>
    private SafeFileHandle Join()
    {
        using SafeFileHandle root = _root?.Mount() ?? EmptyRoot();
        using SafeFileHandle usr = _usr!.Mount();
        using PrivateView view = PrivateView.Enter();
        using SafeFileHandle place = Sys.Open("/", Sys.O_PATH | Sys.O_DIRECTORY);
        Sys.Attach(root, place, Path);
        using SafeFileHandle point = Sys.TryOpenAt(root, UsrName, Sys.O_PATH | Sys.O_DIRECTORY | Sys.O_NOFOLLOW)
            ?? throw new InputException("its root partition has no directory usr");
        Sys.Attach(usr, point, Path);
        return Sys.CloneTree(root, recursive: true, Path);
    }

    private static SafeFileHandle EmptyRoot()
    {
        SafeFileHandle root = Sys.NewMemory();
        try
        {
            Sys.MakeDirectory(root, UsrName, Octal.Mode755, UsrName);
            return root;
        }
        catch
        {
            root.Dispose();
            throw;
        }
    }

    private static ReadOnlySpan<byte> Start(SafeFileHandle file, string path, ulong offset, ulong size = ulong.MaxValue)
    {
        byte[] start = new byte[Math.Min(Superblock.Length, size)];
        return start.AsSpan(0, Sys.ReadAt(file, start, offset, path));
    }
}
