using System.Collections.Generic;
using BootMerge.Configuration;
using BootMerge.Extensions;
using BootMerge.Linux;
using BootMerge.Markers;
using BootMerge.Mounting;
using BootMerge.Planning;
using BootMerge.Reporting;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Verbs;

/// <summary>The extensions of one class: found, judged, and those accepted ready for planning.</summary>
internal sealed class Survey
{
    private List<AcceptedExtension> _accepted = [];

    // The merge that a refresh keeps the mode of, where that is a fallback.
    private ExistingMerge? _fallback;

    private Survey(ClassSettings settings, DiscoveryResult found, List<Candidate> candidates)
    {
        Settings = settings;
        Found = found;
        Candidates = candidates;
    }

    public ClassSettings Settings { get; }

    public DiscoveryResult Found { get; }

    /// <summary>Lowest layer first.</summary>
    public List<Candidate> Candidates { get; }

    /// <summary>In the namespace of the caller: the marker records mount numbers as seen there.</summary>
    /// <param name="session">Keeps what is opened.</param>
    /// <param name="extra">An extension that no search directory has, or null.</param>
    public static Survey Make(Session session, ClassSettings classSettings, Extension? extra = null)
    {
        Root root = session.Root;
        DiscoveryResult found = Discovery.Find(root, classSettings.Class, HostRelease.IsInitrd(root));
        if (extra is not null && extra.Class == classSettings.Class && found.Find(extra.Name) is null)
            found.Add(extra);
        session.Hold(found);
        List<Candidate> candidates = Judgement.Of(root, found, HostRelease.Read(root), classSettings.Hierarchies, session.Settings.Force, classSettings.ImagePolicy);
        return new Survey(classSettings, found, candidates);
    }

    /// <summary>One for each class, with what is accepted of it. Before the host may enter a private view.</summary>
    public static List<Survey> MakeAll(Session session)
    {
        List<Survey> surveys = [];
        foreach (ClassSettings settings in session.Settings.Classes)
        {
            List<ExistingMerge> merges = settings.KeepsMode || settings.KeepsNoExec ? ExistingMerge.FindAll(session.Root, [settings]) : [];
            Survey survey = Make(session, merges.Count == 0 ? settings : merges[0].KeepUnchosen(settings));
            survey._fallback = settings.KeepsMode && merges.Count > 0 && merges[0].IsFallback ? merges[0] : null;
            survey._accepted = survey.Accepted(session.Root);
            surveys.Add(survey);
        }

        return surveys;
    }

    /// <summary>The plan for the class as it is configured; for a survey of <see cref="MakeAll"/>.</summary>
    public PlanResult Plan(Host host)
    {
        List<HierarchyState> states = host.Look(Settings);
        if (_fallback is not null)
            states = states.ConvertAll(static state => state.SelfRouted());
        return Planner.Plan(Settings, states, host.Seen(_accepted), _fallback?.RecordedMode);
    }

    public List<Extension> AcceptedExtensions()
    {
        List<Extension> accepted = [];
        foreach (Candidate candidate in Candidates)
            if (candidate.Verdict.Accepted)
                accepted.Add(candidate.Extension);
        return accepted;
    }

    /// <param name="identities">What the marker says of some extensions in place of what they are; by name.</param>
    /// <param name="shown">Names of those that will be mounted only for systemd to see them.</param>
    public List<AcceptedExtension> Accepted(Root root, IReadOnlyDictionary<string, Json.JsonValue>? identities = null, List<string>? shown = null)
    {
        List<AcceptedExtension> accepted = [];
        foreach (Extension extension in AcceptedExtensions())
        {
            List<KeyValuePair<string, string>> layers = [];
            foreach (string hierarchy in Settings.Hierarchies)
            {
                using SafeFileHandle? directory = extension.OpenHierarchy(root, hierarchy);
                if (directory is not null && !Judgement.IsEmpty(directory))
                    layers.Add(new KeyValuePair<string, string>(hierarchy, extension.Image is null ? root.PathOf(directory) : Sys.PathOf(directory)));
            }

            Json.JsonValue? identity = null;
            if (identities is null || !identities.TryGetValue(extension.Name, out identity))
            {
                using SafeFileHandle handle = extension.Open(root);
                identity = ExtensionIdentity.Of(extension.Path, handle);
            }

            accepted.Add(new AcceptedExtension(extension.Name, identity, layers, extension.Image, isShown: shown is not null && shown.Contains(extension.Name)));
        }

        return accepted;
    }

    /// <summary>
    /// Something that is there and is not merged this time, but may be the next: what it brings cannot be told. null when
    /// there is nothing of the kind. For messages.
    /// </summary>
    public string? LeftOut(Root root)
    {
        foreach (Candidate candidate in Candidates)
        {
            if (!candidate.Verdict.Accepted && candidate.Verdict != Verdict.Mask)
                return PathText.Printable(candidate.Extension.FoundPath);
            if (candidate.Missing is string missing)
                return missing[..missing.IndexOf(' ')] + " of " + PathText.Printable(candidate.Extension.FoundPath);
        }

        // A mask is somebody's decision, but one in /run ends with this boot.
        foreach (SkippedEntry skipped in Found.Skipped)
            if (!skipped.IsHidden || skipped.IsHiddenForNow)
                return skipped.Path;
        return Settings.Class == ExtensionClass.Confext && Extension.BareDefaults(root) is Extension bare && !IsThereToStay(bare.Name) ? bare.FoundPath : null;
    }

    private bool IsThereToStay(string name)
    {
        foreach (Candidate candidate in Candidates)
            if (candidate.Extension.Name == name)
                return candidate.Verdict.Accepted || !candidate.Extension.IsForNow;
        return false;
    }

    /// <summary>One line for each refusal, and one that says what will be merged.</summary>
    public void Report(Log log)
    {
        foreach (SkippedEntry skipped in Found.Skipped)
        {
            if (skipped.IsFailure)
                log.Warning("Not merging " + skipped.Path + ": " + skipped.Reason + ".");
            else
                log.Debug("Ignoring " + skipped.Path + ": " + skipped.Reason + ".");
        }

        List<string> names = [];
        foreach (Candidate candidate in Candidates)
        {
            if (!candidate.Verdict.Accepted)
                log.Warning("Not merging '" + candidate.Extension.Name + "': " + candidate.Verdict.Reason + ".");
            else
                names.Add("'" + candidate.Extension.Name + "'");
            if (candidate.Verdict.Accepted && candidate.Verdict.Reason.Length > 0)
                log.Warning("Merging '" + candidate.Extension.Name + "' although it does not fit (--force): " + candidate.Verdict.Reason + ".");
            if (candidate.Verdict.Accepted && candidate.Missing is string missing)
                log.Warning("Merging '" + candidate.Extension.Name + "' without its " + missing + ".");
        }

        if (names.Count > 0)
            log.Info("Using extensions " + string.Join(", ", names) + ".");
        else if (Settings.Mode == MutableMode.No)
            log.Info("No extensions found.");
        else
            log.Info("No extensions found, proceeding in mode " + MutableModes.Name(Settings.Mode) + ".");
    }
}
