using System;

namespace BootMerge.Reporting;

/// <summary>Times for people, in UTC: an initramfs knows no other zone.</summary>
internal static class Timestamp
{
    private static readonly string[] Days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

    /// <param name="microseconds">Since the epoch.</param>
    /// <returns>"Mon 2026-11-23 21:56:21 UTC"</returns>
    public static string Format(ulong microseconds)
    {
        const long LastSecond = 253402300799; // of the year 9999
        DateTime time = DateTime.UnixEpoch.AddSeconds(Math.Min((long)(microseconds / 1_000_000), LastSecond));
        return Days[(int)time.DayOfWeek] + " " + time.Year.ToString() + "-" + Two(time.Month) + "-" + Two(time.Day)
            + " " + Two(time.Hour) + ":" + Two(time.Minute) + ":" + Two(time.Second) + " UTC";
    }

    /// <summary>For file names: "20261123T215621Z".</summary>
    public static string Compact(DateTime time) =>
        time.Year.ToString() + Two(time.Month) + Two(time.Day) + "T" + Two(time.Hour) + Two(time.Minute)
            + Two(time.Second) + "Z";

    private static string Two(int number) => number < 10 ? "0" + number.ToString() : number.ToString();
}
