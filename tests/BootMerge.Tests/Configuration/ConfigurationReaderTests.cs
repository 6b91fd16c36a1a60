using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Text;
using BootMerge.CommandLine;
using BootMerge.Configuration;
using BootMerge.Linux;
using Xunit;

namespace BootMerge.Tests.Configuration;

public sealed class ConfigurationReaderTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("bootmerge-configuration-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void An_empty_root_has_no_files() => Assert.Equal("", Read());

    [Fact]
    public void The_first_directory_that_has_the_file_wins()
    {
        Write("/usr/lib/bootmerge.conf", "vendor");
        Write("/usr/local/lib/bootmerge.conf", "local");
        Assert.Equal("/usr/local/lib/bootmerge.conf=local", Read());

        Write("/run/bootmerge.conf", "run");
        Assert.Equal("/run/bootmerge.conf=run", Read());

        Write("/etc/bootmerge.conf", "admin");
        Assert.Equal("/etc/bootmerge.conf=admin", Read());
    }

    [Fact]
    public void Drop_ins_follow_in_order_of_their_names_wherever_they_are()
    {
        Write("/etc/bootmerge.conf", "main");
        Write("/etc/bootmerge.conf.d/20-b.conf", "b");
        Write("/usr/lib/bootmerge.conf.d/30-c.conf", "c");
        Write("/run/bootmerge.conf.d/10-a.conf", "a");
        Write("/usr/lib/bootmerge.conf.d/20-b.conf", "hidden by the one in /etc");
        Write("/usr/lib/bootmerge.conf.d/40.txt", "no drop-in");
        Write("/usr/lib/bootmerge.conf.d/.50.conf", "hidden");

        Assert.Equal(
            "/etc/bootmerge.conf=main /run/bootmerge.conf.d/10-a.conf=a /etc/bootmerge.conf.d/20-b.conf=b "
                + "/usr/lib/bootmerge.conf.d/30-c.conf=c",
            Read());
    }

    [Theory]
    [InlineData("/dev/null")]
    [InlineData("empty")]
    public void A_file_is_masked_by_a_link_to_dev_null_and_by_an_empty_file(string how)
    {
        Write("/usr/lib/bootmerge.conf", "masked");
        Write("/usr/lib/bootmerge.conf.d/10.conf", "masked");
        foreach (string path in new[] { "/etc/bootmerge.conf", "/etc/bootmerge.conf.d/10.conf" })
        {
            if (how == "empty")
                Write(path, "");
            else
                Link(path, how);
        }

        Assert.Equal("/etc/bootmerge.conf= /etc/bootmerge.conf.d/10.conf=", Read());
    }

    [Fact]
    public void A_dangling_link_in_place_of_the_main_file_counts_as_absent()
    {
        Write("/usr/lib/bootmerge.conf", "vendor");
        Link("/etc/bootmerge.conf", "/nowhere");

        Assert.Equal("/usr/lib/bootmerge.conf=vendor", Read());
    }

    [Theory]
    [InlineData("/nowhere")]
    [InlineData("../../dev/null")]
    public void A_drop_in_that_is_a_dangling_link_hides_its_namesakes(string target)
    {
        Write("/usr/lib/bootmerge.conf.d/10.conf", "hidden");
        Write("/usr/lib/bootmerge.conf.d/20.conf", "shown");
        Link("/run/bootmerge.conf.d/10.conf", target);

        Assert.Equal("/run/bootmerge.conf.d/10.conf= /usr/lib/bootmerge.conf.d/20.conf=shown", Read());
    }

    [Fact]
    public void Directories_of_drop_ins_are_not_searched_any_deeper()
    {
        Write("/etc/bootmerge.conf.d/sub/10.conf", "deeper");
        Write("/etc/bootmerge.conf.d/10.conf~", "a copy");
        Write("/etc/bootmerge.conf.d/10.CONF", "another ending");

        Assert.Equal("", Read());
    }

    [Fact]
    public void An_absolute_link_stays_inside_the_root()
    {
        Write("/usr/share/bootmerge.conf", "inside");
        Link("/etc/bootmerge.conf", "/usr/share/bootmerge.conf");

        Assert.Equal("/etc/bootmerge.conf=inside", Read());
    }

    [Theory]
    [InlineData("directory", "is not a regular file")]
    [InlineData("fifo", "is not a regular file")]
    [InlineData("loop", "Too many levels of symbolic links")]
    [InlineData("huge", "is longer than 262144 bytes")]
    public void What_cannot_be_read_is_an_error_that_names_it(string what, string reason)
    {
        const string Path = "/etc/bootmerge.conf.d/10.conf";
        switch (what)
        {
            case "directory":
                Directory.CreateDirectory(_root + Path);
                break;
            case "fifo":
                Directory.CreateDirectory(_root + "/etc/bootmerge.conf.d");
                using (Process mkfifo = Process.Start("mkfifo", [_root + Path]))
                    mkfifo.WaitForExit();
                break;
            case "loop":
                Link(Path, "10.conf");
                break;
            default:
                Write(Path, new string('#', 300_000));
                break;
        }

        Exception? exception = Record.Exception(Read);

        Assert.NotNull(exception);
        Assert.True(exception is InputException or KernelException);
        Assert.Contains(Path[1..], exception.Message, StringComparison.Ordinal);
        Assert.Contains(reason, exception.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Only_boot_reads_the_initramfs()
    {
        Write("/etc/bootmerge.conf", "main");
        Write("/etc/systemd/confext.conf", "confext");
        Write("/etc/systemd/sysext.conf", "sysext");
        using Root root = Root.Open(_root);

        ConfigurationSources merge = ConfigurationReader.Read(new Arguments { Verb = Verb.Merge }, root, root);
        ConfigurationSources boot = ConfigurationReader.Read(new Arguments { Verb = Verb.Boot }, root, root);

        Assert.Empty(merge.InitramfsFiles);
        Assert.NotEmpty(merge.KernelCommandLine);
        Assert.Same(ExtensionClass.Confext, Assert.Single(merge.Classes).Class);
        Assert.Single(merge.Classes[0].Files);
        Assert.Single(boot.InitramfsFiles);
        Assert.NotEmpty(boot.KernelCommandLine);
        Assert.Equal(["confext", "sysext"], boot.Classes.ConvertAll(sources => sources.Class.Name));
    }

    private string Read()
    {
        using Root root = Root.Open(_root);
        List<string> found = [];
        foreach (SourceFile file in ConfigurationReader.ReadFiles(root, ConfigurationReader.MainFile))
        {
            Assert.StartsWith(_root, file.Path, StringComparison.Ordinal);
            found.Add(file.Path[_root.Length..] + "=" + Encoding.UTF8.GetString(file.Content));
        }

        return string.Join(' ', found);
    }

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_root + path)!);
        File.WriteAllText(_root + path, text);
    }

    private void Link(string path, string target)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_root + path)!);
        File.CreateSymbolicLink(_root + path, target);
    }
}
