using System;
using System.Collections.Generic;
using System.Linq;
using BootMerge.Extensions.Images;
using Xunit;

namespace BootMerge.Tests.Extensions.Images;

/// <summary>
/// The GUID partition table, from bytes; what sfdisk makes is read in the kernel tests. Offsets: UEFI specification.
/// </summary>
public sealed class GptTableTests
{
    private const string Damaged = "its GPT partition table cannot be used: header and backup are damaged";

    /// <summary>
    /// An offset in the header, and bytes that make it wrong there. The checksums are made afterwards.
    /// </summary>
    public static TheoryData<int, string> WrongHeaders => new()
    {
        { 0, "00" },                    // signature
        { 8, "00000200" },              // revision 2.0
        { 12, "5B000000" },             // header of 91 bytes
        { 12, "01020000" },             // larger than its sector
        { 12, "FFFFFFFF" },
        { 24, "0300000000000000" },     // says that it lies elsewhere
        { 40, "0000000000000000" },     // the protective MBR is usable
        { 40, "0100000000000000" },     // the header is usable
        { 40, "FFFFFFFFFFFFFFFF" },     // first usable sector after the last
        { 48, "0001000000000000" },     // last usable sector after the end of the image
        { 48, "FFFFFFFFFFFFFFFF" },
        { 72, "0001000000000000" },     // entries after the end
        { 72, "FF00000000000000" },     // entries reach beyond the end
        { 72, "FFFFFFFFFFFFFF7F" },
        { 72, "FFFFFFFFFFFFFFFF" },
        { 80, "01040000" },             // one entry more than 128 KiB
        { 80, "FFFFFFFF" },
        { 80, "00000002" },             // 2^25 * 128 is 2^32
        { 84, "40000000" },             // entries of 64 bytes
        { 84, "84000000" },             // of 132 bytes
        { 84, "00000000" },
        { 84, "08100000" },             // larger than 4096
        { 84, "FFFFFFFF" },
        { 84, "80FFFFFF" },
    };

    [Theory]
    [InlineData(512)]
    [InlineData(1024)]
    [InlineData(2048)]
    [InlineData(4096)]
    public void A_table_is_read_in_sectors_of_its_own_size(int sector)
    {
        ulong size = (ulong)sector;
        GptImage image = new GptImage(sector)
            .With(GptImage.Root, 40, 79, GptPartition.Grows | 1, "root-x_1.2é")
            .With(GptImage.Home, 80, 80, GptPartition.ReadOnly, new string('x', 36), index: 127);

        List<GptPartition>? partitions = image.Read(out string problem);

        Assert.Equal("", problem);
        Assert.Equal(2, partitions!.Count);
        Assert.Equal((Designator.Root, 0, 40 * size, 40 * size, GptPartition.Grows | 1, "root-x_1.2é"),
            Fields(partitions[0]));
        Assert.Equal((Designator.Home, PartitionTypes.AnyArchitecture, 80 * size, size, GptPartition.ReadOnly,
            new string('x', 36)), Fields(partitions[1]));
    }

    [Fact]
    public void The_checksum_of_the_tests_is_the_one_that_is_published() =>
        Assert.Equal(0xCBF43926u, GptImage.Checksum("123456789"u8));

    [Theory]
    [MemberData(nameof(WrongHeaders))]
    public void A_header_that_is_wrong_in_any_way_gives_way_to_its_backup(int offset, string hex)
    {
        GptImage image = new GptImage().With(GptImage.Root, 40, 79);
        Convert.FromHexString(hex).CopyTo(image.Header(1)[offset..]);
        image.Seal(1);
        Assert.Single(image.Read(out string problem)!);
        Assert.Equal("", problem);

        // Both headers have the same mistake.
        if (offset is 24)
            BitConverter.TryWriteBytes(image.Header(image.Backup)[offset..], 3ul);
        else
            Convert.FromHexString(hex).CopyTo(image.Header(image.Backup)[offset..]);
        image.Seal(image.Backup);
        Assert.Null(image.Read(out problem));
        Assert.Equal(offset is 0 ? "" : Damaged, problem);
    }

    [Theory]
    [InlineData(16)] // the checksum itself
    [InlineData(32)] // what only the checksum covers
    [InlineData(56)]
    [InlineData(88)] // the checksum of the entries
    public void A_checksum_that_is_wrong_is_noticed(int offset)
    {
        GptImage image = new GptImage().With(GptImage.Root, 40, 79);
        image.Header(1)[offset] ^= 1;
        Assert.Single(image.Read(out _)!);
        image.Header(image.Backup)[offset] ^= 1;
        Assert.Null(image.Read(out string problem));
        Assert.Equal(Damaged, problem);
    }

    [Fact]
    public void Entries_that_do_not_have_their_checksum_give_way_to_those_of_the_backup()
    {
        GptImage image = new GptImage().With(GptImage.Root, 40, 79);
        image.Entry(1, 0)[32] = 60;
        Assert.Equal(40ul * 512, image.Read(out _)!.Single().Offset);
        image.Entry(image.Backup, 0)[32] = 60;
        Assert.Null(image.Read(out string problem));
        Assert.Equal(Damaged, problem);
    }

    [Fact]
    public void The_backup_is_not_needed()
    {
        GptImage image = new GptImage().With(GptImage.Root, 40, 79);
        Assert.Single(image.Cut(image.Bytes.Length - 512).Read(out _)!);
        // The image must not end within the sectors that the header calls usable.
        Assert.Null(image.Cut(200 * 512).Read(out string problem));
        Assert.Equal(Damaged, problem);
    }

    [Theory]
    [InlineData(40ul, 79ul, true)]
    [InlineData(34ul, 34ul, true)]   // the first usable sector
    [InlineData(222ul, 222ul, true)] // the last
    [InlineData(33ul, 79ul, false)]
    [InlineData(40ul, 223ul, false)]
    [InlineData(80ul, 79ul, false)]
    [InlineData(0ul, 255ul, false)]
    [InlineData(40ul, ulong.MaxValue, false)]
    [InlineData(ulong.MaxValue, ulong.MaxValue, false)]
    [InlineData(ulong.MaxValue, 40ul, false)]
    [InlineData(1ul << 55, (1ul << 55) + 8, false)] // wraps to 0 when multiplied by 512
    public void A_partition_lies_in_the_usable_part_of_the_image(ulong first, ulong last, bool isTaken) =>
        Assert.Equal(isTaken ? 1 : 0, new GptImage().With(GptImage.Root, first, last).Read(out _)!.Count);

    [Fact]
    public void Partitions_that_overlap_are_what_they_say_each()
    {
        List<GptPartition> partitions = new GptImage().With(GptImage.Root, 40, 79)
            .With(GptImage.Home, 60, 99, index: 1).With(GptImage.Root, 40, 79, index: 2).Read(out _)!;
        Assert.Equal([40ul * 512, 60ul * 512, 40ul * 512], partitions.Select(partition => partition.Offset));
    }

    [Theory]
    [InlineData("00000000-0000-0000-0000-000000000000")]
    [InlineData("4d21b016-b534-45c2-a9fb-5c16e091fd2d")] // /var
    [InlineData("ebd0a0a2-b9e5-4433-87c0-68b6b72699c7")] // Windows
    public void What_is_of_no_known_type_is_not_there(string type) =>
        Assert.Empty(new GptImage().With(type, 40, 79).Read(out _)!);

    [Fact]
    public void The_largest_table_is_of_128_KiB()
    {
        GptImage image = new(512, 1024);
        BitConverter.TryWriteBytes(image.Header(1)[80..], 1024u);
        BitConverter.TryWriteBytes(image.Header(1)[40..], 400ul);
        image.Header(image.Backup).Clear();
        Guid.Parse(GptImage.Root).TryWriteBytes(image.Entry(1, 1023));
        BitConverter.TryWriteBytes(image.Entry(1, 1023)[32..], 500ul);
        BitConverter.TryWriteBytes(image.Entry(1, 1023)[40..], 500ul);
        image.Seal(1);
        Assert.Single(image.Read(out _)!);
    }

    [Fact]
    public void A_table_without_entries_has_no_partitions()
    {
        GptImage image = new();
        BitConverter.TryWriteBytes(image.Header(1)[80..], 0u);
        Assert.Empty(image.Seal().Read(out string problem)!);
        Assert.Equal("", problem);
    }

    [Fact]
    public void A_table_needs_its_protective_MBR()
    {
        GptImage image = new GptImage().With(GptImage.Root, 40, 79);
        image.Bytes[446 + 4] = 0x83;
        Assert.Null(image.Read(out string problem));
        Assert.Equal("its GPT partition table cannot be used: no protective MBR", problem);

        image.Bytes[446 + 48 + 4] = 0xEE; // any of the four entries may have this type
        Assert.Single(image.Read(out _)!);
        image.Bytes[510] = 0;
        Assert.Null(image.Read(out problem));
        Assert.Contains("no protective MBR", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Tables_for_two_sizes_of_sectors_are_ambiguous()
    {
        GptImage image = new(512, 512);
        new GptImage(4096, 64).Header(1).CopyTo(image.Bytes.AsSpan(4096));
        Assert.Null(image.Read(out string problem));
        Assert.Equal("its GPT partition table cannot be used: two sizes of sectors", problem);
    }

    [Fact]
    public void What_is_left_of_a_table_that_was_wiped_is_none()
    {
        GptImage image = new GptImage().With(GptImage.Root, 40, 79);
        image.Header(1).Clear();
        Assert.Single(image.Read(out _)!); // the backup is still there
        image.Header(image.Backup).Clear();
        Assert.Null(image.Read(out string problem));
        Assert.Equal("", problem);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(511)]
    [InlineData(512)]
    [InlineData(1023)]
    [InlineData(1024)]
    [InlineData(2048)]
    public void An_image_may_end_anywhere(int length)
    {
        GptImage image = new GptImage().With(GptImage.Root, 40, 79).Cut(length);
        Assert.Null(image.Read(out string problem));
        Assert.Equal(length >= 1024 ? Damaged : "", problem);
    }

    private static (Designator, int, ulong, ulong, ulong, string) Fields(GptPartition partition) =>
        (partition.Designator, partition.Architecture, partition.Offset, partition.Size, partition.Flags,
            partition.Label);
}
