using System.Collections.Generic;
using BootMerge.CommandLine;

namespace BootMerge.Configuration;

/// <summary>Weakest to strongest: built-in, files, environment, kernel command line (boot), command line.</summary>
internal static class SettingsResolver
{
    private static readonly string[] ClassKeys = ["Mutable", "ImagePolicy"];

    public static Settings Resolve(Arguments typed, ConfigurationSources sources)
    {
        WarningLog warnings = new();
        warnings.Lines.AddAll(sources.Problems);
        BootMergeFile file = BootMergeFile.Parse(sources, warnings);
        BootParameters kernel = BootParameters.Parse(sources.KernelCommandLine, typed.Verb == Verb.Boot, warnings);

        ClassSelection selection = SelectedBy(typed);
        if (typed.Class is null && typed.Verb == Verb.Boot)
            selection = file.Class ?? selection;
        List<ClassSettings> classes = [];
        foreach (ExtensionClass cls in ClassesOf(selection))
            classes.Add(ResolveClass(cls, typed, SourcesOf(cls, sources), file, kernel, warnings));

        return new Settings
        {
            Verb = typed.Verb,
            IsDropIn = typed.IsDropIn,
            Names = typed.Names,
            RootPath = typed.Root,
            Classes = classes,
            IsClassChosen = typed.Class is not null,
            Switches = typed.Switches,
            AlwaysRefresh = typed.AlwaysRefresh ?? false,
            Json = typed.Json,
            Keep = typed.Keep,
            Prune = file.Prune ?? false,
            PruneSwitchedOff = kernel.PruneOff,
            OsRelease = string.IsNullOrEmpty(sources.OsRelease) ? null : sources.OsRelease,
            IsElsewhere = typed.RootGiven,
            MayAskManager = !typed.RootGiven && !typed.Has(Switches.NoReload),
            Fallback = typed.Fallback ?? kernel.Fallback ?? file.Fallback ?? FallbackMode.Fail,
            RequireExtension = file.RequireExtension,
            IsRequirementOfInitramfs = file.RequiredByInitramfs,
            RouteEtc = file.RouteEtc ?? false,
            SwitchedOffBy = kernel.SwitchedOff ? "bootmerge=0 on the kernel command line" : null,
            Debug = typed.Has(Switches.Verbose) || kernel.Debug,
            Warnings = warnings.Lines,
        };
    }

    /// <summary>By option, otherwise by the program's name.</summary>
    public static ClassSelection SelectedBy(Arguments typed) =>
        typed.Class ?? (typed.CalledAs == ProgramName.SystemdSysext ? ClassSelection.Sysext : ClassSelection.Confext);

    /// <summary>confext first.</summary>
    public static ExtensionClass[] ClassesOf(ClassSelection selection) => selection switch
    {
        ClassSelection.Confext => [ExtensionClass.Confext],
        ClassSelection.Sysext => [ExtensionClass.Sysext],
        _ => [ExtensionClass.Confext, ExtensionClass.Sysext],
    };

    private static ClassSources SourcesOf(ExtensionClass cls, ConfigurationSources sources)
    {
        foreach (ClassSources candidate in sources.Classes)
            if (candidate.Class == cls)
                return candidate;
        return new ClassSources(cls);
    }

    private static ClassSettings ResolveClass(
        ExtensionClass cls, Arguments typed, ClassSources sources, BootMergeFile file, BootParameters kernel,
            WarningLog warnings)
    {
        MutableMode mode = typed.Verb is Verb.Boot or Verb.Diff or Verb.Explain or Verb.Prune or Verb.Reset
            ? MutableMode.Auto : MutableMode.No;
        string modeOrigin = "the built-in default";
        MutableMode? filesMode = null;
        ImagePolicy? imagePolicy = null;
        bool isDropIn = typed.IsDropIn;
        bool isChosen = false;
        foreach (KeyValuePair<Assignment, bool> entry in AssignmentsOf(sources, warnings))
        {
            (Assignment assignment, bool isPublished) = entry;
            // What an earlier boot stage wrote is not the owner's choice.
            if (isPublished && typed.Verb == Verb.Boot)
                continue;
            if (assignment.Key == "ImagePolicy")
                TakeImagePolicy(assignment, ref imagePolicy, warnings);
            else if (MutableModes.TryParse(assignment.Value, out MutableMode chosen))
            {
                filesMode = mode = chosen;
                modeOrigin = assignment.Origin;
                isChosen = !isPublished;
            }
            else
                warnings.Add(assignment.Origin, "Mutable=" + Words.Shown(assignment.Value) + " is not valid, ignored"
                    + Words.Hint(assignment.Value, MutableModes.Names));
        }

        if (sources.Mode is string variable)
        {
            if (MutableModes.TryParse(variable, out MutableMode chosen))
            {
                mode = chosen;
                modeOrigin = "environment variable " + cls.ModeVariable;
                isChosen = true;
            }
            else
                warnings.Add("Environment variable " + cls.ModeVariable,
                    Words.Quote(variable) + " is not valid, ignored" + Words.Hint(variable, MutableModes.Names));
        }

        if (kernel.Mutable is MutableMode fromKernel)
        {
            mode = fromKernel;
            modeOrigin = "bootmerge.mutable= on the kernel command line";
            isChosen = true;
        }

        if (typed.Mutable is MutableMode fromOption)
        {
            mode = fromOption;
            modeOrigin = "the command line";
            isChosen = true;
        }

        string? options = ResolveOverlayOptions(sources, file, warnings, out string optionsOrigin);
        // What they lack matters only if something can be written.
        bool areUsed = typed.Verb is Verb.Merge or Verb.Refresh or Verb.Plan or Verb.Boot
            && (MutableModes.WritesToDisk(mode) || MutableModes.WritesToMemory(mode));
        if (areUsed && options is not null && OverlayOptions.MissingFrom(options) is string missing)
            warnings.Add(optionsOrigin, "the overlay options " + Words.Quote(options)
                + " replace the defaults and lack " + missing);

        bool isKeeping = typed.Verb is Verb.Refresh or Verb.Plan && !isDropIn;
        return new ClassSettings
        {
            Class = cls,
            Mode = mode,
            ModeOrigin = modeOrigin,
            KeepsMode = !isChosen && isKeeping,
            KeepsNoExec = typed.NoExec is null && file.NoExec is null && isKeeping,
            IsDropIn = isDropIn,
            RecordsUnroutedAsNo = typed.Verb == Verb.Boot,
            SystemdMode = filesMode ?? MutableMode.No,
            Hierarchies = sources.Hierarchies is null ? cls.Hierarchies
                : HierarchyList.Parse(sources.Hierarchies, cls.HierarchiesVariable),
            ImagePolicy = typed.ImagePolicy ?? (kernel.RequireSigned ?? file.RequireSigned ?? false
                ? ImagePolicy.OnlySigned(cls, imagePolicy) : imagePolicy),
            // A file decides only for /etc: noexec on /usr would stop the system.
            NoExec = typed.NoExec ?? (cls.NoExecByDefault && (file.NoExec ?? true)),
            OverlayOptions = options,
            OverlayOptionsOrigin = optionsOrigin,
            ImportSelf = typed.Has(Switches.ImportSelf) || !typed.IsDropIn,
            SwitchedOffBy = kernel.IsOff(cls) ? cls.KernelSwitch + "=0 on the kernel command line" : null,
        };
    }

    /// <summary>
    /// An empty value restores the built-in policy. Unknown words leave the rest of a policy in force. A policy that
    /// cannot be read must not allow what it was meant to forbid.
    /// </summary>
    private static void TakeImagePolicy(Assignment assignment, ref ImagePolicy? policy, WarningLog warnings)
    {
        ImagePolicy? chosen = ImagePolicy.Parse(assignment.Value, out string? problem);
        if (chosen is null)
            warnings.Add(assignment.Origin, "ImagePolicy=" + Words.Shown(assignment.Value) + ": " + problem
                + "; no disk image is allowed until this is corrected");
        else if (problem is not null)
            warnings.Add(assignment.Origin, "ImagePolicy=" + Words.Shown(assignment.Value) + ": " + problem
                + ", ignored");
        policy = chosen is null ? ImagePolicy.Unreadable(assignment.Value) : assignment.Value.Length == 0
            ? null : chosen;
    }

    /// <summary>Each assignment, and whether the boot stage wrote it.</summary>
    private static List<KeyValuePair<Assignment, bool>> AssignmentsOf(ClassSources sources, WarningLog warnings)
    {
        List<KeyValuePair<Assignment, bool>> assignments = [];
        foreach (SourceFile file in sources.Files)
            foreach (Assignment assignment in ConfigurationFile.Parse(file, sources.Class.Section, ClassKeys, warnings))
                assignments.Add(new KeyValuePair<Assignment, bool>(assignment, file.IsPublished));
        return assignments;
    }

    /// <summary>null: the defaults. An empty variable counts as unset.</summary>
    private static string? ResolveOverlayOptions(ClassSources sources, BootMergeFile file, WarningLog warnings,
        out string origin)
    {
        origin = file.OverlayOptionsOrigin;
        string options = sources.OverlayOptions ?? "";
        if (options.Length == 0)
            return file.OverlayOptions;
        string variable = "Environment variable " + sources.Class.OverlayOptionsVariable;
        if (OverlayOptions.ReasonToRefuse(options) is string reason)
        {
            warnings.Add(variable, Words.Quote(options) + " is not valid, ignored: " + reason);
            return file.OverlayOptions;
        }

        origin = variable;
        return options;
    }
}
