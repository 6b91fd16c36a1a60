using System;
using BootMerge.Extensions;
using BootMerge.Linux;

namespace BootMerge.Checks;

/// <summary>
/// Files that distinguish one machine from all others. In a layer that many machines get, they would make all of them
/// the same machine.
/// </summary>
internal static class IdentityCheck
{
    /// <summary>"uninitialized" in /etc/machine-id requests a new ID, as an empty file does.</summary>
    private const int LengthOfMachineId = 32;

    private static readonly string[] Files = ["/etc/machine-id", "/etc/hostid", "/etc/krb5.keytab", "/etc/nvme/hostid",
        "/etc/nvme/hostnqn", "/etc/iscsi/initiatorname.iscsi"];

    public static void Check(ExtensionCheck check, Extension extension, string path, FileStatus status)
    {
        if (!status.IsRegular || status.Size == 0 || path == Files[0] && status.Size < LengthOfMachineId)
            return;
        if (path.StartsWith("/etc/ssh/ssh_host_", StringComparison.Ordinal)
            && path.EndsWith("_key", StringComparison.Ordinal))
            check.Add(FindingId.Identity, extension, path,
            "is a private key, and everybody who has the extension has it",
                "remove it, and use new keys: each machine creates its own");
        else if (Words.IndexOf(Files, path) >= 0)
            check.Add(FindingId.Identity, extension, path,
                "identifies one machine, and would be the same on all of them",
                "remove it: each machine creates its own");
    }
}
