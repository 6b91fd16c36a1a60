using System;
using System.Collections.Generic;
using BootMerge.Linux;
using CommunityToolkit.HighPerformance;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>
/// Processes in other mount namespaces that still see a merge which was replaced here: a service with private mounts
/// keeps the old merge until it is restarted.
/// </summary>
internal static class OldNamespaces
{
    private const int TableLimit = 16 << 20;
    private const int LineLimit = 4096;

    /// <param name="devices">Of the merges that were replaced, "0:47".</param>
    /// <returns>"4711 (nginx, nginx.service)" for each process; processes that end meanwhile, or cannot be inspected,
    /// are not listed.</returns>
    public static List<string> Find(List<string> devices)
    {
        List<string> found = [];
        Dictionary<string, bool> seen = new() { [NamespaceOf("self")] = false };
        using SafeFileHandle? processes = Sys.TryOpen("/proc", Sys.O_RDONLY | Sys.O_DIRECTORY);
        if (processes is null)
            return found;
        foreach (DirectoryEntry entry in Sys.ReadDirectory(processes))
        {
            if (!char.IsAsciiDigit(entry.Name[0]))
                continue;
            string mountNamespace = NamespaceOf(entry.Name);
            if (mountNamespace.Length == 0)
                continue;
            if (!seen.TryGetValue(mountNamespace, out bool isOld))
                seen[mountNamespace] = isOld = ShowsOneOf(entry.Name, devices);
            if (isOld)
                found.Add(Describe(entry.Name));
        }

        return found;
    }

    private static bool ShowsOneOf(string process, List<string> devices)
    {
        foreach (Mount mount in MountTable.Parse(Read(process, "mountinfo", TableLimit)).Mounts)
            if (mount.Type == "overlay" && devices.Has(mount.Device))
                return true;
        return false;
    }

    private static string Describe(string process)
    {
        string name = PathText.Decode(Read(process, "comm", LineLimit)).TrimEnd('\n');
        string? unit = UnitOf(PathText.Decode(Read(process, "cgroup", LineLimit)));
        return process + " (" + name + (unit is null ? "" : ", " + unit) + ")";
    }

    /// <summary>
    /// The innermost unit of a process, found by the names of its control groups: cgroups(7), systemd.unit(5).
    /// </summary>
    /// <param name="groups">/proc/PID/cgroup: lines "0::/system.slice/nginx.service".</param>
    internal static string? UnitOf(string groups)
    {
        string? unit = null;
        foreach (ReadOnlySpan<char> line in groups.Tokenize('\n'))
            foreach (ReadOnlySpan<char> name in line.Tokenize('/'))
                if (name.EndsWith(".service") || name.EndsWith(".scope"))
                    unit = name.ToString();

        return unit;
    }

    // Empty if the process is gone, or we may not inspect it.
    private static string NamespaceOf(string process)
    {
        try
        {
            using SafeFileHandle? link = Sys.TryOpen("/proc/" + process + "/ns/mnt", Sys.O_PATH | Sys.O_NOFOLLOW);
            return link is null ? "" : Sys.ReadLink(link);
        }
        catch (KernelException)
        {
            return "";
        }
    }

    private static byte[] Read(string process, string name, int limit)
    {
        try
        {
            string path = "/proc/" + process + "/" + name;
            using SafeFileHandle? file = Sys.TryOpen(path, Sys.O_RDONLY);
            return file is null ? [] : Sys.ReadAll(file, limit, path);
        }
        catch (KernelException)
        {
            return [];
        }
        catch (InputException)
        {
            return []; // longer than it should ever be: the refresh has worked, and this must not fail it
        }
    }
}
