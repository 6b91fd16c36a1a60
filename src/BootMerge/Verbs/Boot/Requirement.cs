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
    /// <summary>
    /// Called before anything is changed, so the system is left as it was found. Only an extension that may be a sysext
    /// cannot be known before writes are routed.
    /// </summary>
    /// <param name="isSecondToCome">The second class's extensions have not been looked for yet.</param>
    public static void Check(Session session, Settings settings, List<Selection> selections, bool isSecondToCome)
    {
        string[] required = settings.RequireExtension;
        if (required.Length == 0)
            return;
        string? reason = null;
        foreach (Candidate candidate in Meant(session, required, selections))
        {
            if (candidate.Verdict.Accepted)
                return;
            string name = candidate.Extension.Name;
            reason = (required is [string one] && one == name ? "" : Words.Quote(name) + ": ")
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

    /// <summary>After <see cref="Check"/>: whether the merges that stay have one of them.</summary>
    public static bool IsMetBy(Session session, List<Selection> selections, List<ExistingMerge> merges)
    {
        bool isAny = false;
        foreach (Candidate candidate in Meant(session, session.Settings.RequireExtension, selections))
        {
            if (!candidate.Verdict.Accepted)
                continue;
            isAny = true;
            foreach (ExistingMerge merge in merges)
                if (merge.Marker.Names.Has(candidate.Extension.Name))
                    return true;
        }

        return !isAny; // if none exists, none is required
    }

    /// <summary>Flatcar's defaults, under any name, meet a requirement of either of their names.</summary>
    private static List<Candidate> Meant(Session session, string[] required, List<Selection> selections)
    {
        Extension? defaults = Array.Exists(required, VendorDefaults.IsName)
            ? VendorDefaults.AsExtension(session.Root) : null;
        List<Candidate> meant = [];
        foreach (Selection selection in selections)
            foreach (Candidate candidate in selection.Candidates)
                if (Words.IndexOf(required, candidate.Extension.Name) >= 0
                    || defaults is not null && VendorDefaults.AreOf(session.Root, candidate.Extension, defaults))
                    meant.Add(candidate);
        return meant;
    }
}
