using System;
using System.Collections.Generic;
using BootMerge.Linux;
using BootMerge.Reporting;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>
/// An overlay's root takes mode, owner, ACLs and attributes from its topmost layer. So that layer gets the hierarchy's,
/// including the SELinux label.
/// </summary>
internal static class DirectoryAttributes
{
    /// <param name="source">A directory opened for reading.</param>
    /// <param name="target">A directory opened for reading.</param>
    public static void Copy(SafeFileHandle source, SafeFileHandle target, Log log)
    {
        FileStatus status = Sys.Status(source);
        Sys.ChangeOwner(target, status.Uid, status.Gid);
        Sys.ChangeMode(target, status.Permissions);
        List<string> names = Sys.ListXattrs(source);
        foreach (string name in names)
        {
            if (OverlayMark.IsOne(name) || Sys.TryGetXattr(source, name) is not byte[] value)
                continue;
            if (!Sys.SetXattr(target, name, value))
                log.Debug("The attribute " + PathText.Printable(name)
                    + " of the hierarchy is not shown on the merge: this kernel's tmpfs cannot hold it (user "
                    + "attributes: since 6.6).");
        }
    }
}
