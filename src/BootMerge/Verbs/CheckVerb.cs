using System;
using System.Collections.Generic;
using System.Text;
using BootMerge.Checks;
using BootMerge.CommandLine;
using BootMerge.Configuration;
using BootMerge.Extensions;
using BootMerge.Json;
using BootMerge.Linux;
using BootMerge.Reporting;

namespace BootMerge.Verbs;

/// <summary>check: what is wrong with extensions, deployed or still to be. Findings are exit status 1.</summary>
internal static class CheckVerb
{
    /// <returns>The exit status.</returns>
    public static int Run(Session session)
    {
        HostRelease host = HostRelease.Read(session.Root);
        List<string> unknown = [];
        foreach (string name in session.Settings.Names)
            if (!unknown.Contains(name))
                unknown.Add(name);
        List<string> known = [];
        List<Finding> findings = [];
        int count = 0;
        foreach (ClassSettings settings in session.Settings.Classes)
        {
            DiscoveryResult found = Discovery.Find(session.Root, settings.Class, HostRelease.IsInitrd(session.Root));
            session.Hold(found);
            List<Extension> asked = Choose(session, settings.Class, found, unknown, known);
            ExtensionCheck check = new(session.Root, settings, host, asked);
            for (int i = found.Extensions.Count - 1; i >= 0; i--)
                check.Check(found.Extensions[i]);
            if (session.Settings.Names.Count == 0)
                AddEntries(found, check.Findings);
            findings.AddRange(check.Findings);
            count += asked.Count;
        }

        if (unknown.Count > 0)
            throw new InputException("No extension " + Words.Quote(unknown[0]) + " was found"
                + (Words.Nearest(unknown[0], known.ToArray()) is string nearest ? Words.DidYouMean(nearest) : "; a path to one needs a slash, as in ./" + PathText.Printable(unknown[0])));
        Report(session, findings, count);
        return findings.Count == 0 ? 0 : 1;
    }

    /// <summary>Takes those of the words that are found off the list. A path is added to what was found, in place of one of its name.</summary>
    private static List<Extension> Choose(Session session, ExtensionClass extensionClass, DiscoveryResult found, List<string> words, List<string> known)
    {
        List<Extension> asked = [];
        foreach (Extension extension in found.Extensions)
        {
            known.Add(extension.Name);
            if (session.Settings.Names.Count > 0 && !session.Settings.Names.Contains(extension.Name))
                continue;
            words.Remove(extension.Name); // it may be gone: both classes may have the name
            asked.Add(extension);
        }

        for (int i = words.Count - 1; i >= 0; i--)
        {
            if (!words[i].Contains('/') || Extension.FromPath(words[i], extensionClass, IsLastClass(session, extensionClass)) is not Extension extension)
                continue;
            words.RemoveAt(i);
            Extension? deployed = null;
            foreach (Extension other in found.Extensions)
                if (other.Status.IsSameInode(extension.Status))
                    deployed = other;
            if (deployed is not null)
            {
                extension.Dispose();
                if (!asked.Contains(deployed))
                    asked.Add(deployed);
                continue;
            }

            foreach (Extension other in asked)
                if (other.Name == extension.Name)
                    throw new InputException(PathText.Printable(extension.Path) + " and " + PathText.Printable(other.FoundPath) + " are both the extension "
                        + Words.Quote(extension.Name) + ", of which only one can be merged: check them one after the other");
            found.Replace(extension);
            asked.Add(extension);
        }

        return asked;
    }

    private static bool IsLastClass(Session session, ExtensionClass extensionClass) => session.Settings.Classes[^1].Class == extensionClass;

    private static void AddEntries(DiscoveryResult found, List<Finding> findings)
    {
        foreach (SkippedEntry skipped in found.Skipped)
            if (!skipped.Reason.StartsWith("hidden by", StringComparison.Ordinal))
                findings.Add(new Finding(FindingId.Entry, "", skipped.Path, "is passed over: " + skipped.Reason, "remove it, or make it an extension"));
    }

    private static void Report(Session session, List<Finding> findings, int count)
    {
        session.Log.Info((findings.Count == 0 ? "Nothing" : findings.Count.ToString() + (findings.Count == 1 ? " thing" : " things")) + " found in "
            + count.ToString() + (count == 1 ? " extension." : " extensions."));
        if (session.Settings.Json != JsonFormat.Off)
        {
            JsonValue array = JsonValue.Array();
            foreach (Finding finding in findings)
                array.Add(JsonValue.Object()
                    .Add("id", JsonValue.String(finding.Id))
                    .Add("extension", finding.Extension.Length == 0 ? JsonValue.Null() : JsonValue.String(finding.Extension))
                    .Add("place", JsonValue.String(finding.Place))
                    .Add("what", JsonValue.String(finding.What))
                    .Add("fix", JsonValue.String(finding.Fix)));
            Output.Write(JsonReport.Format(array, session.Settings.Json));
            return;
        }

        StringBuilder text = new();
        foreach (Finding finding in findings)
            text.Append(finding.Id).Append(": ").Append(PathText.Printable(finding.Extension)).Append(finding.Extension.Length == 0 ? "" : ":").Append(PathText.Printable(finding.Place)).Append(' ')
                .Append(PathText.Printable(finding.What)).Append(".\n    Fix: ").Append(PathText.Printable(finding.Fix)).Append(".\n");
        Output.Write(text.ToString());
    }
}
