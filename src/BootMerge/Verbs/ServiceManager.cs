using System;
using BootMerge.Extensions;
using BootMerge.Linux;
using BootMerge.Mounting;
using BootMerge.Reporting;
using BootMerge.Sessions;

namespace BootMerge.Verbs;

/// <summary>
/// The running system's service manager. systemctl(1) passes on what extensions ask of it: to reload, and to restart
/// units. Nothing is asked in an initramfs, with --root or --no-reload, or if systemd is not running.
/// </summary>
internal sealed class ServiceManager
{
    // /bin works even if /usr/bin is another directory. Not through PATH: the caller's environment must not decide what
    // is started with root's rights.
    private const string Program = "/bin/systemctl";

    private readonly Session _session;
    private readonly bool _isAsked;
    private readonly ManagerRequests _requests = new();

    public ServiceManager(Session session)
    {
        _session = session;
        _isAsked = session.Settings.MayAskManager && Sys.Exists("/run/systemd/system") && !Log.IsInInitramfs();
    }

    /// <summary>
    /// Remembers what the merged extensions ask for. Called before and after a change, for those that went and those
    /// that came. Like systemd, it reads their release files where everybody sees them, in the merged hierarchies:
    /// there they exist for images too, and for what systemd merged. If a stronger layer brings a file of the same
    /// name, that one counts.
    /// </summary>
    public void Note()
    {
        if (!_isAsked)
            return;
        foreach (ExistingMerge merge in ExistingMerge.FindAll(_session.Root, _session.Settings.Classes))
        {
            foreach (string name in merge.Marker.Names)
            {
                ReleaseFile release = ReleaseFileSearch.Read(_session.Root, Merged(name, merge.Class));
                if (release.Problem is not null)
                    _session.Log.Debug("Cannot read what extension '" + name + "' asks of the service manager: "
                        + release.Problem + ".");
                _requests.Add(release, name);
            }
        }
    }

    /// <summary>
    /// Asks for everything remembered, and waits until it is done. As in systemd, a manager that cannot be reloaded is
    /// an <see cref="InputException"/>, and a unit that fails is a warning; the merge stays as it is. Not to be called
    /// under the lock: a unit may run this program.
    /// </summary>
    public void Ask()
    {
        foreach (string warning in _requests.Warnings)
            _session.Log.Warning(warning + ".");
        if (!_requests.Reload)
            return;

        int status = Sys.Run([Program, "daemon-reload"], out _);
        if (status != 0)
            throw new InputException("The service manager could not be reloaded (the hierarchies stay as "
                + "they are now): " + Ending(status));
        _session.Log.Info("Reloaded the service manager.");

        if (_requests.Restart.Count + _requests.ReloadOrRestart.Count == 0)
            return;
        // While the system boots, most units wait for sysinit.target, which waits for systemd-sysext.service, which
        // runs us. Waiting for such a unit would never end (with systemd-sysext 262 the boot hangs). The same holds
        // during shutdown.
        _ = Sys.Run([Program, "is-system-running"], out string state);
        // replace is the default
        string wait = state is "running\n" or "degraded\n" ? "--job-mode=replace" : "--no-block";
        foreach (string unit in _requests.Restart)
            Ask("restart", unit, wait);
        foreach (string unit in _requests.ReloadOrRestart)
            Ask("reload-or-restart", unit, wait);
    }

    private void Ask(string verb, string unit, string wait)
    {
        // A unit that came and went with an extension: only its processes are left.
        _ = Sys.Run([Program, "show", "--property=LoadState,ActiveState", "--", unit], out string state);
        if (state.Contains("LoadState=not-found", StringComparison.Ordinal))
        {
            if (state.Contains("ActiveState=inactive", StringComparison.Ordinal))
                return;
            verb = "stop";
        }

        int status = Sys.Run([Program, wait, verb, "--", unit], out _);
        if (status == 0)
            _session.Log.Info("Asked the service manager to " + verb + " '" + unit + "'.");
        else
            _session.Log.Warning("The service manager could not " + verb + " '" + unit + "': " + Ending(status) + ".");
    }

    private static string Ending(int status) =>
        Program + (status < 0 ? " cannot be started: " + Errno.Describe(-status)
            : " ended with status " + status.ToString());

    /// <summary>The whole system, as the extension of this name that is merged into it.</summary>
    private Extension Merged(string name, ExtensionClass extensionClass) => new()
    {
        Name = name,
        Class = extensionClass,
        Kind = ExtensionKind.Directory,
        Path = "/",
        FoundPath = "/",
        Status = Sys.Status(_session.Root.Handle),
    };
}
