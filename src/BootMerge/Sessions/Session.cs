using System;
using System.Collections.Generic;
using BootMerge.CommandLine;
using BootMerge.Configuration;
using BootMerge.Linux;
using BootMerge.Mounting;
using BootMerge.Reporting;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Sessions;

/// <summary>What every verb works with.</summary>
/// <param name="started">A Stopwatch timestamp: when the program began.</param>
internal sealed class Session(Root root, Settings settings, Log log, long started) : IDisposable
{
    private readonly List<IDisposable> _held = [];

    public Root Root { get; } = root;

    public Settings Settings { get; } = settings;

    public Log Log { get; } = log;

    /// <summary>
    /// Reads the same settings from a root that looks different now: one in which another class is merged.
    /// </summary>
    public required Func<Root, Settings> Read { get; init; }

    public long Started { get; } = started;

    /// <summary>In use from <see cref="TakeTurn"/> on.</summary>
    public Journal Journal { get; private set; } = Journal.Open(null, log);

    /// <summary>For a verb that ran to its end: 1 if its result has a meaning of its own.</summary>
    public int ExitStatus { get; set; }

    /// <summary>Disposed at the end of the session.</summary>
    public void Hold(IDisposable held) => _held.Add(held);

    /// <summary>
    /// From here on the verb shows how far it has come, and ends at the next file when it is interrupted.
    /// </summary>
    /// <param name="rest">What is true then, for the message.</param>
    public void Watch(string rest) =>
        Hold(Progress.Begin(CommandLine.VerbTable.Name(Settings.Verb), rest, Log));

    public void Dispose()
    {
        foreach (IDisposable held in _held)
            held.Dispose();
    }

    /// <summary>
    /// Called before a verb changes anything: takes the lock, held until disposed, and cleans up after an interrupted
    /// command.
    /// </summary>
    /// <param name="classes">The classes that the verb works on.</param>
    /// <param name="isMerge">See <see cref="Recovery.Run"/>.</param>
    public SafeFileHandle? TakeTurn(List<ClassSettings> classes, bool isMerge = false)
    {
        RequirePrivileges();
        SafeFileHandle? turn = Lock();
        if (!Settings.Has(Switches.DryRun))
            Recovery.Run(Root, Journal, classes, isMerge, Log);
        return turn;
    }

    /// <summary>
    /// Called first if something is to be changed: a later failure for the same reason would say less.
    /// </summary>
    public void RequirePrivileges()
    {
        if (!Settings.Has(Switches.DryRun) && !Sys.MayMount())
            throw new InputException(CommandLine.VerbTable.Name(Settings.Verb)
                + " needs root privileges (CAP_SYS_ADMIN)");
    }

    /// <summary>
    /// Held until disposed: two processes on one root take turns. Without a /run that can hold it, nobody waits.
    /// </summary>
    private SafeFileHandle? Lock()
    {
        try
        {
            SafeFileHandle directory = RunDirectory.Open();
            using (directory)
            {
                FileStatus status = Sys.Status(Root.Handle);
                string name = "lock." + status.Device.Replace(':', '.') + "." + status.Inode.ToString();
                SafeFileHandle file = Sys.OpenChild(directory, name,
                    Sys.O_RDWR | Sys.O_CREAT | Sys.O_APPEND | Sys.O_NONBLOCK | Sys.O_NOCTTY, Octal.Mode600);
                bool isFree = Sys.Lock(file, wait: false);
                if (!isFree && Settings.Has(Switches.NoWait))
                    throw new InputException("another bootmerge is working on " + PathText.Printable(Root.Path)
                        + ": try again later, or without --no-wait");
                if (!isFree)
                {
                    Log.Info("Another bootmerge is working on " + Root.Path + ", waiting for it.");
                    Sys.Lock(file, wait: true);
                }

                Journal = Journal.Open(file, Log);
                return file;
            }
        }
        catch (KernelException e) when (IsNoPlaceForALock(e.Errno))
        {
            Log.Warning("Working without a lock, because " + RunDirectory.Path + " cannot be used: " + e.Message);
            return null;
        }
    }

    /// <summary>
    /// There is no /run, or it is not writable. Any other failure, such as a lack of descriptors, does not rule out
    /// that others are at work. And a process that may not even do this may not merge.
    /// </summary>
    private static bool IsNoPlaceForALock(int errno) =>
        errno is Errno.ENOENT or Errno.ENOTDIR or Errno.EISDIR or Errno.ELOOP or Errno.EROFS or Errno.ENOSPC
            or Errno.ENXIO or Errno.EIO or Errno.EOPNOTSUPP;
}
