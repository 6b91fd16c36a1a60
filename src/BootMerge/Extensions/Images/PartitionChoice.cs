using System;
using System.Collections.Generic;

namespace BootMerge.Extensions.Images;

/// <summary>
/// Chooses the partitions of an image that are used: one of each kind, by architecture, label and image policy, as
/// systemd 262 does. Pure.
/// </summary>
internal sealed class PartitionChoice
{
    private const uint RootAndUsr = 1u << (int)Designator.Root | 1u << (int)Designator.Usr;

    private readonly ImagePolicy _policy;
    private readonly GptPartition?[] _found = new GptPartition?[(int)Designator.Generic + 1];

    // One bit for each designator.
    private readonly uint _ignored;
    private readonly uint _hidden;

    /// <param name="partitions">In the order of the table.</param>
    /// <param name="given">Determines which data and hash partition count; or null.</param>
    public PartitionChoice(List<GptPartition> partitions, ImagePolicy policy, MachineArchitecture machine,
        RootHash? given = null)
    {
        _policy = policy;
        int generic = 0;
        foreach (GptPartition partition in partitions)
        {
            Designator designator = partition.Designator;
            uint bit = 1u << (int)designator;
            if ((partition.Flags & (designator == Designator.Esp ? GptPartition.NoBlockIo : GptPartition.NoAuto)) != 0)
            {
                _hidden |= bit;
                continue;
            }

            if (given is not null
                && (designator == given.Data && !given.Text.StartsWith(partition.Guid, StringComparison.Ordinal)
                || designator == HashOf(given.Data) && !given.Text.EndsWith(partition.Guid, StringComparison.Ordinal)))
                continue;
            if (designator == Designator.Generic)
                generic++;
            else if (policy.Ignores(designator))
                _ignored |= bit;
            if ((_ignored & bit) == 0
                && (Found(designator) is not GptPartition other || IsBetter(partition, other, machine)))
                _found[(int)designator] = partition;
        }

        Problem = PairProblem();
        if (given is not null && (Found(given.Data) is null && !IsIgnored(given.Data)
            || Found(HashOf(given.Data)) is null && !IsIgnored(HashOf(given.Data))))
            Problem = "it has no partitions with the root hash of " + given.Source;
        if (Problem is null && Root is null && Usr is null && generic == 1)
        {
            if (policy.Ignores(Designator.Root))
                _ignored |= 1u << (int)Designator.Root;
            else
                _found[(int)Designator.Root] = Found(Designator.Generic);
        }

        Problem ??= RootProblem(generic);
        if (Problem is null)
            Refusal = FindRefusal();
    }

    public GptPartition? Root => Found(Designator.Root);

    /// <summary>Its top is /usr. If there is a <see cref="Root"/> too, it is mounted on that one's /usr.</summary>
    public GptPartition? Usr => Found(Designator.Usr);

    /// <summary>Why nothing of the image can be used, or null.</summary>
    public string? Problem { get; }

    /// <summary>Why the policy does not allow it, or null.</summary>
    public string? Refusal { get; }

    /// <summary>The partition that verifies the data; null if there is none, or none that the policy uses.</summary>
    public GptPartition? HashTreeOf(Designator data) => Found(HashOf(data));

    /// <summary>Holds the root hash and its signature; null as for <see cref="HashTreeOf"/>.</summary>
    public GptPartition? SignatureOf(Designator data) => Found(HashOf(data) + 1);

    /// <summary>Whether it has a hash partition that the policy does not use.</summary>
    public bool HasUnusedTree(Designator data) => HashTreeOf(data) is not null || IsIgnored(HashOf(data));

    private GptPartition? Found(Designator designator) => _found[(int)designator];

    private bool IsIgnored(Designator designator) => (_ignored & 1u << (int)designator) != 0;

    /// <summary>Of two equally good ones the first counts; only types with an architecture have versions.</summary>
    private static bool IsBetter(GptPartition partition, GptPartition other, MachineArchitecture machine)
    {
        if (partition.Architecture == PartitionTypes.AnyArchitecture)
            return false;
        int order = PartitionTypes.RankOf(other.Architecture, machine)
            - PartitionTypes.RankOf(partition.Architecture, machine);
        return (order != 0 ? order : VersionOrder.Compare(partition.Label, other.Label)) > 0;
    }

    private static Designator HashOf(Designator data) =>
        data == Designator.Root ? Designator.RootVerity : Designator.UsrVerity;

    private static string NameOf(Designator data) => data == Designator.Root ? "root" : "usr";

    /// <summary>A hash partition or signature without the partition that it is for.</summary>
    private string? PairProblem()
    {
        for (Designator data = Designator.Root; data <= Designator.Usr; data++)
        {
            bool hasHash = Found(HashOf(data)) is not null;
            bool hasSignature = Found(HashOf(data) + 1) is not null;
            if (Found(data) is null ? hasSignature || hasHash : hasSignature && !hasHash)
                return "it has " + (hasSignature ? "a signature" : "a hash partition") + " for " + NameOf(data)
                    + " but no " + (Found(data) is null ? "data" : "hash") + " partition";
        }

        return null;
    }

    private string? RootProblem(int generic)
    {
        if (Root is null && Usr is null && (_ignored & RootAndUsr) == 0)
            return "it has no root partition" + ((_hidden & RootAndUsr) != 0 ? ", only one marked no-auto"
                : generic > 1 ? ", but several generic ones" : "");
        if (Root is null || Usr is null)
            return null;
        return Found(Designator.RootVerity) is not null ? "it has verity for root together with a usr partition"
            : Root.Architecture != Usr.Architecture ? "its root and usr partitions are for different architectures"
            : null;
    }

    private string? FindRefusal()
    {
        if (Root is null && Usr is null)
            return _policy.Refusal("no use of its " + NameOf(IsIgnored(Designator.Root) ? Designator.Root
                : Designator.Usr) + " partition");
        string? refusal = null;
        for (Designator kind = Designator.Root; kind < Designator.Generic; kind++)
        {
            ulong flags = Found(kind)?.Flags ?? 0;
            refusal ??= _policy.ReasonToRefuse(kind, StateOf(kind), (flags & GptPartition.ReadOnly) != 0,
                (flags & GptPartition.Grows) != 0);
        }

        return refusal;
    }

    private PartitionState StateOf(Designator kind) =>
        Found(kind) is null ? IsIgnored(kind) ? PartitionState.Ignored : PartitionState.Absent
            : kind > Designator.Usr || Found(HashOf(kind)) is null ? PartitionState.Plain
            : Found(HashOf(kind) + 1) is null ? PartitionState.Hashed : PartitionState.Signed;
}
