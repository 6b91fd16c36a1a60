using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

public sealed class RefreshTests : KernelTest
{
    [Theory]
    [InlineData("no")]
    [InlineData("auto")]
    [InlineData("import")]
    [InlineData("ephemeral")]
    public void A_refresh_is_skipped_when_nothing_changed_and_done_when_asked_for(string mode)
    {
        Root.Route("/etc");
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Bootmerge("merge", "--mutable=" + mode).Succeeds();
        ulong stack = LibC.UniqueMountId(Root.Etc);

        Root.Bootmerge("refresh", "--mutable=" + mode).Succeeds();
        Assert.Equal(stack, LibC.UniqueMountId(Root.Etc));

        Root.Bootmerge("refresh", "--mutable=" + mode, "--always-refresh=no").Succeeds();
        Assert.Equal(stack, LibC.UniqueMountId(Root.Etc));

        Root.Bootmerge("refresh", "--mutable=" + mode, "--always-refresh=yes").Succeeds();
        Assert.NotEqual(stack, LibC.UniqueMountId(Root.Etc));
        Assert.Single(Root.Stacks);
        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
    }

    [Theory]
    [InlineData("no")]
    [InlineData("auto")]
    [InlineData("import")]
    [InlineData("ephemeral-import")]
    public void A_refresh_shows_added_removed_and_updated_extensions(string mode)
    {
        Root.Route("/etc");
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Bootmerge("merge", "--mutable=" + mode).Succeeds();

        Root.Extension("beta", ("beta.conf", "beta"));
        Root.Bootmerge("refresh", "--mutable=" + mode).Succeeds();
        Assert.Equal(("alpha", "beta"), (Root.Read("/etc/alpha.conf"), Root.Read("/etc/beta.conf")));

        Root.Remove("/var/lib/confexts/alpha");
        Root.Bootmerge("refresh", "--mutable=" + mode).Succeeds();
        Assert.False(Root.Exists("/etc/alpha.conf"));
        Assert.Equal("beta", Root.Read("/etc/beta.conf"));

        // An updater prepares the new directory elsewhere and renames it into place.
        Root.ExtensionIn("/var/lib/new", "beta", ("beta.conf", "beta, updated"));
        Root.Remove("/var/lib/confexts/beta");
        Directory.Move(Root.Raw + "/var/lib/new/beta", Root.Raw + "/var/lib/confexts/beta");
        Root.Bootmerge("refresh", "--mutable=" + mode).Succeeds();
        Assert.Equal("beta, updated", Root.Read("/etc/beta.conf"));
        Assert.Single(Root.Stacks);
    }

    [Fact]
    public void A_refresh_with_nothing_merged_merges()
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));

        Root.Bootmerge("refresh").Succeeds();

        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
    }

    [Fact]
    public void A_refresh_with_nothing_merged_and_no_extension_does_nothing()
    {
        Root.Remember();
        List<string> before = Root.State();

        Root.Bootmerge("refresh").Succeeds();

        Assert.Equal(before, Root.State());
    }

    [Fact]
    public void A_refresh_without_extensions_unmerges_when_the_mode_is_no()
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Bootmerge("merge").Succeeds();
        Root.Remove("/var/lib/confexts/alpha");

        Root.Bootmerge("refresh").Succeeds();

        Assert.Empty(Root.Stacks);
        Assert.Equal(["hostname"], Files.List(Root.Etc));
    }

    [Fact]
    public void A_refresh_without_extensions_keeps_a_mutable_stack()
    {
        Root.Route("/etc");
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        Root.Remove("/var/lib/confexts/alpha");

        Root.Bootmerge("refresh", "--mutable=auto").Succeeds();

        Assert.Single(Root.Stacks);
        Assert.False(Root.Exists("/etc/alpha.conf"));
        Root.WriteMerged("/etc/written", "by the machine");
        Assert.Equal("by the machine", Root.ReadRaw("/etc/written"));
        Root.Expect("/etc/written");
    }

    [Theory]
    [InlineData("no")]
    [InlineData("auto")]
    [InlineData("yes")]
    [InlineData("import")]
    [InlineData("ephemeral")]
    [InlineData("ephemeral-import")]
    public void A_refresh_without_a_mode_keeps_the_one_of_the_merge(string mode)
    {
        Root.Route("/etc");
        Root.Write("/etc/both", "machine's");
        Root.Extension("alpha", ("both", "alpha"));
        Root.Bootmerge("merge", "--mutable=" + mode, "--noexec=no").Succeeds();
        string both = Root.Read("/etc/both");
        Root.Extension("beta", ("beta.conf", "beta"));

        Assert.StartsWith("would replace", Root.Bootmerge("plan").Succeeds().Output, StringComparison.Ordinal);
        Root.Bootmerge("refresh").Succeeds();

        Assert.Equal((both, "beta"), (Root.Read("/etc/both"), Root.Read("/etc/beta.conf")));
        Assert.Contains($"\"mode\":\"{mode}\"", Root.Read("/etc/.systemd-confext/origin"), StringComparison.Ordinal);
        Assert.DoesNotContain("noexec", Assert.Single(Root.Stacks).Options);
        Root.Bootmerge("refresh").Succeeds().Says("no change");
        Root.Bootmerge("refresh", "--noexec=yes", "--always-refresh=yes").Succeeds();
        Assert.Contains("noexec", Assert.Single(Root.Stacks).Options);
    }

    [Theory]
    [InlineData("option")]
    [InlineData("environment")]
    [InlineData("file")]
    [InlineData("systemd's name")]
    public void A_refresh_takes_another_mode_only_from_somebody_who_names_one(string who)
    {
        Root.Route("/etc");
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        Root.Expect("/run/systemd");
        // The file that the boot stage left for systemd does not count as anybody's choice.
        Root.Write("/run/systemd/confext.conf.d/99-bootmerge.conf", "[ConfExt]\nMutable=import\n");
        Root.Bootmerge("refresh").Succeeds().Says("no change");
        if (who is "file")
            Root.Write("/usr/lib/systemd/confext.conf", "[ConfExt]\nMutable=no\n");
        Root.Write("/run/systemd/confext.conf.d/99-bootmerge.conf", "");

        Outcome outcome = who switch
        {
            "option" => Root.Bootmerge("refresh", "--mutable=no"),
            "environment" => Root.Bootmerge([("SYSTEMD_CONFEXT_MUTABLE_MODE", "no")], "refresh"),
            "file" => Root.Bootmerge("refresh"),
            _ => Outcome.Of("bash", ["-c", "exec -a systemd-confext \"$0\" --root=\"$1\" refresh", Workplace.Binary,
                Root.Path]),
        };

        outcome.Succeeds();
        Assert.Contains("ro", Assert.Single(Root.Stacks).Options);
    }

    [Theory]
    [InlineData("no", "auto")]
    [InlineData("auto", "no")]
    [InlineData("auto", "import")]
    [InlineData("import", "ephemeral-import")]
    [InlineData("ephemeral", "auto")]
    public void A_refresh_in_another_mode_replaces_the_stack(string before, string after)
    {
        Root.Route("/etc");
        Root.Extension("alpha", ("hostname", "alpha"), ("alpha.conf", "alpha"));
        Root.Bootmerge("merge", "--mutable=" + before).Succeeds();

        Root.Bootmerge("refresh", "--mutable=" + after).Succeeds();

        MountEntry stack = Assert.Single(Root.Stacks);
        Assert.Contains(after is "no" or "import" ? "ro" : "rw", stack.Options);
        Assert.Equal(after is "no" ? "alpha" : "machine\n", Root.Read("/etc/hostname"));
        Assert.Equal(after is "auto", WorkDirectories("/").Count > 0);
    }

    [Fact]
    public void A_mutable_refresh_keeps_the_machines_files_and_later_writes_land_in_the_same_place()
    {
        Root.Route("/etc");
        Root.Extension("alpha", ("alpha.conf", "alpha"), ("deleted.conf", "alpha"), ("ssh/sshd_config", "alpha"));
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        Root.WriteMerged("/etc/first", "before the refresh");
        Root.WriteMerged("/etc/alpha.conf", "machine");
        File.Delete(Root.Etc + "/deleted.conf");
        Assert.Equal(0, LibC.Rename(Root.Etc + "/ssh", Root.Etc + "/ssh.bak"));
        Root.Extension("beta", ("alpha.conf", "beta"), ("beta.conf", "beta"), ("deleted.conf", "beta"));

        Root.Bootmerge("refresh", "--mutable=auto").Succeeds();

        Assert.Equal(["before the refresh", "machine", "beta", "alpha"],
            new[] { "first", "alpha.conf", "beta.conf", "ssh.bak/sshd_config" }.Select(name =>
            Root.Read("/etc/" + name)));
        Assert.False(Root.Exists("/etc/deleted.conf"));
        Assert.False(Root.Exists("/etc/ssh"));
        Root.WriteMerged("/etc/second", "after the refresh");
        Root.WriteMerged("/etc/beta.conf", "machine");
        Assert.Equal(["after the refresh", "machine"], [Root.ReadRaw("/etc/second"), Root.ReadRaw("/etc/beta.conf")]);
        Assert.Equal(0, LibC.Rename(Root.Etc + "/ssh.bak", Root.Etc + "/ssh"));
        Assert.Equal("alpha", Root.Read("/etc/ssh/sshd_config"));
        Root.Expect("/etc/first", "/etc/second", "/etc/alpha.conf", "/etc/beta.conf", "/etc/deleted.conf", "/etc/ssh",
            "/etc/ssh.bak");
    }

    [Fact]
    public void After_a_mutable_refresh_there_is_one_workdir_and_it_is_the_one_in_the_marker()
    {
        Root.Route("/etc");
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        for (int i = 0; i < 5; i++)
        {
            Root.WriteMerged("/etc/written", $"{i}");
            Root.Bootmerge("refresh", "--mutable=auto", "--always-refresh=yes").Succeeds();
            Assert.Equal(Root.Read("/etc/.systemd-confext/work_dir").TrimEnd('\n'),
                Assert.Single(WorkDirectories("/")));
        }

        Root.Bootmerge("unmerge").Succeeds();
        Assert.Empty(WorkDirectories("/"));
        Root.Expect("/etc/written");
    }

    [Theory]
    [InlineData("no")]
    [InlineData("auto")]
    [InlineData("import")]
    public async Task Readers_never_miss_a_file_during_50_refreshes(string mode)
    {
        Root.Route("/etc");
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.MakeDirectory("/etc/inner");
        Root.Mount("none", "/etc/inner", "tmpfs");
        File.WriteAllText(Root.Etc + "/inner/file", "inner");
        Root.Bootmerge("merge", "--mutable=" + mode).Succeeds();
        string[] paths = ["/etc/alpha.conf", "/etc/hostname", "/etc/inner/file"];
        int reads = 0;
        List<string> missed = [];
        using CancellationTokenSource end = new();
        Task reader = Task.Run(
            () =>
            {
                while (!end.IsCancellationRequested)
                {
                    foreach (string path in paths)
                    {
                        reads++;
                        if (!Root.Exists(path))
                            missed.Add($"{path} in read {reads}");
                    }
                }
            },
            TestContext.Current.CancellationToken);

        for (int i = 0; i < 50; i++)
            Root.Bootmerge("refresh", "--mutable=" + mode, "--always-refresh=yes").Succeeds();
        await end.CancelAsync();
        await reader;

        Assert.Empty(missed);
        Assert.True(reads > 2_000, $"{reads} reads prove little");
        Assert.Single(Root.Stacks);
    }

    [Fact]
    public async Task No_write_is_lost_during_refreshes_of_a_mutable_stack()
    {
        Root.Route("/etc");
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        List<string> written = [];
        using CancellationTokenSource end = new();
        Task writer = Task.Run(
            () =>
            {
                // A writer may see a call fail while the stack under it is replaced; what was reported as written must
                // stay.
                for (int i = 0; !end.IsCancellationRequested; i++)
                {
                    try
                    {
                        Root.WriteMerged($"/etc/written-{i}", $"{i}");
                        written.Add($"written-{i}");
                    }
                    catch (IOException)
                    {
                        Thread.Sleep(1);
                    }

                    Thread.Sleep(1);
                }
            },
            TestContext.Current.CancellationToken);

        for (int i = 0; i < 20; i++)
            Root.Bootmerge("refresh", "--mutable=auto", "--always-refresh=yes").Succeeds();
        await end.CancelAsync();
        await writer;

        Assert.True(written.Count > 20, $"{written.Count} writes prove little");
        Root.Expect([.. Files.List(Root.Raw + "/etc").Select(name => "/etc/" + name)]);
        foreach (string name in written)
            Assert.Equal((name, name["written-".Length..], name["written-".Length..]),
                (name, Root.Read("/etc/" + name), Root.ReadRaw("/etc/" + name)));
    }

    [Fact]
    public void A_file_opened_before_a_refresh_keeps_its_later_writes()
    {
        Root.Route("/etc");
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        using (StreamWriter log = new(Root.Etc + "/log"))
        {
            log.Write("before");
            log.Flush();
            Root.Bootmerge("refresh", "--mutable=auto", "--always-refresh=yes").Succeeds();
            log.Write(" and after");
        }

        Assert.Equal(("before and after", "before and after"), (Root.Read("/etc/log"), Root.ReadRaw("/etc/log")));
        Root.Expect("/etc/log");
    }

    [Fact]
    public void A_refresh_that_fails_keeps_the_previous_merge()
    {
        Root.Route("/srv/etc-changes");
        Root.MakeDirectory("/srv/etc-changes");
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        Root.Extension("beta", ("beta.conf", "beta"));
        Files.ChangeMode(Root.Raw + "/srv/etc-changes", "0700");
        List<string> before = Root.State();

        Root.Bootmerge("refresh", "--mutable=auto").Fails("0700", "0755");

        Assert.Equal(before, Root.State());
        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
        Files.ChangeMode(Root.Raw + "/srv/etc-changes", "0755");
        Root.WriteMerged("/etc/written", "by the machine");
        Assert.Equal("by the machine", Root.ReadRaw("/srv/etc-changes/written"));
        Root.Expect("/srv/etc-changes/written");
    }

    private List<string> WorkDirectories(string path) =>
        [.. Files.List(Root.Raw + path).Where(name => name.Contains("workdir", StringComparison.Ordinal))];
}
