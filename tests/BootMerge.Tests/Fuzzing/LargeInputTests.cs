using System;
using System.Text;
using System.Threading;
using BootMerge.CommandLine;
using BootMerge.Configuration;
using BootMerge.Extensions;
using BootMerge.Json;
using BootMerge.Linux;
using BootMerge.Markers;
using Xunit;

namespace BootMerge.Tests.Fuzzing;

/// <summary>
/// Each parser reads its longest possible input within the time that a boot can wait, whatever the input contains.
/// </summary>
public sealed class LargeInputTests
{
    private const int ReleaseFileLimit = 1 << 20;
    private const int ConfigurationLimit = 256 << 10;
    private const int MarkerLimit = 4 << 20;

    // Linear work takes milliseconds; quadratic work takes many minutes, even on an idle machine.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("ID=a\n")]
    [InlineData("K#=v\n")]
    [InlineData("no pair\n")]
    [InlineData("A=\"")]
    [InlineData("A=''")]
    [InlineData("=\\\n")]
    [InlineData("\\")]
    [InlineData(" ")]
    [InlineData("=")]
    public void Release_files(string repeated) =>
        Takes(repeated, ReleaseFileLimit, "", text => KeyValueFile.Parse(text));

    [Theory]
    [InlineData("EXTENSION_RESTART_UNITS", "u#.service ")]
    [InlineData("EXTENSION_RELOAD_OR_RESTART_UNITS", "u#.service ")]
    [InlineData("EXTENSION_RESTART_UNITS", "no-unit# ")]
    [InlineData("CONFEXT_SCOPE", "scope# ")]
    public void Lists_in_release_files(string key, string repeated) =>
        Takes(repeated, ReleaseFileLimit, key + "=\"", text =>
    {
        ReleaseFile file = KeyValueFile.Parse(text);
        Assert.NotNull(file[key]);
        new ManagerRequests().Add(file, "large");
        Words.Contain(file[key], "system");
    });

    [Theory]
    [InlineData("Mutable=yes\n")]
    [InlineData("Mutabel#=yes\n")]
    [InlineData("Mutable=perhap#\n")]
    [InlineData("[Section#]\n")]
    [InlineData("x\\\n")]
    [InlineData("\\")]
    [InlineData("ImagePolicy=rot#=open\n")]
    [InlineData("OverlayOptions=a#,")]
    [InlineData("RequireExtension=#\n")]
    public void Configuration_files(string repeated)
    {
        foreach (string section in new[] { "[BootMerge]\n", "[ConfExt]\n" })
            Takes(repeated, ConfigurationLimit, section, text =>
            {
                ConfigurationSources sources = new() { Files = [new SourceFile("/f", text)] };
                sources.Classes.Add(new ClassSources(ExtensionClass.Confext) { Files = [new SourceFile("/f", text)] });
                SettingsResolver.Resolve(new Arguments { Verb = Verb.Boot }, sources);
            });
    }

    [Theory]
    [InlineData("", "[")]
    [InlineData("[", "1,")]
    [InlineData("[", "[],")]
    [InlineData("{", "\"k#\":1,")]
    [InlineData("{", "\"k\":1,")]
    [InlineData("\"", "\\u0041")]
    [InlineData("", "1")]
    [InlineData("", " ")]
    public void Origins(string before, string repeated) => Takes(repeated, MarkerLimit, before, text =>
    {
        JsonReader.TryParse(text);
        if (before.Length > 0) // and once as a whole value
            JsonReader.TryParse([.. text.AsSpan().TrimEnd((byte)','),
                (byte)(before[0] is '[' ? ']' : before[0] is '{' ? '}' : '"')])?.ToCompactText();
    });

    [Theory]
    [InlineData("name#\n")]
    [InlineData("\\x41")]
    [InlineData("a/")]
    [InlineData("\n")]
    public void Markers(string repeated) => Takes(repeated, MarkerLimit, "", text =>
    {
        string decoded = PathText.Decode(text);
        Marker.ParseNames(decoded);
        Marker.IsSafeRelativePath(CText.Unescape(decoded) ?? "");
    });

    [Theory]
    [InlineData("# 1 0:1 / /a\\040# rw - tmpfs none rw\n")]
    [InlineData(" - ")]
    [InlineData("\\040")]
    public void Mountinfo(string repeated) => Takes(repeated, MarkerLimit, "", text => MountTable.Parse(text));

    /// <param name="repeated">Repeated up to <paramref name="limit"/> bytes, with a new number for "#" each
    /// time.</param>
    private static void Takes(string repeated, int limit, string before, Action<byte[]> parse)
    {
        StringBuilder text = new(before);
        for (int i = 0; text.Length < limit; i++)
            text.Append(repeated.Replace("#", i.ToString(), StringComparison.Ordinal));
        byte[] bytes = Encoding.UTF8.GetBytes(text.ToString(0, limit));

        // A thread that does not return is abandoned: it must hold up neither the other tests nor the end of the run.
        Exception? failure = null;
        Thread thread = new(() => failure = Record.Exception(() => parse(bytes))) { IsBackground = true };
        thread.Start();
        Assert.True(thread.Join(Limit), $"not done after {Limit.TotalSeconds} s");
        Assert.Null(failure);
    }
}
