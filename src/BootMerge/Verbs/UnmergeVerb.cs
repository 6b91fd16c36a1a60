using System.Collections.Generic;
using BootMerge.CommandLine;
using BootMerge.Extensions.Images;
using BootMerge.Mounting;
using BootMerge.Reporting;
using BootMerge.Sessions;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Verbs;

/// <summary>unmerge: nothing to do is success.</summary>
internal static class UnmergeVerb
{
    public static void Run(Session session)
    {
        ServiceManager manager = new(session);
        if (Unmerge(session, manager))
            manager.Ask();
    }

    /// <returns>false if it was only shown.</returns>
    private static bool Unmerge(Session session, ServiceManager manager)
    {
        using SafeFileHandle? turn = session.TakeTurn(session.Settings.Classes);
        List<ExistingMerge> merges = ExistingMerge.FindAll(session.Root, session.Settings.Classes);
        if (session.Settings.Has(Switches.DryRun))
        {
            foreach (ExistingMerge merge in merges)
                Output.Write("would unmerge " + merge.Hierarchy + "\n");
            return false;
        }

        manager.Note();
        // A sysext's /usr may contain what a confext's merge was made of: merged last, unmerged first.
        merges.Reverse();
        MergeRemoval.Run(session.Root, merges, session.Journal, session.Log);
        VerityDevice.RemoveLeftovers();
        foreach (ExistingMerge merge in merges)
            session.Log.Info("Unmerged '" + session.Root.Outside(merge.Hierarchy) + "'.");
        return true;
    }
}
