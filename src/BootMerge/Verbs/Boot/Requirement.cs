using System;
using System.Collections.Generic;
using BootMerge.Configuration;
using BootMerge.Extensions;
using BootMerge.Mounting;
using BootMerge.Sessions;

namespace BootMerge.Verbs.Boot;

/// <summary>RequireExtension=: a system that lacks its vendor's defaults must not come up without them.</summary>
internal static class Requirement
{
    /// <summary>After <see cref="Check"/>: whether merges that stay have one of them.</summary>
    public static bool IsMetBy(Session session, List<Selection> selections, List<ExistingMerge> merges)
    {
        string[] required = session.Settings.RequireExtension;
        Extension? bare = Bare(session, required);
        bool isFound = false;
        foreach (Selection selection in selections)
            foreach (Extension extension in selection.AcceptedExtensions())
            {
                if (!IsOne(session, required, bare, extension))
                    continue;
                isFound = true;
                foreach (ExistingMerge merge in merges)
                    if (merge.Marker.Names.Has(extension.Name))
                        return true;
            }

        return !isFound; // where none was found, none is required
    }

    /// <summary>Flatcar's defaults are met under any name; null unless they are required.</summary>
    private static Extension? Bare(Session session, string[] required) =>
        Array.Exists(required, VendorDefaults.IsName) ? VendorDefaults.Bare(session.Root) : null;

    private static bool IsOne(Session session, string[] required, Extension? bare, Extension extension) =>
        Words.IndexOf(required, extension.Name) >= 0
        || bare is not null && VendorDefaults.AreOf(session.Root, extension, bare);

    /// <summary>
    /// Known before anything is changed, so nothing is: the system is left as it was found. Only what may be a sysext
    /// cannot be known before writes are routed.
    /// </summary>
    /// <param name="isSecondToCome">There are extensions that were not looked for yet.</param>
    public static void Check(Session session, Settings settings, List<Selection> selections, bool isSecondToCome)
    {
        string[] required = settings.RequireExtension;
        if (required.Length == 0)
            return;
        Extension? bare = Bare(session, required);
        string? reason = null;
        foreach (Selection selection in selections)
            foreach (Candidate candidate in selection.Candidates)
            {
                Extension extension = candidate.Extension;
                if (!IsOne(session, required, bare, extension))
                    continue;
                if (candidate.Verdict.Accepted)
                    return;
                reason = (required is [string one] && one == extension.Name ? "" : Words.Quote(extension.Name) + ": ")
                    + candidate.Verdict.Reason;
            }

        if (reason is null && isSecondToCome)
            return;
        string names = string.Join(" or ", Array.ConvertAll(required, Words.Quote));
        // One initramfs serves systems with and without the vendor's defaults.
        if (settings.IsRequirementOfInitramfs && reason is null && !VendorDefaults.Exist(session.Root))
        {
            session.Log.Debug("The extension " + names + " is not required here: this root neither has it nor "
                + VendorDefaults.Directory + ".");
            return;
        }

        throw new InputException("The required extension " + names + " is not merged: "
            + (reason ?? "no search directory has it"));
    }
}
