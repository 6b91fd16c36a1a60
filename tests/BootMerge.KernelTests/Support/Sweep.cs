using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using BootMerge.Tests.Extensions.Images.Signatures;

namespace BootMerge.KernelTests.Support;

/// <summary>
/// One command in one arrangement, run again and again from the same state and disturbed at a different system call
/// each time. It knows what each hierarchy shows before and after, and what the raw tree holds without a merge.
/// </summary>
internal sealed class Sweep
{
    private readonly TestRoot _root;
    private readonly string _verb;
    private readonly string _kind;
    private readonly string[] _hierarchies;
    private readonly SortedDictionary<string, string> _unmerged;
    private readonly List<string> _mounts;
    private readonly List<string>[] _old;
    private readonly List<string>[] _new;

    /// <param name="kind">read-only, self-routed, elsewhere, created, imported, ephemeral, submounts, images, signed
    /// image, or two hierarchies.</param>
    public Sweep(TestRoot root, string verb, string kind)
    {
        _root = root;
        _verb = verb;
        _kind = kind;
        _hierarchies = kind is "two hierarchies" ? ["/opt", "/usr"] : ["/etc"];
        Arrange();
        root.Expect("/var/lib", "/srv");
        _unmerged = Files.Snapshot(root.Raw);
        _mounts = Mounts();

        Reset();
        _old = [.. _hierarchies.Select(View)];
        Run().Succeeds();
        _new = [.. _hierarchies.Select(View)];
        Reset();
    }

    public string[] Arguments => _kind is "two hierarchies" ? ["--class=sysext", .. Mode] : Mode;

    private string[] Mode => _verb switch
    {
        "refresh" => [_verb, "--always-refresh=yes", "--mutable=" + ModeOf(_kind)],
        "unmerge" => [_verb],
        _ => [_verb, "--mutable=" + ModeOf(_kind)],
    };

    /// <summary>The points of a run that succeeds, see <see cref="SweepPoints"/>.</summary>
    public List<SweepPoint> Points(int turn, int others)
    {
        List<TracedCall> calls = Traced.MainThread(_root, Arguments);
        Reset();
        return SweepPoints.Of(calls, turn, others);
    }

    public Outcome Run() => _root.Bootmerge(Arguments);

    public Outcome Next(string verb) => _root.Bootmerge(_kind is "two hierarchies"
        ? ["--class=sysext", .. NextArguments(verb)] : NextArguments(verb));

    private string[] NextArguments(string verb) => verb is "unmerge" ? [verb] : [verb, "--mutable=" + ModeOf(_kind)];

    /// <summary>
    /// What is wrong with the present view; empty if each hierarchy shows the old or the new state whole.
    /// </summary>
    public List<string> WhatIsTorn()
    {
        List<string> torn = [];
        for (int i = 0; i < _hierarchies.Length; i++)
        {
            List<string> now = View(_hierarchies[i]);
            if (!now.SequenceEqual(_old[i], StringComparer.Ordinal)
                && !now.SequenceEqual(_new[i], StringComparer.Ordinal))
                torn.Add($"{_hierarchies[i]} shows neither the old nor the new state: besides the old one "
                + $"{string.Join(" | ", now.Except(_old[i], StringComparer.Ordinal))}, missing "
                + $"{string.Join(" | ", _old[i].Except(now, StringComparer.Ordinal))}");
        }

        return torn;
    }

    /// <summary>Everything but the numbers of mounts: a mount that is put back is a copy.</summary>
    public List<string> State() =>
    [
        .. _hierarchies.SelectMany(View),
        .. Files.Snapshot(_root.Raw).Select(entry => entry.Key + " " + entry.Value),
        .. MountTable.Under(_root.Path).Select(mount => mount.Description).Order(StringComparer.Ordinal),
    ];

    public bool IsNew() => Enumerable.Range(0, _hierarchies.Length)
        .All(i => View(_hierarchies[i]).SequenceEqual(_new[i], StringComparer.Ordinal));

    /// <summary>What is left of merges although nothing is merged any more.</summary>
    public List<string> WhatIsLeft()
    {
        PutAside();
        List<string> left = Files.Differences(_unmerged, Files.Snapshot(_root.Raw));
        // The directory that mode yes creates is meant to stay.
        left.RemoveAll(line => _kind is "created"
            && line.StartsWith("new: /var/lib/extensions.mutable", StringComparison.Ordinal)
            && line.Contains(": directory", StringComparison.Ordinal));
        List<string> mounts = Mounts();
        if (!mounts.Order(StringComparer.Ordinal).SequenceEqual(_mounts.Order(StringComparer.Ordinal),
            StringComparer.Ordinal))
            left.Add($"mounts were {string.Join(" | ", _mounts)}, are {string.Join(" | ", mounts)}");
        left.AddRange(_root.LoopDevices(0));
        return left;
    }

    /// <summary>The same, after a merge that may be there is unmerged.</summary>
    public List<string> WhatIsLeftAfterUnmerge()
    {
        Next("unmerge").Succeeds();
        return WhatIsLeft();
    }

    /// <summary>Goes back to the state that the command starts from, whatever is there now.</summary>
    public void Reset()
    {
        Next("unmerge").Succeeds();
        ResetUnmerged();
    }

    /// <summary>The same, where a test has just unmerged.</summary>
    public void ResetUnmerged()
    {
        PutAside();
        if (_kind is "created" && _root.ExistsRaw("/var/lib/extensions.mutable"))
            _root.Remove("/var/lib/extensions.mutable");
        if (_verb is "merge")
            return;
        Next("merge").Succeeds();
        if (_verb is "refresh")
            Directory.Move(_root.Raw + "/srv/gamma", _root.Raw + SearchDirectory + "/gamma");
    }

    private string SearchDirectory => _kind is "two hierarchies" ? "/var/lib/extensions" : "/var/lib/confexts";

    /// <summary>Hides the extension that only a refresh finds.</summary>
    private void PutAside()
    {
        string name = _root.Raw + SearchDirectory + "/gamma";
        if (Directory.Exists(name))
            Directory.Move(name, _root.Raw + "/srv/gamma");
    }

    private void Arrange()
    {
        _root.MakeDirectory("/srv");
        if (_kind is "two hierarchies")
        {
            _root.MakeDirectory("/opt");
            _root.MakeDirectory("/var/lib/extensions.mutable/opt");
            Sysext("/var/lib/extensions", "alpha");
            Sysext("/srv", "gamma");
            return;
        }

        _root.Extension("alpha", ("alpha.conf", "alpha"), ("hostname", "alpha"));
        if (_kind is "images")
            ImageFile.Confext(_root, "squashfs", "/var/lib/confexts/beta.raw", "beta", ("beta.conf", "beta"));
        else
            _root.Extension("beta", ("beta.conf", "beta"));
        if (_kind is "signed image")
            SignedImage("/var/lib/confexts/delta");
        _root.ExtensionIn("/srv", "gamma", ("gamma.conf", "gamma"), ("hostname", "gamma"));
        if (_kind is "elsewhere")
            _root.MakeDirectory("/srv/etc-changes");
        if (_kind is "elsewhere")
            _root.Route("/srv/etc-changes");
        else if (_kind is not "created")
            _root.Route("/etc");
        if (_kind is not "submounts")
            return;
        _root.MakeDirectory("/etc/inner");
        _root.Mount("none", "/etc/inner", "tmpfs");
        File.WriteAllText(_root.Etc + "/inner/file", "inner");
        Directory.CreateDirectory(_root.Etc + "/inner/deeper");
        _root.Mount("none", "/etc/inner/deeper", "tmpfs");
        _root.Write("/etc/machine-id", "");
        _root.Mount(_root.Raw + "/usr/lib/os-release", "/etc/machine-id", null, LibC.MS_BIND);
    }

    /// <summary>
    /// The signature is good, but the hash tree is not: the image is left out after both were looked at.
    /// </summary>
    private void SignedImage(string path)
    {
        ImageFile.Confext(_root, "squashfs", path + ".raw", "delta", ("delta.conf", "delta"));
        _root.Write(path + ".verity", "no hash tree");
        _root.Write(path + ".roothash", SignatureSamples.RootHash);
        _root.Write(path + ".roothash.p7s", "");
        File.WriteAllBytes(_root.Raw + path + ".roothash.p7s", SignatureSamples.Get("rsa2048-sha256"));
        _root.Write("/usr/lib/verity.d/rsa2048.crt", SignatureSamples.Pem("rsa2048"));
    }

    private void Sysext(string searchDirectory, string name)
    {
        _root.Write($"{searchDirectory}/{name}/usr/lib/extension-release.d/extension-release.{name}", "ID=_any\n");
        _root.Write($"{searchDirectory}/{name}/usr/bin/{name}", name);
        _root.Write($"{searchDirectory}/{name}/opt/{name}/file", name);
    }

    private static string ModeOf(string kind) => kind switch
    {
        "read-only" => "no",
        "created" => "yes",
        "imported" => "import",
        "ephemeral" => "ephemeral",
        _ => "auto",
    };

    private List<string> Mounts() => [.. MountTable.Under(_root.Path).Select(mount => mount.Description)];

    private List<string> View(string hierarchy) =>
        [.. Files.Snapshot(_root.Path + hierarchy)
            .Where(entry => !entry.Key.StartsWith("/.systemd-", StringComparison.Ordinal))
            .Select(entry => entry.Key + " " + entry.Value),
         .. MountTable.Under(_root.Path + hierarchy).Where(mount => mount.Type is not "overlay")
             .Select(mount => mount.Description).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
}
