using System;
using System.Diagnostics;
using BootMerge.CommandLine;
using BootMerge.Configuration;
using BootMerge.Linux;
using BootMerge.Reporting;
using BootMerge.Sessions;
using BootMerge.Verbs;
using BootMerge.Verbs.Boot;

namespace BootMerge;

/// <summary>Parses, dispatches, and turns the outcome into an exit status.</summary>
internal static class Program
{
    private const int Failure = 1;
    private const int UsageFailure = 2;

    internal static int Main(string[] args)
    {
        long started = Stopwatch.GetTimestamp();
        Sys.FillStandardDescriptors();
        Log log = new(Log.WantsKernelLog());
        ParseResult? command = null;
        // The last catch: if this is PID 1 of an initramfs, an exception that leaves Main would panic the kernel.
        try
        {
            string path = Environment.GetCommandLineArgs()[0];
            command = CommandLineParser.Parse(path, ExactArguments.Of(args));
            return Run(command, ProgramNames.Of(path), log, started);
        }
        catch (InputException e)
        {
            log.Error(e.Message);
            return e.ExitStatus;
        }
        catch (KernelException e)
        {
            log.Error((command is ParseResult.Parsed parsed ? VerbTable.Name(parsed.Arguments.Verb)
                + (e.Errno is Errno.EPERM or Errno.EACCES && !Sys.MayMount() ? " needs root privileges: " : " failed: ")
                : "") + e.Message);
            return Failure;
        }
        catch (OutOfMemoryException)
        {
            log.Error("Out of memory.");
            return Failure;
        }
#pragma warning disable CA1031 // what is left is a defect of this program: fail in an orderly way
        catch (Exception e)
        {
            log.Error("Internal error, please report it: " + e.Message + ".");
            return Failure;
        }
#pragma warning restore CA1031
    }

    private static int Run(ParseResult command, ProgramName name, Log log, long started)
    {
        Arguments typed;
        switch (command)
        {
            case ParseResult.Parsed parsed:
                typed = parsed.Arguments;
                break;
            case ParseResult.Answer answer:
                Output.Write(answer.Text);
                return 0;
            case ParseResult.UsageError usage:
                log.Error(usage.Message + "; see " + ProgramNames.Name(name) + " --help");
                return name == ProgramName.BootMerge ? UsageFailure : Failure; // systemd has only one kind
            default:
                throw new InvalidOperationException();
        }

        using Root root = Root.Open(typed.Root);
        using Root? own = typed.Verb == Verb.Boot ? Root.Open("/") : null;
        bool isElsewhere = own is not null && !Sys.Status(own.Handle).IsSameInode(Sys.Status(root.Handle));
        Settings settings = SettingsResolver.Resolve(typed,
            ConfigurationReader.Read(typed, root, isElsewhere ? own : null));
        log.IsQuiet = settings.Has(Switches.Quiet);
        log.IsDebug = settings.Debug;
        foreach (string warning in settings.Warnings)
            log.Warning(warning + ".");

        using Session session = new(root, settings, log, started)
        {
            Read = other => SettingsResolver.Resolve(typed,
                ConfigurationReader.Read(typed, other, isElsewhere ? own : null)),
        };
        Dispatch(session);
        return session.ExitStatus;
    }

    private static void Dispatch(Session session)
    {
        switch (session.Settings.Verb)
        {
            case Verb.Status: StatusVerb.Run(session); break;
            case Verb.List: ListVerb.Run(session); break;
            case Verb.Merge: MergeVerb.Run(session); break;
            case Verb.Unmerge: UnmergeVerb.Run(session); break;
            case Verb.Refresh: RefreshVerb.Run(session); break;
            case Verb.Plan: PlanVerb.Run(session); break;
            case Verb.Boot: BootVerb.Run(session); break;
            case Verb.Diff: DiffVerb.Run(session); break;
            case Verb.Explain: ExplainVerb.Run(session); break;
            case Verb.Prune: PruneVerb.Run(session); break;
            case Verb.Reset: ResetVerb.Run(session); break;
            case Verb.Check: CheckVerb.Run(session); break;
        }
    }
}
