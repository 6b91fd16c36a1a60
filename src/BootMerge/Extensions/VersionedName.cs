using System;

namespace BootMerge.Extensions;

/// <summary>
/// The parts of an entry's name in a versioned directory (systemd.v(7)):
/// NAME_VERSION[_ARCHITECTURE][+LEFT[-DONE]]SUFFIX. Pure text. Where the manual page is silent, this follows the
/// observed behaviour of systemd 262.
/// </summary>
internal sealed class VersionedName
{
    private readonly string _version;
    private readonly int _architectureRank;
    private readonly uint _triesLeft;
    private readonly uint _triesDone;

    private VersionedName(string version, int architectureRank, uint triesLeft, uint triesDone)
    {
        _version = version;
        _architectureRank = architectureRank;
        _triesLeft = triesLeft;
        _triesDone = triesDone;
    }

    /// <param name="name">Of the extension.</param>
    /// <param name="suffix">The directory's: what its name has between the extension's name and ".v". May be
    /// empty.</param>
    /// <returns>null if it is not a version for this machine, with the reason in <paramref name="problem"/>.</returns>
    public static VersionedName? TryParse(string entry, string name, string suffix, MachineArchitecture machine,
        out string problem)
    {
        problem = "";
        if (entry.Length < name.Length + 1 + suffix.Length
            || !entry.StartsWith(name, StringComparison.Ordinal)
            || entry[name.Length] != '_'
            || !entry.EndsWith(suffix, StringComparison.Ordinal))
        {
            problem = "is not named " + name + "_VERSION" + suffix;
            return null;
        }

        ReadOnlySpan<char> version = entry.AsSpan(name.Length + 1, entry.Length - name.Length - 1 - suffix.Length);
        uint left = uint.MaxValue;
        uint done = uint.MaxValue;
        int plus = version.LastIndexOf('+');
        if (plus >= 0 && TryParseCounters(version[(plus + 1)..], ref left, ref done))
            version = version[..plus];

        // What follows the last underscore is not part of the version, even if no architecture has that name.
        int rank = MachineArchitecture.Unnamed;
        int underscore = version.LastIndexOf('_');
        if (underscore >= 0)
        {
            rank = machine.RankOf(version[(underscore + 1)..]);
            if (rank == MachineArchitecture.Foreign)
            {
                problem = "is for " + version[(underscore + 1)..].ToString() + ", this machine is " + machine.Own;
                return null;
            }

            version = version[..underscore];
        }

        if (IsVersion(version))
            return new VersionedName(version.ToString(), rank, left, done);
        problem = version.IsEmpty ? "has no version" : "has '" + version.ToString()
            + "' as version, which is not valid (letters, digits, and . ~ ^ - are)";
        return null;
    }

    /// <summary>
    /// Above zero if this one is preferred: first one that has tries left, then the higher version, the machine's own
    /// architecture, more tries left, fewer tries done. Zero if the names do not decide.
    /// </summary>
    public int CompareWith(VersionedName other)
    {
        if ((_triesLeft == 0) != (other._triesLeft == 0))
            return _triesLeft == 0 ? -1 : 1;
        int order = VersionOrder.Compare(_version, other._version);
        if (order == 0)
            order = other._architectureRank - _architectureRank;
        if (order == 0)
            order = _triesLeft.CompareTo(other._triesLeft);
        return order != 0 ? order : other._triesDone.CompareTo(_triesDone);
    }

    private static bool IsVersion(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '~' or '^' or '-'))
                return false;
        return !text.IsEmpty;
    }

    /// <summary>LEFT or LEFT-DONE; changes nothing if it is neither.</summary>
    private static bool TryParseCounters(ReadOnlySpan<char> text, ref uint left, ref uint done)
    {
        int dash = text.IndexOf('-');
        ulong first = Number(dash < 0 ? text : text[..dash]);
        ulong second = dash < 0 ? 0 : Number(text[(dash + 1)..]);
        if (first > uint.MaxValue || second > uint.MaxValue)
            return false;
        left = (uint)first;
        done = (uint)second;
        return true;
    }

    /// <summary>As strtoul(3) reads it: octal after a leading zero.</summary>
    /// <returns>More than 32 bits if it is not a number or too large.</returns>
    private static ulong Number(ReadOnlySpan<char> digits)
    {
        uint radix = digits.Length > 1 && digits[0] == '0' ? 8U : 10U;
        ulong value = digits.IsEmpty ? ulong.MaxValue : 0;
        foreach (char c in digits)
        {
            if (c < '0' || c - '0' >= radix || value > uint.MaxValue)
                return ulong.MaxValue;
            value = value * radix + c - '0';
        }

        return value;
    }
}
