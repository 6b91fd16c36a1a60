namespace BootMerge.Extensions.Images;

/// <summary>A partition table entry of a known type. Its range is inside the image.</summary>
internal sealed class GptPartition
{
    public const ulong ReadOnly = 1ul << 60;
    public const ulong Grows = 1ul << 59;
    public const ulong NoAuto = 1ul << 63;

    /// <summary>An EFI system partition's flag in place of <see cref="NoAuto"/>.</summary>
    public const ulong NoBlockIo = 1ul << 1;

    public required Designator Designator { get; init; }

    /// <summary>As numbered by <see cref="PartitionTypes"/>.</summary>
    public required int Architecture { get; init; }

    /// <summary>In bytes.</summary>
    public required ulong Offset { get; init; }

    /// <summary>In bytes.</summary>
    public required ulong Size { get; init; }

    /// <summary>As in the table: the constants here, and others.</summary>
    public required ulong Flags { get; init; }

    public required string Label { get; init; }

    /// <summary>Its own GUID, as text without dashes: 32 lower-case hexadecimal digits.</summary>
    public required string Guid { get; init; }
}
