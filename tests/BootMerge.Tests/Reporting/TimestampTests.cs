using BootMerge.Reporting;
using Xunit;

namespace BootMerge.Tests.Reporting;

public sealed class TimestampTests
{
    [Theory]
    [InlineData(0ul, "Thu 1970-01-01 00:00:00 UTC")]
    [InlineData(999_999ul, "Thu 1970-01-01 00:00:00 UTC")]
    [InlineData(1_000_000ul, "Thu 1970-01-01 00:00:01 UTC")]
    [InlineData(951_827_696_000_000ul, "Tue 2000-02-29 12:34:56 UTC")]
    [InlineData(1_795_470_981_123_456ul, "Mon 2026-11-23 21:56:21 UTC")]
    [InlineData(253_402_300_799_000_000ul, "Fri 9999-12-31 23:59:59 UTC")]
    [InlineData(ulong.MaxValue, "Fri 9999-12-31 23:59:59 UTC")]
    public void Times_are_shown_in_UTC_to_the_second(ulong microseconds, string expected) =>
        Assert.Equal(expected, Timestamp.Format(microseconds));

    [Fact]
    public void As_a_name_of_a_file_a_time_has_no_odd_characters_and_sorts_by_itself() =>
        Assert.Equal("20000209T030405Z",
            Timestamp.Compact(new System.DateTime(2000, 2, 9, 3, 4, 5, System.DateTimeKind.Utc)));
}
