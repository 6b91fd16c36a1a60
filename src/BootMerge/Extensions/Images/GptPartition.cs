namespace BootMerge.Extensions.Images;

/// <summary>An entry of a partition table that is of a known type. Its place is inside the image.</summary>
internal sealed class GptPartition
{
    public const ulong ReadOnly = 1ul << 60;
    public const ulong Grows = 1ul << 59;
    public const ulong NoAuto = 1ul << 63;

    /// <summary>In place of <see cref="NoAuto"/>, of an EFI system partition.</summary>
    public const ulong NoBlockIo = 1ul << 1;

    public required Designator Designator { get; init; }

    /// <summary>As <see cref="PartitionTypes"/> numbers them.</summary>
    public required int Architecture { get; init; }

    /// <summary>In bytes.</summary>
    public required ulong Offset { get; init; }

    /// <summary>In bytes.</summary>
    public required ulong Size { get; init; }

    /// <summary>As in the table: the constants, and others.</summary>
    public required ulong Flags { get; init; }

    public required string Label { get; init; }

    /// <summary>Its own number, as its text without dashes: 32 hexadecimal digits, lower case.</summary>
    public required string Guid { get; init; }
}
