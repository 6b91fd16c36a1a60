using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using BootMerge.CommandLine;
using BootMerge.Configuration;
using Xunit;

namespace BootMerge.Tests.Configuration;

public sealed class SettingsResolverTests
{
    [Fact]
    public void Without_any_source_the_built_in_defaults_hold()
    {
        Settings settings = SettingsResolver.Resolve(Typed("merge"), new ConfigurationSources());

        ClassSettings confext = Assert.Single(settings.Classes);
        Assert.Same(ExtensionClass.Confext, confext.Class);
        Assert.Equal(MutableMode.No, confext.Mode);
        Assert.Equal("the built-in default", confext.ModeOrigin);
        Assert.Equal(MutableMode.No, confext.SystemdMode);
        Assert.Equal(["/etc"], confext.Hierarchies);
        Assert.True(confext.NoExec);
        Assert.Null(confext.OverlayOptions);
        Assert.False(confext.SwitchedOff);
        Assert.Equal(FallbackMode.Fail, settings.Fallback);
        Assert.Empty(settings.RequireExtension);
        Assert.False(settings.RouteEtc);
        Assert.False(settings.AlwaysRefresh);
        Assert.True(confext.ImportSelf);
        Assert.False(settings.SwitchedOff);
        Assert.Empty(settings.Warnings);
    }

    public static TheoryData<string, string, string, string, string, string, string> Modes => new()
    {
        // typed, confext.conf, environment, kernel command line, expected mode, its origin, what systemd uses
        { "merge", "", "", "", "no", "the built-in default", "no" },
        { "boot", "", "", "", "auto", "the built-in default", "no" },
        { "merge", "yes", "", "", "yes", "/c.conf:2", "yes" },
        { "boot", "no", "", "", "no", "/c.conf:2", "no" },
        { "merge", "yes", "import", "", "import", "environment variable SYSTEMD_CONFEXT_MUTABLE_MODE", "yes" },
        { "boot", "yes", "import", "ephemeral", "ephemeral", "bootmerge.mutable= on the kernel command line", "yes" },
        { "merge", "yes", "import", "ephemeral", "import", "environment variable SYSTEMD_CONFEXT_MUTABLE_MODE", "yes" },
        { "boot --mutable=auto", "yes", "import", "ephemeral", "auto", "the command line", "yes" },
        { "merge --immutable", "yes", "", "", "no", "the command line", "yes" },
        { "merge", "maybe", "", "", "no", "the built-in default", "no" },
        { "merge", "yes", "maybe", "", "yes", "/c.conf:2", "yes" },
        { "boot", "yes", "", "maybe", "yes", "/c.conf:2", "yes" },
    };

    [Theory]
    [MemberData(nameof(Modes))]
    public void The_strongest_source_chooses_the_mode(string typed, string file, string environment, string kernel,
        string mode, string origin, string systemdMode)
    {
        ClassSources confextSources = new(ExtensionClass.Confext)
        {
            Files = file.Length > 0 ? [File("/c.conf", "[ConfExt]\nMutable=" + file)] : [],
            Mode = environment.Length > 0 ? environment : null,
        };
        ConfigurationSources sources = new()
        {
            Classes = [confextSources],
            KernelCommandLine = Encoding.UTF8.GetBytes(kernel.Length == 0 ? "" : "quiet bootmerge.mutable=" + kernel),
        };

        Settings settings = SettingsResolver.Resolve(Typed(typed.Split(' ')), sources);

        ClassSettings confext = Assert.Single(settings.Classes);
        Assert.Equal(mode, MutableModes.Name(confext.Mode));
        Assert.Equal(origin, confext.ModeOrigin);
        Assert.Equal(systemdMode, MutableModes.Name(confext.SystemdMode));
        bool wrong = file == "maybe" || environment == "maybe" || kernel == "maybe";
        Assert.Equal(wrong ? 1 : 0, settings.Warnings.Count);
    }

    [Theory]
    [InlineData("bootmerge", "refresh", "yes", "auto", "yes", true)]
    [InlineData("bootmerge", "refresh", "auto", "import", "import", false)] // the owner has a stronger file
    [InlineData("bootmerge", "boot", "yes", "", "auto", false)]
    [InlineData("bootmerge", "boot", "yes", "import", "import", false)]
    [InlineData("bootmerge", "merge", "yes", "", "yes", false)]
    [InlineData("systemd-confext", "refresh", "yes", "", "yes", false)]
    public void What_an_earlier_boot_left_for_systemd_is_no_choice_of_the_owners(string name, string verb,
        string published, string own, string mode, bool isKept)
    {
        SourceFile ours = new("/run/99-bootmerge.conf", Encoding.UTF8.GetBytes("[ConfExt]\nMutable=" + published),
            isPublished: true);
        SourceFile theirs = File("/c.conf", own.Length == 0 ? "" : "[ConfExt]\nMutable=" + own);
        bool isStronger = verb == "refresh" && mode == own;
        ConfigurationSources sources = new()
        {
            Classes =
            [new ClassSources(ExtensionClass.Confext) { Files = isStronger ? [ours, theirs] : [theirs, ours] }]
        };
        Arguments typed = Assert.IsType<ParseResult.Parsed>(CommandLineParser.Parse(name, [verb])).Arguments;

        ClassSettings confext = Assert.Single(SettingsResolver.Resolve(typed, sources).Classes);

        Assert.Equal(mode, MutableModes.Name(confext.Mode));
        Assert.Equal(isKept, confext.KeepsMode);
        if (verb == "boot")
            Assert.Equal(own.Length == 0 ? "no" : own, MutableModes.Name(confext.SystemdMode));
    }

    public static TheoryData<int, string, string> Ladder => new()
    {
        // how many of the sources below set the mode, weakest first; the mode; its origin
        { 0, "auto", "the built-in default" },
        { 1, "no", "/main:2" },
        { 2, "yes", "/10.conf:2" },
        { 3, "import", "/20.conf:2" },
        { 4, "ephemeral", "environment variable SYSTEMD_SYSEXT_MUTABLE_MODE" },
        { 5, "ephemeral-import", "bootmerge.mutable= on the kernel command line" },
        { 6, "yes", "the command line" },
    };

    [Theory]
    [MemberData(nameof(Ladder))]
    public void Each_source_of_the_mode_is_stronger_than_those_before_it(int speaking, string mode, string origin)
    {
        List<SourceFile> files = [File("/main", "[SysExt]\nMutable=no"), File("/10.conf", "[SysExt]\nMutable=yes"),
            File("/20.conf", "[SysExt]\nMutable=import")];
        ClassSources sysext = new(ExtensionClass.Sysext)
        {
            Files = files[..Math.Min(speaking, 3)],
            Mode = speaking >= 4 ? "ephemeral" : null,
        };
        ConfigurationSources sources = new()
        {
            Classes = [sysext],
            KernelCommandLine = speaking >= 5 ? "bootmerge.mutable=ephemeral-import"u8.ToArray() : []
        };

        Settings settings = SettingsResolver.Resolve(
            Typed(["boot", "--class=sysext", .. speaking >= 6 ? ["--mutable"] : Array.Empty<string>()]), sources);

        Assert.Equal((mode, origin), (MutableModes.Name(settings.Classes[0].Mode), settings.Classes[0].ModeOrigin));
        Assert.Empty(settings.Warnings);
    }

    [Theory]
    // typed, files; why a squashfs is refused, or null
    [InlineData("merge", "", null)]
    [InlineData("merge", "root=verity", "the image policy 'root=verity' allows no image without verity or encryption")]
    [InlineData("merge", "root=verity|root=ext4", "the image policy 'root=ext4' allows no squashfs")]
    [InlineData("merge", "root=verity|", null)]
    [InlineData("merge", "nonsense", "the image policy 'nonsense' allows no image without verity or encryption")]
    [InlineData("merge", "root=unprotected|nonsense",
        "the image policy 'nonsense' allows no image without verity or encryption")]
    [InlineData("merge", "nonsense|root=unprotected", null)]
    [InlineData("merge", "root=ignore", "the image policy 'root=ignore' allows no image without verity or encryption")]
    [InlineData("merge", "root=nonsense",
        "the image policy 'root=nonsense' allows no image without verity or encryption")]
    [InlineData("merge", "root=verity+nonsense",
        "the image policy 'root=verity+nonsense' allows no image without verity or encryption")]
    [InlineData("merge --image-policy=root=xfs", "root=unprotected", "the image policy 'root=xfs' allows no squashfs")]
    [InlineData("merge --image-policy=*", "root=verity", null)]
    [InlineData("merge --image-policy=", "root=unprotected",
        "the image policy '' allows no image without verity or encryption")]
    public void An_image_policy_comes_from_option_or_file(string typed, string files, string? refusal)
    {
        ClassSources confext = new(ExtensionClass.Confext);
        foreach (string policy in files.Split('|'))
            confext.Files.Add(File("/f", files.Length == 0 ? "" : "[ConfExt]\nImagePolicy=" + policy));

        Settings settings = SettingsResolver.Resolve(Typed(typed.Split(' ')),
            new ConfigurationSources { Classes = [confext] });

        Assert.Equal(refusal, settings.Classes[0].ImagePolicy?.ReasonToRefuse("squashfs"));
        Assert.Equal(typed == "merge" && (files.Length == 0 || files.EndsWith('|')),
            settings.Classes[0].ImagePolicy is null);
        Assert.Equal(files.Contains("nonsense", StringComparison.Ordinal) ? 1 : 0, settings.Warnings.Count);
        Assert.All(settings.Warnings, warning =>
            Assert.StartsWith("/f:2: ImagePolicy=", warning, StringComparison.Ordinal));
    }

    [Theory]
    // Kernel command line, the initramfs's file, the root's, the option, and whether a plain image is allowed.
    [InlineData("", "", "", "", true)]
    [InlineData("", "", "yes", "", false)]
    [InlineData("", "", "yes", "--image-policy=*", true)]
    [InlineData("bootmerge.require-signed", "", "", "", false)]
    [InlineData("bootmerge.require-signed", "", "no", "", false)]
    [InlineData("bootmerge.require-signed=0", "", "yes", "", true)]
    [InlineData("", "yes", "no", "", false)]
    [InlineData("", "no", "yes", "", false)]
    [InlineData("", "", "yes|no", "", true)]
    [InlineData("", "yes", "yes|no", "", false)]
    public void Signatures_are_required_by_file_or_kernel_command_line(string kernel, string initramfs, string files,
        string option, bool isPlainAllowed)
    {
        static List<SourceFile> Files(string values) => values.Length == 0 ? [] : [.. values.Split('|').Select(
            value => File("/f", "[BootMerge]\nRequireSigned=" + value))];
        ConfigurationSources sources = new()
        {
            KernelCommandLine = Encoding.UTF8.GetBytes(kernel),
            InitramfsFiles = Files(initramfs),
            Files = Files(files),
        };
        foreach (string verb in initramfs.Length == 0 ? new[] { "boot", "merge", "refresh", "status" } : ["boot"])
        {
            Settings settings = SettingsResolver.Resolve(Typed(option.Length == 0 ? [verb] : [option, verb]), sources);
            Assert.Empty(settings.Warnings);
            Assert.All(settings.Classes, one => Assert.Equal(isPlainAllowed,
                (one.ImagePolicy ?? ImagePolicy.BuiltIn(one.Class, "/x")).ReasonToRefuse("squashfs") is null));
        }
    }

    [Theory]
    [InlineData("RequireSigned=maybe")]
    [InlineData("RequireSigned=")]
    [InlineData("RequireSigned=no\nRequireSigned=n0")]
    public void What_may_mean_that_signatures_are_required_requires_them_and_says_so(string lines)
    {
        Settings settings = SettingsResolver.Resolve(Typed("merge"),
            new ConfigurationSources { Files = [File("/f", "[BootMerge]\n" + lines)] });
        Assert.Equal("/f:" + (lines.Split('\n').Length + 1) + ": " + lines.Split('\n')[^1]
            + " is not valid, so signatures are required; it takes yes or no", Assert.Single(settings.Warnings));
        Assert.All(settings.Classes, one => Assert.NotNull(one.ImagePolicy!.ReasonToRefuse("squashfs")));
    }

    [Fact]
    public void The_image_policy_is_the_same_after_a_fallback()
    {
        Settings settings = SettingsResolver.Resolve(Typed("boot", "--image-policy=~"), new ConfigurationSources());

        Assert.Same(settings.Classes[0].ImagePolicy, settings.Classes[0].SelfImporting(MutableMode.Import).ImagePolicy);
    }

    [Fact]
    public void A_later_file_overrides_an_earlier_one_and_a_wrong_value_nothing()
    {
        ClassSources sources = new(ExtensionClass.Confext)
        {
            Files = [File("/a", "[ConfExt]\nMutable=yes"), File("/b", "[ConfExt]\nMutable=import\nImagePolicy=*"),
                File("/c", "[ConfExt]\nMutable=")],
        };

        Settings settings = SettingsResolver.Resolve(Typed("merge"), new ConfigurationSources { Classes = [sources] });

        Assert.Equal(MutableMode.Import, settings.Classes[0].Mode);
        Assert.Equal("/b:2", settings.Classes[0].ModeOrigin);
        Assert.Equal(["/c:2: Mutable= is not valid, ignored (known: no, yes, auto, import, ephemeral, "
            + "ephemeral-import)"], settings.Warnings);
    }

    [Fact]
    public void The_file_of_the_initramfs_is_weaker_than_those_of_the_root()
    {
        ConfigurationSources sources = new()
        {
            InitramfsFiles = [File("/i",
                "[BootMerge]\nNoExec=no\nFallback=immutable\nRouteEtc=yes\nRequireExtension=flatcar-defaults")],
            Files = [File("/r", "[BootMerge]\nFallback=ephemeral\nRequireExtension=mine")],
        };

        Settings settings = SettingsResolver.Resolve(Typed("boot"), sources);

        Assert.False(settings.Classes[0].NoExec);
        Assert.Equal(FallbackMode.Ephemeral, settings.Fallback);
        Assert.True(settings.RouteEtc);
        Assert.Equal(["mine"], settings.RequireExtension);
        Assert.False(settings.IsRequirementOfInitramfs);
    }

    [Theory]
    [InlineData("flatcar-defaults", "", "flatcar-defaults", true)]
    [InlineData("flatcar-default flatcar-defaults", "", "flatcar-default,flatcar-defaults", true)]
    [InlineData("flatcar-defaults", "RequireExtension=", "", false)]
    [InlineData("flatcar-defaults", "RequireExtension=flatcar-defaults", "flatcar-defaults", false)]
    [InlineData("flatcar-defaults", "RequireExtension= duranium-base-config  .host\t", "duranium-base-config,.host", false)]
    [InlineData("flatcar-defaults", "RequireExtension=mine a/b", "flatcar-defaults", true)]
    [InlineData("flatcar-defaults", "RequireExtension=a/b", "flatcar-defaults", true)]
    // no extension can have that name
    [InlineData("flatcar-defaults", "RequireExtension=a\u0016b", "flatcar-defaults", true)]
    public void A_requirement_is_a_list_of_which_the_root_s_replaces_the_initramfs_s(string initramfs, string root,
        string expected, bool isOfInitramfs)
    {
        ConfigurationSources sources = new()
        {
            InitramfsFiles = [File("/i", "[BootMerge]\nRequireExtension=" + initramfs)],
            Files = [File("/r", "[BootMerge]\n" + root)],
        };

        Settings settings = SettingsResolver.Resolve(Typed("boot"), sources);

        Assert.Equal(expected, string.Join(',', settings.RequireExtension));
        Assert.Equal(isOfInitramfs, settings.IsRequirementOfInitramfs);
    }

    [Theory]
    [InlineData("boot", "fail")]
    [InlineData("boot --fallback=immutable", "immutable")]
    public void The_option_beats_the_kernel_command_line_for_the_fallback(string typed, string expected)
    {
        ConfigurationSources sources = new()
        {
            Files = [File("/r", "[BootMerge]\nFallback=ephemeral")],
            KernelCommandLine = "bootmerge.fallback=fail bootmerge.log=debug"u8.ToArray(),
        };

        Settings settings = SettingsResolver.Resolve(Typed(typed.Split(' ')), sources);

        Assert.Equal(expected, FallbackModes.Name(settings.Fallback));
        Assert.True(settings.Debug);
    }

    [Theory]
    [InlineData("boot", "bootmerge=0", true, false)]
    [InlineData("boot", "systemd.confext=0", false, true)]
    [InlineData("boot", "systemd.sysext=0", false, false)]
    [InlineData("merge", "bootmerge=0 systemd.confext=0", false, false)]
    public void Only_boot_is_switched_off_by_the_kernel_command_line(string verb, string kernel, bool all, bool confext)
    {
        Settings settings = SettingsResolver.Resolve(Typed(verb),
            new ConfigurationSources { KernelCommandLine = Encoding.UTF8.GetBytes(kernel) });

        Assert.Equal(all, settings.SwitchedOff);
        Assert.Equal(confext, settings.Classes[0].SwitchedOff);
    }

    [Theory]
    [InlineData("bootmerge", "merge", "", "confext")]
    [InlineData("bootmerge", "merge --class=sysext", "", "sysext")]
    [InlineData("bootmerge", "merge --class=all", "", "confext sysext")]
    [InlineData("systemd-sysext", "merge", "", "sysext")]
    [InlineData("bootmerge", "merge", "Class=all", "confext")]
    [InlineData("bootmerge", "boot", "Class=all", "confext sysext")]
    [InlineData("bootmerge", "boot --class=confext", "Class=all", "confext")]
    [InlineData("bootmerge", "boot", "Class=every", "confext")]
    public void Classes_come_from_option_file_or_name_of_the_program(string program, string typed, string file,
        string expected)
    {
        ConfigurationSources sources = new() { Files = [File("/r", "[BootMerge]\n" + file)] };

        Settings settings = SettingsResolver.Resolve(TypedAs(program, typed.Split(' ')), sources);

        Assert.Equal(expected, string.Join(' ', settings.Classes.ConvertAll(cls => cls.Class.Name)));
    }

    [Theory]
    [InlineData("bootmerge", "merge", true)]
    [InlineData("systemd-confext", "merge", false)]
    [InlineData("systemd-confext", "merge --import-self", true)]
    public void Under_systemds_name_the_self_routed_imports_are_asked_for(string program, string typed,
        bool expected) =>
        Assert.Equal(expected, SettingsResolver.Resolve(TypedAs(program, typed.Split(' ')),
            new ConfigurationSources()).Classes[0].ImportSelf);

    [Theory]
    [InlineData("merge --class=all", "", true, false)]
    [InlineData("merge --class=all", "NoExec=yes", true, false)]
    [InlineData("merge --class=all", "NoExec=no", false, false)]
    [InlineData("merge --class=all --noexec=yes", "NoExec=no", true, true)]
    [InlineData("merge --class=all --noexec=no", "NoExec=yes", false, false)]
    [InlineData("merge --class=all", "NoExec=perhaps", true, false)]
    public void Noexec_is_a_matter_of_confexts_unless_an_option_says_so(string typed, string file, bool confext,
        bool sysext)
    {
        ConfigurationSources sources = new() { Files = [File("/r", "[BootMerge]\n" + file)] };

        Settings settings = SettingsResolver.Resolve(Typed(typed.Split(' ')), sources);

        Assert.Equal(confext, settings.Classes[0].NoExec);
        Assert.Equal(sysext, settings.Classes[1].NoExec);
    }

    [Theory]
    [InlineData("merge --mutable", "redirect_dir=on,metacopy=off,index=on", null,
        "redirect_dir=on,metacopy=off,index=on", 0)]
    [InlineData("merge --mutable", "index=on", null, "index=on", 1)]
    [InlineData("merge --mutable=import", "index=on", null, "index=on", 0)]
    [InlineData("status --mutable", "index=on", null, "index=on", 0)]
    [InlineData("merge --mutable", "index=on", "metacopy=off", "metacopy=off", 1)]
    [InlineData("merge --mutable", "index=on", "", "index=on", 1)]
    [InlineData("merge --mutable", "", null, null, 0)]
    [InlineData("merge --mutable", "redirect_dir=on,metacopy=off,upperdir=/x", null, null, 1)]
    [InlineData("merge --mutable", "", "lowerdir=/x", null, 1)]
    [InlineData("merge --mutable", "", "lowerdir+=/x", null, 1)]
    [InlineData("merge --mutable", "redirect_dir=on,metacopy=off,userxattr", null, null, 1)]
    [InlineData("merge --mutable", "", "userxattr", null, 1)]
    [InlineData("merge", "noatime,nosymfollow", null, null, 1)]
    public void Own_overlay_options_replace_the_defaults_with_a_warning_when_it_matters(string typed, string file,
        string? environment, string? expected, int warnings)
    {
        ConfigurationSources sources = new()
        {
            Files = [File("/r", "[BootMerge]\nOverlayOptions=" + file)],
            Classes = [new ClassSources(ExtensionClass.Confext) { OverlayOptions = environment }],
        };

        Settings settings = SettingsResolver.Resolve(Typed(typed.Split(' ')), sources);

        Assert.Equal(expected, settings.Classes[0].OverlayOptions);
        Assert.Equal(warnings, settings.Warnings.Count);
    }

    [Fact]
    public void The_environment_replaces_the_hierarchies()
    {
        ConfigurationSources sources =
            new() { Classes = [new ClassSources(ExtensionClass.Confext) { Hierarchies = "/etc:/opt/etc" }] };

        Assert.Equal(["/etc", "/opt/etc"], SettingsResolver.Resolve(Typed("merge"), sources).Classes[0].Hierarchies);
    }

    [Theory]
    [InlineData("Fallback=immutabel", "/r:2: Fallback=immutabel is not valid, ignored (did you mean 'immutable'?)")]
    [InlineData("NoExec=2", "/r:2: NoExec=2 is not valid, ignored; it takes yes or no")]
    [InlineData("RouteEtc=", "/r:2: RouteEtc= is not valid, ignored; it takes yes or no")]
    [InlineData("RequireExtension=/x",
        "/r:2: RequireExtension=/x is not valid, ignored; it takes the name of an extension, or several, not a path")]
    [InlineData("Class=confexts", "/r:2: Class=confexts is not valid, ignored (known: confext, sysext, all)")]
    [InlineData("Prune=perhaps", "/r:2: Prune=perhaps is not valid, ignored; it takes yes or no")]
    [InlineData("OverlayOptions=workdir=/x",
        "/r:2: OverlayOptions=workdir=/x is not valid, ignored: layers cannot be set here, remove workdir")]
    public void A_wrong_value_is_a_warning_that_says_what_is_right(string line, string warning)
    {
        ConfigurationSources sources = new() { Files = [File("/r", "[BootMerge]\n" + line)] };

        Assert.Equal([warning], SettingsResolver.Resolve(Typed("merge"), sources).Warnings);
    }

    private static SourceFile File(string path, string text) => new(path, Encoding.UTF8.GetBytes(text));

    private static Arguments Typed(params string[] words) => TypedAs("bootmerge", words);

    private static Arguments TypedAs(string program, string[] words) =>
        Assert.IsType<ParseResult.Parsed>(CommandLineParser.Parse(program, words)).Arguments;
}
