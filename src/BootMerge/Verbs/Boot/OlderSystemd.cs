using System;
using System.Runtime.InteropServices;
using System.Text;
using BootMerge.Configuration;
using BootMerge.Linux;
using BootMerge.Planning;
using BootMerge.Sessions;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Verbs.Boot;

/// <summary>
/// Systemd 257 and earlier cannot skip a refresh: it merges anew at every boot, and no file can tell it the mode. That
/// merge would be read-only, with the vendor's files above the machine's. So its service is told, for this boot, to
/// start only if nothing is merged, and then in the boot stage's mode.
/// </summary>
internal static class OlderSystemd
{
    private const string FileName = "50-bootmerge.conf";
    private const int ProgramLimit = 16 << 20;

    /// <summary>This option came with skipping, so every program that skips has it in its text.</summary>
    private const string OptionOfSkipping = "--always-refresh";

    public static void Publish(Session session, ClassSettings settings, MergePlan plan)
    {
        string name = "systemd-" + plan.Class.Name;
        string directoryName = "systemd/system/" + name + ".service.d";
        ReadOnlySpan<byte> program = TextOf(session.Root, "/usr/bin/" + name);
        // systemd's, or this program itself, which may be installed in its place.
        if (plan.Stacks.Count == 0 || program.IsEmpty || Has(program, OptionOfSkipping)
            || MemoryMarshal.Cast<byte, char>(program).IndexOf(OptionOfSkipping) >= 0)
        {
            // From an earlier run.
            using SafeFileHandle? there = Sys.TryOpen("/run/" + directoryName, Sys.O_PATH | Sys.O_DIRECTORY);
            if (there is not null)
                Sys.RemoveFile(there, FileName);
            return;
        }

        using SafeFileHandle run = Sys.Open("/run", Sys.O_PATH | Sys.O_DIRECTORY);
        using SafeFileHandle directory = RunDirectory.OpenBelow(run, directoryName);
        Sys.ReplaceFile(directory, FileName, Encoding.UTF8.GetBytes(Text(name, settings, plan, program)),
            Octal.Mode644);
        session.Log.Debug("Wrote /run/" + directoryName + "/" + FileName + ": that " + name
            + " would merge again at boot.");
    }

    /// <summary>Empty if there is no such program, or it cannot be read.</summary>
    private static byte[] TextOf(Root root, string path)
    {
        using SafeFileHandle? program = root.TryOpen(path, Sys.O_PATH, out _);
        return program is not null && Sys.Status(program) is { IsRegular: true, Size: < ProgramLimit }
            ? Root.ReadFile(program, path, ProgramLimit) : [];
    }

    private static bool Has(ReadOnlySpan<byte> program, string option) =>
        program.IndexOf(Encoding.UTF8.GetBytes(option)) >= 0;

    /// <param name="program">Its help names each option: 255 and earlier have no modes.</param>
    private static string Text(string name, ClassSettings settings, MergePlan plan, ReadOnlySpan<byte> program)
    {
        StringBuilder text = new("# Written by bootmerge boot, for this boot: ");
        text.Append(name).Append(" of this version always merges again, in its own mode.\n[Unit]\n");
        foreach (StackPlan stack in plan.Stacks)
            text.Append("ConditionPathExists=!").Append(stack.Hierarchy).Append('/').Append(plan.Class.MarkerName)
                .Append("/dev\n");

        // systemd does not have this mode.
        if (MutableModes.Imports(plan.Mode))
            return text.ToString();
        string arguments = plan.RecordedMode == MutableMode.No || !Has(program, "--mutable=") ? ""
            : " --mutable=" + MutableModes.Name(plan.RecordedMode);
        if (plan.Class == ExtensionClass.Confext && !settings.NoExec && Has(program, "--noexec="))
            arguments += " --noexec=no";
        if (arguments.Length > 0)
            foreach (string key in new[] { "ExecStart", "ExecReload" })
                text.Append(key == "ExecStart" ? "[Service]\n" : "").Append(key).Append("=\n")
                    .Append(key).Append('=').Append(name).Append(" refresh").Append(arguments).Append('\n');
        return text.ToString();
    }
}
