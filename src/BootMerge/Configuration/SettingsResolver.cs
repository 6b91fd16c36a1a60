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
        BootMergeFile file = BootMergeFile.Parse(sources, warnings);
        BootParameters kernel = BootParameters.Parse(typed.Verb == Verb.Boot ? sources.KernelCommandLine : [], warnings);

        ClassSelection selection = SelectedBy(typed);
        if (typed.Class is null && typed.Verb == Verb.Boot)
            selection = file.Class ?? selection;
        List<ClassSettings> classes = [];
        foreach (ExtensionClass cls in new[] { ExtensionClass.Confext, ExtensionClass.Sysext })
            if (IsSelected(cls, selection))
                classes.Add(ResolveClass(cls, typed, sources, file, kernel, warnings));

        return new Settings
        {
            Verb = typed.Verb,
            RootPath = typed.Root,
            Classes = classes,
            Force = typed.Force,
            AlwaysRefresh = typed.AlwaysRefresh ?? false,
            NoReload = typed.NoReload,
            ImportSelf = typed.ImportSelf || typed.CalledAs == ProgramName.BootMerge,
            DryRun = typed.DryRun,
            Json = typed.Json,
            Legend = typed.Legend,
            Verbose = typed.Verbose,
            Quiet = typed.Quiet,
            NoWait = typed.NoWait,
            Fallback = typed.Fallback ?? kernel.Fallback ?? file.Fallback ?? FallbackMode.Fail,
            RequireExtension = file.RequireExtension,
            RequireOnlyWhereDefaultsExist = file.RequiredByInitramfs,
            RouteEtc = file.RouteEtc ?? false,
            SwitchedOffBy = kernel.SwitchedOff ? "bootmerge=0 on the kernel command line" : null,
            Debug = typed.Verbose || kernel.Debug,
            Warnings = warnings.Lines,
        };
    }

    /// <summary>By option, else by the name of the program.</summary>
    public static ClassSelection SelectedBy(Arguments typed) =>
        typed.Class ?? (typed.CalledAs == ProgramName.SystemdSysext ? ClassSelection.Sysext : ClassSelection.Confext);

    public static bool IsSelected(ExtensionClass cls, ClassSelection selection) =>
        selection == ClassSelection.All || (selection == ClassSelection.Sysext) == (cls == ExtensionClass.Sysext);

    private static ClassSettings ResolveClass(
        ExtensionClass cls, Arguments typed, ConfigurationSources sources, BootMergeFile file, BootParameters kernel, WarningLog warnings)
    {
        MutableMode mode = typed.Verb == Verb.Boot ? MutableMode.Auto : MutableMode.No;
        string modeOrigin = "the built-in default";
        MutableMode? filesMode = null;
        foreach (Assignment assignment in ClassAssignments(cls, sources, warnings))
        {
            if (assignment.Key != "Mutable")
                continue; // ImagePolicy= is for images, of which this version opens none
            if (MutableModes.TryParse(assignment.Value, out MutableMode chosen))
            {
                filesMode = mode = chosen;
                modeOrigin = assignment.Origin;
            }
            else
                warnings.Add(assignment.Origin, "Mutable=" + Words.Shown(assignment.Value) + " is not valid, ignored" + Words.Hint(assignment.Value, MutableModes.Names));
        }

        if (sources.Environment.TryGetValue(cls.ModeVariable, out string? variable))
        {
            if (MutableModes.TryParse(variable, out MutableMode chosen))
            {
                mode = chosen;
                modeOrigin = "environment variable " + cls.ModeVariable;
            }
            else
                warnings.Add("Environment variable " + cls.ModeVariable, Words.Quote(variable) + " is not valid, ignored" + Words.Hint(variable, MutableModes.Names));
        }

        if (kernel.Mutable is MutableMode fromKernel)
        {
            mode = fromKernel;
            modeOrigin = "bootmerge.mutable= on the kernel command line";
        }

        if (typed.Mutable is MutableMode fromOption)
        {
            mode = fromOption;
            modeOrigin = "the command line";
        }

        string? options = ResolveOverlayOptions(cls, sources, file, warnings, out string optionsOrigin);
        if (options is not null && typed.Verb is Verb.Merge or Verb.Refresh or Verb.Plan or Verb.Boot && OverlayOptions.MissingFrom(options) is string missing)
            warnings.Add(optionsOrigin, "the overlay options " + Words.Quote(options) + " take the place of the defaults and leave out " + missing);

        return new ClassSettings
        {
            Class = cls,
            Mode = mode,
            ModeOrigin = modeOrigin,
            SystemdMode = filesMode ?? MutableMode.No,
            Hierarchies = sources.Environment.TryGetValue(cls.HierarchiesVariable, out string? hierarchies)
                ? HierarchyList.Parse(hierarchies, cls.HierarchiesVariable)
                : cls.Hierarchies,
            // A file speaks of /etc only: noexec on /usr would stop the system.
            NoExec = typed.NoExec ?? (cls.NoExecByDefault && (file.NoExec ?? true)),
            OverlayOptions = options,
            OverlayOptionsOrigin = optionsOrigin,
            SwitchedOffBy = kernel.IsOff(cls) ? cls.KernelSwitch + "=0 on the kernel command line" : null,
        };
    }

    private static List<Assignment> ClassAssignments(ExtensionClass cls, ConfigurationSources sources, WarningLog warnings)
    {
        List<Assignment> assignments = [];
        if (sources.ClassFiles.TryGetValue(cls.ConfigurationFile, out List<SourceFile>? files))
            foreach (SourceFile file in files)
                assignments.AddRange(ConfigurationFile.Parse(file, cls.Section, ClassKeys, warnings));
        return assignments;
    }

    /// <summary>null: the defaults. An empty variable counts as none.</summary>
    private static string? ResolveOverlayOptions(
        ExtensionClass cls, ConfigurationSources sources, BootMergeFile file, WarningLog warnings, out string origin)
    {
        origin = file.OverlayOptionsOrigin;
        if (!sources.Environment.TryGetValue(cls.OverlayOptionsVariable, out string? variable) || variable.Length == 0)
            return file.OverlayOptions;
        if (OverlayOptions.ReasonToRefuse(variable) is string reason)
        {
            warnings.Add("Environment variable " + cls.OverlayOptionsVariable, Words.Quote(variable) + " is not valid, ignored: " + reason);
            return file.OverlayOptions;
        }

        origin = "Environment variable " + cls.OverlayOptionsVariable;
        return variable;
    }
}
