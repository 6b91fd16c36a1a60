using System;
using System.Collections.Generic;
using System.Text;
using BootMerge.Linux;
using CommunityToolkit.HighPerformance;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Extensions.Images;

/// <summary>
/// Leads from an image's file to its file systems: what it contains, whether the policy allows that, and whether it is
/// what its maker signed. Each is checked before the kernel sees the next part.
/// </summary>
/// <param name="file">Regular file or block device, opened for reading.</param>
/// <param name="path">Of the image, inside the root.</param>
/// <param name="beside">null: the image cannot have files beside it.</param>
/// <param name="certificates">Those whose signatures count.</param>
/// <param name="mayLieUnderLayers">Layers of other merges may be stacked on its content.</param>
internal sealed class ImageOpener(SafeFileHandle file, string path, SideFiles? beside, ImagePolicy policy,
    bool mayLieUnderLayers, SignerCertificates certificates)
{
    private ImageProtection? _protection;

    // What the table has, once it was read; empty for a bare file system.
    private List<GptPartition>? _partitions;
    private string? _fileSystem;
    private string? _signer;

    /// <summary>Why the policy does not allow the image, or null; set by <see cref="Open"/>.</summary>
    public string? Refusal { get; private set; }

    /// <returns>null if the policy does not allow it.</returns>
    public DiskImage? Open()
    {
        byte[] start = Start(file, 0);
        _partitions = GptTable.Read(start, Sys.SizeOf(file),
            (buffer, offset) => Sys.ReadAt(file, buffer, offset, path), out string problem);
        if (problem.Length > 0)
            throw new InputException(problem);
        if (_partitions is null)
            return OpenBare(start) is Volume bare ? new DiskImage(path, bare, null, _protection!) : null;
        RefuseLeftOvers(start);
        if (beside?.Tree is not null)
            throw new InputException(PathText.Printable(beside.TreeName) + " lies beside it, but an image with a "
                + "partition table has its own hash tree: remove that file");
        return OpenPartitions(Choose(policy));
    }

    /// <summary>
    /// For people: what the image contains, and what each word of a policy would make of it. Call after
    /// <see cref="Open"/>, whatever its result.
    /// </summary>
    public string Describe()
    {
        if (_partitions is null && _fileSystem is null)
            return "";
        StringBuilder text = new(_partitions is null ? "    a bare " + _fileSystem + "\n" : "    a partition table:");
        foreach (GptPartition partition in _partitions ?? [])
            text.Append(' ').Append(ImagePolicy.NameOf(partition.Designator));
        if (_partitions is not null)
            text.Append('\n');
        if (_protection is not null)
            text.Append("    ").Append(_protection.Describe()).Append('\n');
        if (_protection?.RootHash is string hash)
            text.Append("    root hash ").Append(hash).Append('\n');
        if (_signer is not null)
            text.Append("    signed by ").Append(PathText.Printable(_signer)).Append('\n');
        Designator data = _partitions is null || Choose(policy).Root is not null ? Designator.Root : Designator.Usr;
        string name = ImagePolicy.NameOf(data);
        foreach (ReadOnlySpan<char> word in "verity signed encrypted unprotected absent".Tokenize(' '))
            text.Append("    ImagePolicy=").Append(name).Append('=').Append(word).Append(": ")
                .Append(Under(name + "=" + word.ToString(), data, isSigned: word is "signed")).Append('\n');
        return text.ToString();
    }

    private string Under(string rule, Designator data, bool isSigned)
    {
        ImagePolicy other = ImagePolicy.Parse(rule, out _)!;
        PartitionChoice? choice = _partitions is null ? null : Choose(other);
        return (choice is null ? other.ReasonToRefuse(_fileSystem!, BareState) : choice.Problem ?? choice.Refusal)
            is not null ? "refused"
            : !other.Verifies(data) || (choice is null ? BareState == PartitionState.Plain
                : choice.HashTreeOf(data) is null) ? "merged, unverified"
            : _protection is null ? "not known" : isSigned && _protection.SignedBy is null ? "refused"
            : "merged, verified";
    }

    private PartitionChoice Choose(ImagePolicy by) => new(_partitions!, by, MachineArchitecture.Local, beside?.Hash);

    private PartitionState BareState => beside is not { Tree: not null, Hash.Data: Designator.Root }
        ? PartitionState.Plain : beside.Signature is null ? PartitionState.Hashed : PartitionState.Signed;

    private Volume? OpenBare(byte[] start)
    {
        string fileSystem = Superblock.Identify(start, "it", out string problem) ?? throw new InputException(problem);
        _fileSystem = fileSystem;
        Refusal = policy.ReasonToRefuse(fileSystem, BareState);
        if (Refusal is not null)
            return null;
        if (BareState == PartitionState.Plain)
        {
            string? reason = WhyBareIsUnverified();
            _protection = new ImageProtection
            {
                Reason = reason ?? "it has no hash tree",
                IsLess = reason is not null,
            };
            return Volume.OfWhole(file, path, fileSystem, mayLieUnderLayers);
        }

        return OpenVerified(new VerityPlace
        {
            Data = file,
            DataOffset = 0,
            DataSize = Sys.SizeOf(file),
            Tree = beside!.Tree!,
            TreeOffset = 0,
            TreeSize = Sys.SizeOf(beside.Tree!),
            RootHash = beside.Hash!.Text,
            HashSource = beside.Hash.Source,
        }, Designator.Root, beside.Signature, "it");
    }

    /// <summary>The image's maker meant it to be verified; systemd 262 merges it anyway, without a message.</summary>
    private string? WhyBareIsUnverified() =>
        beside is null ? null
        : beside.Misnamed is not null ? "nobody looks at " + beside.Misnamed
        : beside.Hash is RootHash hash ? "there is a root hash (" + hash.Source + "), but "
            + (hash.Data == Designator.Usr ? "no usr partition"
                : "no hash tree (" + PathText.Printable(beside.TreeName) + ")")
        : beside.Tree is not null ? PathText.Printable(beside.TreeName) + " lies beside it, but no root hash"
        : null;

    /// <summary>Remains of an older image must not decide what is merged.</summary>
    private static void RefuseLeftOvers(ReadOnlySpan<byte> start)
    {
        string? leftOver = Superblock.Find(start, "it", out string? reason);
        if (leftOver is not null)
            throw new InputException("it has a GPT partition table and the signature of " + leftOver);
        if (reason is not null)
            throw new InputException("it has a GPT partition table, and " + reason);
    }

    private DiskImage? OpenPartitions(PartitionChoice choice)
    {
        if (choice.Problem is not null)
            throw new InputException(choice.Problem);
        Refusal = choice.Refusal;
        Volume? data = null;
        Volume? usr = null;
        ImageProtection? less = null;
        try
        {
            if (Refusal is null && choice.Usr is not null)
                usr = OpenPartition(choice, choice.Usr, Designator.Usr);
            if (_protection is { IsLess: true })
                less = _protection;
            // What is true of the root is reported for the whole image; a usr partition only adds to the root.
            if (Refusal is null && choice.Root is not null)
                data = OpenPartition(choice, choice.Root, Designator.Root);
            if (less is not null && !_protection!.IsLess)
                _protection = new ImageProtection { Reason = "its usr partition: " + less.Reason, IsLess = true };
            if (Refusal is null)
                return new DiskImage(path, data, usr, _protection!);
        }
        catch
        {
            data?.Dispose();
            usr?.Dispose();
            throw;
        }

        usr?.Dispose();
        return null;
    }

    /// <returns>null if the policy does not allow its file system, or its signature.</returns>
    private Volume? OpenPartition(PartitionChoice choice, GptPartition partition, Designator designator)
    {
        string place = designator == Designator.Root ? "its root partition" : "its usr partition";
        if (choice.HashTreeOf(designator) is not GptPartition tree || !policy.Verifies(designator))
        {
            bool isLess = choice.HasUnusedTree(designator);
            _protection = new ImageProtection
            {
                Reason = isLess ? "the image policy does not use its hash partition (dm-verity)"
                    : place + " has no hash tree",
                IsLess = isLess,
            };
            string fileSystem = Identify(file, partition.Offset, partition.Size, place);
            Refusal = policy.ReasonToRefuse(designator, fileSystem);
            return Refusal is null ? Volume.OfPart(file, path, fileSystem, partition.Offset, partition.Size) : null;
        }

        RootHash? given = beside?.Hash is RootHash hash && hash.Data == designator ? hash : null;
        byte[]? signature = given is null ? null : beside!.Signature;
        string? rootHash = given?.Text;
        string source = given?.Source ?? "";
        if ((rootHash is null || signature is null) && choice.SignatureOf(designator) is GptPartition signed)
        {
            SignaturePartition content = ReadSignature(signed);
            if (rootHash is not null && rootHash != content.RootHash)
                throw new InputException(source + " names another root hash than its signature partition");
            rootHash = content.RootHash;
            signature = content.Signature;
            source = "its signature partition";
        }

        if (rootHash is null)
        {
            rootHash = partition.Guid + tree.Guid;
            source = "the GUIDs of its partitions";
        }

        return OpenVerified(new VerityPlace
        {
            Data = file,
            DataOffset = partition.Offset,
            DataSize = partition.Size,
            Tree = file,
            TreeOffset = tree.Offset,
            TreeSize = tree.Size,
            RootHash = rootHash,
            HashSource = source,
        }, designator, signature, place);
    }

    private SignaturePartition ReadSignature(GptPartition partition)
    {
        byte[] content = new byte[partition.Size <= SignaturePartition.Limit ? (int)partition.Size
            : throw new InputException("its signature partition is too large")];
        _ = Sys.ReadAt(file, content, partition.Offset, path);
        return SignaturePartition.Parse(content)
            ?? throw new InputException("its signature partition cannot be read: it is not a JSON object with "
                + "rootHash and signature");
    }

    /// <summary>
    /// The signature is checked here first: for each one that the kernel's own keyrings do not know, the kernel would
    /// log an error.
    /// </summary>
    private Volume? OpenVerified(VerityPlace place, Designator designator, byte[]? signature, string name)
    {
        bool mayGoWithout = policy.Allows(designator, isSigned: false);
        if (signature is null && !mayGoWithout)
        {
            Refusal = policy.Refusal("no image without a signature");
            return null;
        }

        if (!policy.Allows(designator, isSigned: true))
            signature = null;
        _signer = signature is null ? null : SignatureCheck.SignerOf(signature);
        SignatureResult? result = signature is null ? null
            : new SignatureCheck(certificates, KernelCommandLine.AllowsUserspaceVerity).Check(signature,
                PathText.Encode(place.RootHash));
        bool isKnown = result?.Certificate is not null;
        if (signature is not null)
            VerityDevice.LoadModule();
        bool isAsked = signature is not null && VerityDevice.KernelChecksSignatures
            && (!isKnown || VerityDevice.KernelWantsSignatures);
        int errno = 0;
        SafeFileHandle? device = null;
        string devicePath = "";
        if (signature is null || isKnown || isAsked || mayGoWithout)
            device = VerityDevice.Open(place, path, isAsked ? signature : null, mayGoWithout || isKnown, out devicePath,
                out errno);
        bool isKernels = isAsked && errno == 0;
        string? reason = signature is null || isKnown || isKernels ? null
            : "its signature is not recognized: " + (isAsked ? "the kernel says " + Errno.Describe(errno) + ", and "
                : "") + result!.Reason;
        if (device is null)
        {
            Refusal = reason;
            return null;
        }

        try
        {
            string fileSystem = Identify(device, 0, ulong.MaxValue, name);
            Refusal = policy.ReasonToRefuse(designator, fileSystem);
            if (Refusal is not null)
                return null;
            _protection = new ImageProtection
            {
                RootHash = place.RootHash,
                SignedBy = result?.Certificate ?? (isKernels ? "kernel" : null),
                Reason = reason,
                IsLess = reason is not null,
            };
            Volume volume = Volume.OfDevice(device, devicePath, path, fileSystem);
            device = null;
            return volume;
        }
        catch (KernelException e) when (e.Errno is Errno.EINVAL or Errno.ENOSYS)
        {
            // For ext4 and XFS: a dm-verity device has its hash tree's block size.
            throw new InputException(e.Message + ": its file system may have smaller blocks than its hash tree");
        }
        finally
        {
            device?.Dispose();
        }
    }

    private string Identify(SafeFileHandle device, ulong offset, ulong size, string place) =>
        Superblock.Identify(Start(device, offset, size), place, out string problem)
            ?? throw new InputException(problem);

    private byte[] Start(SafeFileHandle device, ulong offset, ulong size = ulong.MaxValue)
    {
        byte[] start = new byte[Math.Min(Superblock.Length, size)];
        int length = Sys.ReadAt(device, start, offset, path);
        return length == start.Length ? start : start.AsSpan(0, length).ToArray();
    }
}
