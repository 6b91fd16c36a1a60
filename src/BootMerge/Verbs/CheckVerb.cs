using System;
using System.Collections.Generic;
using System.Text;
using BootMerge.Checks;
using BootMerge.CommandLine;
using BootMerge.Configuration;
using BootMerge.Extensions;
using BootMerge.Json;
using BootMerge.Linux;
using BootMerge.Mounting;
using BootMerge.Reporting;
using BootMerge.Sessions;

namespace BootMerge.Verbs;

/// <summary>check: what is wrong with extensions, deployed or not yet. Exit status 1 if there are findings.</summary>
internal static class CheckVerb
{
    public static void Run(Session session)
    {
        session.Watch("nothing is reported");
        HostRelease host = HostRelease.Read(session.Root, session.Settings.OsRelease);
        List<string> unknown = [];
        foreach (string name in session.Settings.Names)
            if (!unknown.Has(name))
                unknown.Add(name);
        List<string> known = [];
        JsonValue findings = JsonValue.Array();
        string images = "";
        int count = 0;
        foreach (ClassSettings settings in session.Settings.Classes)
        {
            DiscoveryResult found = Discovery.Find(session.Root, settings.Class, HostRelease.IsInitrd(session.Root));
            session.Hold(found);
            List<string> asked = Choose(session, settings.Class, found, unknown, known);
            ImageFiles.ReadCertificates(session.Root, session.Settings.Classes, found.Extensions);
            ExtensionCheck check = new(session.Root, settings, host, Merged(session, settings, found, host), asked,
                findings)
            {
                DescribesImages = session.Settings.Names.Count > 0 && session.Settings.Json == JsonFormat.Off,
            };
            for (int i = found.Extensions.Count - 1; i >= 0; i--)
                check.Check(found.Extensions[i]);
            if (session.Settings.Names.Count == 0)
                AddEntries(found, findings);
            count += asked.Count;
            images += check.Images;
        }

        if (unknown.Count > 0)
            throw UnknownExtension.Named(unknown[0], known,
                "; a path to one needs a slash, as in ./" + PathText.Printable(unknown[0])
                + UnknownExtension.Elsewhere(session.Settings));
        Report(session, findings, images, count);
    }

    private static List<string> Merged(Session session, ClassSettings settings, DiscoveryResult found, HostRelease host)
    {
        List<string> merged = [];
        foreach (Candidate candidate in Judgement.Of(session.Root, found, host, settings.Hierarchies,
            session.Settings.Has(Switches.Force), settings.ImagePolicy))
            if (candidate.Verdict.Accepted)
                merged.Add(candidate.Extension.Name);
        return merged;
    }

    /// <summary>
    /// Removes the words that were found from the list. An extension given by path is added to those found, and
    /// replaces one of the same name.
    /// </summary>
    private static List<string> Choose(Session session, ExtensionClass extensionClass, DiscoveryResult found,
        List<string> words, List<string> known)
    {
        List<string> asked = [];
        for (int i = 0; i < found.Extensions.Count; i++)
        {
            Extension extension = found.Extensions[i];
            known.Add(extension.Name);
            if (session.Settings.Names.Count > 0 && !session.Settings.Names.Has(extension.Name))
                continue;
            words.RemoveAll(word => word == extension.Name); // may be removed already, by the other class
            asked.Add(extension.Name);
        }

        for (int i = words.Count - 1; i >= 0; i--)
        {
            if (!words[i].Contains('/') || Extension.FromPath(words[i], extensionClass,
                IsLastClass(session, extensionClass)) is not Extension extension)
                continue;
            words.RemoveAt(i);
            Extension? deployed = null;
            for (int j = 0; j < found.Extensions.Count; j++)
                if (found.Extensions[j].Status.IsSameInode(extension.Status))
                    deployed = found.Extensions[j];
            if (deployed is not null)
            {
                extension.Dispose();
                if (!asked.Has(deployed.Name))
                    asked.Add(deployed.Name);
                continue;
            }

            if (asked.Has(extension.Name))
                throw new InputException(PathText.Printable(extension.Path) + " is the second extension "
                    + Words.Quote(extension.Name)
                    + " here, but only one of each name can be merged: check them one by one");
            found.Replace(extension);
            asked.Add(extension.Name);
        }

        return asked;
    }

    private static bool IsLastClass(Session session, ExtensionClass extensionClass) =>
        session.Settings.Classes[^1].Class == extensionClass;

    private static void AddEntries(DiscoveryResult found, JsonValue findings)
    {
        for (int i = 0; i < found.Skipped.Count; i++)
            if (found.Skipped[i] is var skipped && !skipped.IsHidden)
                Finding.Add(findings, FindingId.Entry, null, skipped.Path, "is ignored: ", skipped.Reason,
                    skipped.Reason == EntryName.NoImageName ? "rename it to NAME.raw if it is an image, or remove it"
                        : "remove it, or make it an extension");
    }

    private static void Report(Session session, JsonValue findings, string images, int count)
    {
        int things = findings.Items.Count;
        session.ExitStatus = things == 0 ? 0 : 1;
        session.Log.Info((things == 0 ? "Nothing" : things.ToString() + (things == 1 ? " thing" : " things"))
            + " found in "
            + count.ToString() + (count == 1 ? " extension." : " extensions."));
        if (session.Settings.Json != JsonFormat.Off)
        {
            Output.Write(JsonReport.Format(findings, session.Settings.Json));
            return;
        }

        StringBuilder text = new(images);
        for (int i = 0; i < things; i++)
        {
            JsonValue finding = findings.Items[i];
            JsonValue extension = finding.Get("extension")!;
            string line = finding.Get("id")!.Text + ": " + (extension.Kind == JsonKind.Null ? "" : extension.Text + ":")
                + finding.Get("place")!.Text;
            text.Append(PathText.Printable(line + " " + finding.Get("what")!.Text)).Append(".\n    Fix: ")
                .Append(finding.Get("fix")!.Text).Append(".\n");
        }

        Output.Write(text.ToString());
    }
}
