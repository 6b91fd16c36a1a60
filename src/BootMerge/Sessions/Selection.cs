using System;
using System.Collections.Generic;
using BootMerge.CommandLine;
using BootMerge.Configuration;
using BootMerge.Extensions;
using BootMerge.Linux;
using BootMerge.Markers;
using BootMerge.Mounting;
using BootMerge.Planning;
using BootMerge.Reporting;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Sessions;

/// <summary>The extensions of one class: found, judged, and, if accepted, ready for planning.</summary>
internal sealed class Selection
{
    // If it is a fallback: the merge whose mode a refresh keeps.
    private ExistingMerge? _fallback;

    // null: not looked for yet, because the class was looked up in the session's root, which Report has too.
    private List<string>? _clashes;

    private Selection(ClassSettings settings, DiscoveryResult found, List<Candidate> candidates)
    {
        Settings = settings;
        Found = found;
        Candidates = candidates;
    }

    public ClassSettings Settings { get; }

    public DiscoveryResult Found { get; }

    /// <summary>Lowest layer first.</summary>
    public List<Candidate> Candidates { get; }

    /// <summary>
    /// All settings, if the root in which this class was looked up has others than the session; otherwise null.
    /// </summary>
    public Settings? OwnSettings { get; private init; }

    /// <param name="session">Keeps what is opened.</param>
    /// <param name="extra">An extension that is in no search directory, or null.</param>
    public static Selection Make(Session session, ClassSettings classSettings, Extension? extra = null)
    {
        List<ExistingMerge> merges = MergesToKeep(session, classSettings);
        DiscoveryResult found = Find(session, session.Root, classSettings.Class);
        if (extra is not null && extra.Class == classSettings.Class
            && !VendorDefaults.AreAmong(session.Root, found, extra))
            found.Add(extra);
        ImageFiles.OpenBelowMerges(session.Root, session.Settings.Classes, found);
        return Make(session, session.Root, classSettings, found, merges, null);
    }

    /// <summary>
    /// The second class, looked up in the result of the first. It still includes an extension that exists only through
    /// a merge which is being remade, and which would not come back.
    /// </summary>
    /// <param name="merges">As <see cref="MergesToKeep"/> found them before there was a view.</param>
    /// <param name="settings">As read in the preview.</param>
    public static Selection MakeIn(Preview preview, Session session, ClassSettings classSettings,
        List<ExistingMerge> merges, Settings settings)
    {
        DiscoveryResult found = Find(session, preview.Root, classSettings.Class);
        ImageFiles.OpenAsEverybody(session.Root, found);
        ImageFiles.ReadCertificates(session.Root, session.Settings.Classes, found.Extensions);
        return Make(session, preview.Root, classSettings, found, merges, settings);
    }

    /// <summary>The merges whose mode, or noexec, a command keeps if it was not told another.</summary>
    public static List<ExistingMerge> MergesToKeep(Session session, ClassSettings settings) =>
        settings.KeepsMode || settings.KeepsNoExec ? ExistingMerge.FindAll(session.Root, [settings]) : [];

    /// <summary>Under systemd's names an image that cannot or must not be used is an error, as in systemd.</summary>
    public void RefuseAsSystemd()
    {
        foreach (Candidate candidate in Candidates)
            if (candidate.Verdict.StopsSystemd)
                throw new InputException("Nothing is merged because of '" + PathText.Printable(candidate.Extension.Name)
                    + "' (" + PathText.Printable(candidate.Extension.FoundPath) + "): " + candidate.Verdict.Reason);
    }

    private static DiscoveryResult Find(Session session, Root root, ExtensionClass extensionClass)
    {
        DiscoveryResult found = Discovery.Find(root, extensionClass, HostRelease.IsInitrd(root));
        session.Hold(found);
        return found;
    }

    private static Selection Make(Session session, Root root, ClassSettings settings, DiscoveryResult found,
        List<ExistingMerge> merges, Settings? all)
    {
        if (merges.Count > 0)
            settings = merges[0].KeepUnchosen(settings);
        List<Candidate> candidates = Judgement.Of(root, found, HostRelease.Read(root, session.Settings.OsRelease),
            settings.Hierarchies, session.Settings.Has(Switches.Force), settings.ImagePolicy,
            MutableModes.UsesRouting(settings.Mode)
                ? Array.ConvertAll(settings.Hierarchies, HierarchyState.RoutingEntry) : null);
        LayerProbe.LeaveOutRefused(root, candidates, session.Log);
        return new Selection(settings, found, candidates)
        {
            _clashes = root == session.Root || session.Settings.Verb is not (Verb.Merge or Verb.Refresh or Verb.Boot)
                ? null : TypeClash.AtTheTop(root, candidates, settings.Hierarchies),
            OwnSettings = all,
            _fallback = settings.KeepsMode && merges.Count > 0 && merges[0].IsFallback ? merges[0] : null,
        };
    }

    /// <summary>The plan from which a preview shows the class as merged.</summary>
    public MergePlan PlanOfPreview(RootViews views, bool isFallback)
    {
        List<AcceptedExtension> accepted = LayerSources.Of(views, [Settings], [Drafts()], [])[0];
        PlanResult result = Plan(views, accepted);
        if (!isFallback && result.Refusal is null)
            return result.Plan;
        return Planner.Plan(Settings.SelfImporting(MutableMode.Import),
            views.Look(Settings).ConvertAll(static state => state.SelfRouted()), accepted).Plan;
    }

    /// <summary>The plan for the class as it is configured.</summary>
    public PlanResult Plan(RootViews views, List<AcceptedExtension> sources)
    {
        List<HierarchyState> states = views.Look(Settings);
        if (_fallback is not null)
            states = states.ConvertAll(static state => state.SelfRouted());
        return Planner.Plan(Settings, states, sources, _fallback?.RecordedMode);
    }

    public List<Extension> AcceptedExtensions()
    {
        List<Extension> accepted = [];
        foreach (Candidate candidate in Candidates)
            if (candidate.Verdict.Accepted)
                accepted.Add(candidate.Extension);
        return accepted;
    }

    /// <summary>Call in the caller's namespace: the marker records mount numbers as seen there.</summary>
    /// <param name="identities">By name: for some extensions, what the marker records instead of what they are.</param>
    /// <param name="shown">Names of extensions that will be mounted only so that systemd sees them.</param>
    public List<AcceptedExtension> Accepted(Root root, IReadOnlyDictionary<string, Json.JsonValue>? identities = null,
        List<string>? shown = null)
    {
        List<AcceptedExtension> accepted = [];
        foreach (Candidate candidate in Candidates)
        {
            if (!candidate.Verdict.Accepted)
                continue;
            Extension extension = candidate.Extension;
            Json.JsonValue? identity = null;
            if (identities is null || !identities.TryGetValue(extension.Name, out identity))
            {
                using SafeFileHandle? handle = extension.TryOpenHere(root);
                identity = extension.Image?.Protection.RootHash is string hash
                    ? ExtensionIdentity.OfVerified(extension.Path, hash)
                    : handle is null ? ExtensionIdentity.OfUnseen(extension.Path)
                    : ExtensionIdentity.Of(extension.Path, handle);
            }

            accepted.Add(new AcceptedExtension(extension.Name, identity, candidate.Layers,
                isShown: shown is not null && shown.Has(extension.Name)));
        }

        return accepted;
    }

    /// <summary>The accepted extensions without their entries for the marker; for looking at their layers.</summary>
    public List<AcceptedExtension> Drafts()
    {
        List<AcceptedExtension> drafts = [];
        foreach (Candidate candidate in Candidates)
            if (candidate.Verdict.Accepted)
                drafts.Add(new AcceptedExtension(candidate.Extension.Name,
                    ExtensionIdentity.OfUnseen(candidate.Extension.Path), candidate.Layers));
        return drafts;
    }

    /// <summary>
    /// The extensions that a merge was made of, lowest layer first: where its marker says they were, even if they would
    /// not be merged now.
    /// </summary>
    public List<AcceptedExtension> Merged(Session session, ExistingMerge merge)
    {
        List<AcceptedExtension> merged = [];
        foreach (string name in merge.Marker.Names)
        {
            string? path = Origin.PathOf(merge.Marker.Origin, name);
            Candidate? candidate = Candidates.Find(candidate => candidate.Extension.Name == name);
            Extension? found = candidate?.Extension;
            bool isFound = found is not null && (found.IsDefaultsDirectory || found.Path == path);
            Extension? extension = path is null || isFound ? found
                : Extension.TryAt(session.Root, Settings.Class, name, path);
            if (extension is null && found is not null)
                session.Log.Warning("The extension " + Words.Quote(name) + " was merged on " + merge.Hierarchy
                    + " from " + path + ", which no longer exists: using " + found.Path + " instead.");
            extension ??= found;
            if (extension is null || extension.Kind != ExtensionKind.Directory && extension.Image is null)
                session.Log.Warning("The extension " + Words.Quote(name) + " is merged on " + merge.Hierarchy
                    + " but no longer found: its files are treated as absent.");
            else
                merged.Add(new AcceptedExtension(name, Json.JsonValue.Null(),
                    extension == found && candidate!.Verdict.Accepted
                    ? candidate.Layers : Judgement.LayersOf(session.Root, extension, Settings.Hierarchies)));
        }

        return merged;
    }

    /// <summary>
    /// Something that exists and is not merged this time, but may be next time; its content is unknown. null if there
    /// is none. For messages.
    /// </summary>
    public string? FindLeftOut(Root root)
    {
        foreach (Candidate candidate in Candidates)
        {
            if (!candidate.Verdict.Accepted && candidate.Verdict != Verdict.Mask)
                return PathText.Printable(candidate.Extension.FoundPath);
            if (candidate.Missing is string missing)
                return missing[..missing.IndexOf(' ')] + " of " + PathText.Printable(candidate.Extension.FoundPath);
        }

        // A mask is a deliberate choice, but one in /run ends with this boot.
        foreach (SkippedEntry skipped in Found.Skipped)
            if (!skipped.IsHidden || skipped.IsHiddenForNow)
                return skipped.Path;
        return Settings.Class == ExtensionClass.Confext && VendorDefaults.AsExtension(root) is Extension defaults
            && !AreThereToStay(root, defaults) ? defaults.FoundPath : null;
    }

    private bool AreThereToStay(Root root, Extension defaults)
    {
        bool areNamed = false;
        foreach (Candidate candidate in Candidates)
        {
            if (!VendorDefaults.IsNamed(candidate.Extension))
                continue;
            areNamed = true;
            if (candidate.Verdict.Accepted || !candidate.Extension.IsForNow)
                return true;
        }

        return !areNamed && VendorDefaults.AreAmong(root, Found, defaults);
    }

    /// <summary>One line for each refusal, and one that says what will be merged.</summary>
    /// <param name="root">Without merges if possible: below its own merge, an extension does not clash with
    /// anything.</param>
    public void Report(Root root, Log log)
    {
        foreach (SkippedEntry skipped in Found.Skipped)
        {
            if (skipped.IsFailure)
                log.Warning("Not merging " + skipped.Path + ": " + skipped.Reason + ".");
            else
                log.Debug("Ignoring " + skipped.Path + ": " + skipped.Reason + ".");
        }

        List<string> names = [];
        int found = 0;
        foreach (Candidate candidate in Candidates)
        {
            if (candidate.Verdict != Verdict.Mask)
                found++;
            if (!candidate.Verdict.Accepted)
                log.Warning("Not merging '" + candidate.Extension.Name + "': " + candidate.Verdict.Reason + ".");
            else
                names.Add("'" + candidate.Extension.Name + "'");
            if (candidate.Verdict.Accepted && candidate.Verdict.Reason.Length > 0)
                log.Warning("Merging '" + candidate.Extension.Name + "' although it does not fit (--force): "
                    + candidate.Verdict.Reason + ".");
            if (candidate.Verdict.Accepted && candidate.Extension.Image?.Protection is { IsLess: true } protection)
                log.Warning("Merging '" + candidate.Extension.Name + "' " + protection.Describe() + ".");
            if (candidate.Verdict.Accepted && candidate.Missing is string missing)
                log.Warning("Merging '" + candidate.Extension.Name + "' without its " + missing + ".");
        }

        _clashes ??= TypeClash.AtTheTop(root, Candidates, Settings.Hierarchies);
        foreach (string clash in _clashes)
            log.Warning(clash + ".");
        if (names.Count > 0)
            log.Info("Using extensions " + names.Joined(", ") + ".");
        else
            log.Info((found == 0 ? "No extensions found"
                : "None of the extensions found can be merged (" + found.ToString() + ")")
                + (Settings.Mode == MutableMode.No ? "."
                : ", proceeding in mode " + MutableModes.Name(Settings.Mode) + "."));
    }
}
