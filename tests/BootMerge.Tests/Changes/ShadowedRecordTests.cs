using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using BootMerge.Changes;
using BootMerge.Linux;
using BootMerge.Reporting;
using BootMerge.Tests.Extensions;
using CsCheck;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace BootMerge.Tests.Changes;

/// <summary>A root whose upper/ is the machine's layer and whose below/ is the vendor's.</summary>
public sealed class ShadowedRecordTests : IDisposable
{
    private const string First = "bootmerge-shadowed 2\n";
    private const string Line = "m 0123456789abcdef 1700000000000000 /etc/f\n";
    private const string RecordPath = "var/lib/bootmerge/shadowed";
    private const string Version = "fedcba9876543210";

    private readonly SampleRoot _sample = new();

    public ShadowedRecordTests()
    {
        _sample.MakeDirectory("upper");
        _sample.MakeDirectory("below");
    }

    public void Dispose() => _sample.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData(Line)]
    [InlineData("m 0000000000000000 0 /etc/a b\nm ffffffffffffffff 18446744073709551615 /etc/b\\377\\n\\\\\n")]
    [InlineData("b 0123456789abcdef /etc\nb 0123456789abcdef /opt\nd /etc/a\nf 0123456789abcdef fedcba9876543210 "
        + "/etc/a/b\no /etc/c\ni 12 34 /etc/d\nk /etc/e\n" + Line)]
    public void Its_text_is_read_back(string lines) =>
        Assert.Equal(Whole(First + lines), RecordText.Of(RecordText.Parse(Whole(First + lines))!));

    [Fact]
    public void Any_path_survives() =>
        Gen.Byte[1, 255].Array[0, 40].Sample(
            bytes =>
            {
                string text = Whole(First + "d /etc/" + CText.Escape(PathText.Decode(bytes)) + "\n");
                return RecordText.Parse(text) is ShadowedRecord record && RecordText.Of(record) == text
                    && record.Below.ContainsKey("/etc/" + PathText.Decode(bytes));
            },
            iter: 2_000);

    [Theory]
    [InlineData("")]
    [InlineData("bootmerge-shadowed 1\n0123456789abcdef 1700000000000000 /etc/f\n")]
    [InlineData("bootmerge-shadowed 2")]
    [InlineData("bootmerge-shadowed 3\n")]
    [InlineData("bootmerge-shadowed 20\n")]
    [InlineData("\n" + First)]
    [InlineData(First + "m 0123456789abcdef 1700000000000000 /etc/f")]
    [InlineData(First + "m 0123456789abcde 1700000000000000 /etc/f\n")]
    [InlineData(First + "m 0123456789abcdeF 1700000000000000 /etc/f\n")]
    [InlineData(First + "m 0123456789abcdef  /etc/f\n")]
    [InlineData(First + "m 0123456789abcdef -1 /etc/f\n")]
    [InlineData(First + "m 0123456789abcdef 17/etc/f\n")]
    [InlineData(First + "m 0123456789abcdef 17 etc\n")]
    [InlineData(First + "m 0123456789abcdef /etc/f\n")]
    [InlineData(First + "m 0123456789abcdef 17 /etc/\\q\n")]
    [InlineData(First + "b /etc\n")]
    [InlineData(First + "b 17 /etc\n")]
    [InlineData(First + "d 17 /etc/f\n")]
    [InlineData(First + "o17 /etc/f\n")]
    [InlineData(First + "f 0123456789abcdef /etc/f\n")]
    [InlineData(First + "f 0123456789abcdef 17 /etc/f\n")]
    [InlineData(First + "i 17 /etc/f\n")]
    [InlineData(First + "i 17 18 19 /etc/f\n")]
    [InlineData(First + "k 17 /etc/f\n")]
    [InlineData(First + "z /etc/f\n")]
    [InlineData(First + "d /etc/f\nd /etc/f\n")]
    [InlineData(First + "/\n")]
    [InlineData(First + " /etc/f\n")]
    [InlineData(First + Line + "\n")]
    [InlineData(First + "\0\n")]
    public void What_is_no_record_is_refused_as_a_whole(string text)
    {
        Assert.Null(RecordText.Parse(text));
        Assert.Null(RecordText.Parse(Whole(text)));
    }

    [Fact]
    public void A_text_cut_off_anywhere_or_changed_in_a_letter_is_refused()
    {
        string text = Whole(First + "b 0123456789abcdef /etc\nd /etc/e\n" + Line);
        Assert.NotNull(RecordText.Parse(text));
        for (int length = 0; length < text.Length; length++)
        {
            Assert.Null(RecordText.Parse(text[..length]));
            Assert.Null(RecordText.Parse(text[..length] + "#" + text[(length + 1)..]));
        }
    }

    [Fact]
    public void It_is_bounded_in_number_and_length()
    {
        ShadowedRecord large = new();
        large.Versions["/etc"] = Version;
        large.Below["/etc/d"] = ShadowedRecord.IsDirectory;
        for (int i = 0; i < 2_000; i++)
            large.Machine["/etc/" + i.ToString("d6", CultureInfo.InvariantCulture) + new string('x', 4000)] = Version
                + " 17";
        string text = RecordText.Of(large);
        Assert.InRange(text.Length, 3 << 20, 5 << 20);
        Assert.Equal(text, RecordText.Of(RecordText.Parse(text)!));
        Assert.Single(RecordText.Parse(text)!.Below);

        for (int i = 0; i < 10_000; i++)
            large.Below["/etc/" + i.ToString("d6", CultureInfo.InvariantCulture) + new string('x', 3000)] =
                ShadowedRecord.IsDirectory;
        ShadowedRecord read = RecordText.Parse(RecordText.Of(large))!;
        Assert.Empty(read.Below);
        Assert.Empty(read.Versions);
        Assert.NotEmpty(read.Machine);
    }

    /// <summary>
    /// The steps after a boot, in order: machine=CONTENT, vendor=CONTENT, boot, touch, mode. Then whether the file is
    /// frozen.
    /// </summary>
    [Theory]
    [InlineData("", false)]
    [InlineData("vendor=2", true)]
    [InlineData("vendor=2, boot, boot", true)]
    [InlineData("vendor=2, vendor=1", false)]
    [InlineData("vendor=2, boot, vendor=1", false)]
    [InlineData("vendor=2, boot, vendor=3", true)]
    [InlineData("vendor=2, boot, machine=mine", false)]
    [InlineData("vendor=2, boot, machine=mine, boot", false)]
    [InlineData("vendor=2, boot, machine=mine, boot, vendor=3", true)]
    [InlineData("vendor=2, boot, touch, boot", false)]
    [InlineData("vendor=2, boot, mode", true)]
    [InlineData("vendor=2, boot, mode, boot", true)]
    [InlineData("vendor=link", true)]
    [InlineData("vendor=link, boot", true)]
    [InlineData("vendor=directory", true)]
    [InlineData("vendor=directory, boot", true)]
    [InlineData("vendor=gone", true)]
    [InlineData("vendor=gone, boot", true)]
    [InlineData("vendor=gone, boot, boot, vendor=2, boot", true)]
    [InlineData("vendor=gone, boot, vendor=1, boot", false)]
    [InlineData("vendor=directory, boot, vendor=3, boot", true)]
    [InlineData("vendor=link, boot, vendor=directory, boot, boot", true)]
    [InlineData("machine=mine", false)]
    [InlineData("machine=mine, boot, boot", false)]
    [InlineData("machine=mine, vendor=2", true)]
    [InlineData("machine=mine, vendor=2, boot", true)]
    [InlineData("machine=mine, vendor=2, boot, machine=yours, boot", false)]
    [InlineData("machine=mine, vendor=gone, boot", true)]
    [InlineData("machine=mine, vendor=directory, boot, boot", true)]
    [InlineData("machine=gone, boot, vendor=2, boot, machine=mine, boot", false)]
    [InlineData("machine=gone, boot, machine=mine, vendor=2, boot", true)]
    [InlineData("vendor=gone, machine=mine, boot, boot", true)]
    [InlineData("vendor=gone, machine=gone, boot, machine=mine, vendor=2, boot, boot", false)]
    [InlineData("machine=mine, vendor=2, boot, vendor=3", true)]
    public void A_file_is_frozen_from_the_vendors_change_until_the_machines(string steps, bool isFrozen)
    {
        Make("below/f", "1");
        Make("upper/f", "machine's");
        ShadowedRecord record = Boot(new ShadowedRecord());

        foreach (string step in steps.Split(", ", StringSplitOptions.RemoveEmptyEntries))
        {
            string[] words = step.Split('=');
            switch (words[0])
            {
                case "vendor": Make("below/f", words[1]); break;
                case "machine": Make("upper/f", words[1]); break;
                case "touch":
                    File.SetLastWriteTimeUtc(_sample.Outside("upper/f"),
                    new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc)); break;
                case "mode":
                    using (SafeFileHandle file = _sample.Root.OpenAt("upper/f", Sys.O_RDONLY))
                        Sys.ChangeMode(file, 0x100); // 0400
                    break;
                default: record = RecordText.Parse(RecordText.Of(Boot(record)))!; break;
            }
        }

        WithEntry(entry => Assert.Equal(isFrozen, record.IsFrozen("/etc", entry)));
        WithEntry(entry => Assert.False(record.IsFrozen("/other", entry)));
    }

    [Fact]
    public void A_file_that_becomes_longer_or_other_by_one_byte_has_another_digest()
    {
        Make("upper/f", "machine's");
        foreach (string before in new[] { "", "a", new string('a', 65536), new string('a', 200_000) })
            foreach (string after in new[] { before + "a", before + "\0", before.Length == 0 ? "b" : "b" + before[1..],
                before.Length == 0 ? "c" : before[..^1] + "b" })
            {
                Make("below/f", before);
                ShadowedRecord record = Boot(new ShadowedRecord());
                Make("below/f", after);
                WithEntry(entry => Assert.True(record.IsFrozen("/etc", entry)));
            }
    }

    /// <summary>
    /// What boot finds for an opaque directory: the previous boot's record, and whether something is below it now.
    /// </summary>
    [Theory]
    [InlineData(null, true, false, "")]
    [InlineData(null, false, false, null)]
    [InlineData("", true, true, "made")]
    [InlineData("", false, true, "made")]
    [InlineData("d /etc/f\n", true, false, "")]
    [InlineData("d /etc/f\n", false, false, "")]
    [InlineData("o /etc/f\n", true, false, "")]
    [InlineData("f 0123456789abcdef fedcba9876543210 /etc/f\n", true, false, "")]
    [InlineData("d /etc/ff\nd /etc/e\n", true, true, "made")]
    [InlineData("k /etc/f\n", true, false, "")]
    [InlineData("k /etc/f\n", false, false, "")]
    [InlineData("i 1 2 /etc/f\n", true, true, "made")]
    [InlineData("d /etc/f\ni 1 2 /etc/f\n", true, false, "")]
    [InlineData("d /etc/f\ni this /etc/f\n", true, true, "made")]
    [InlineData("d /etc/f\ni this /etc/g\n", true, false, "")]
    public void A_directory_was_made_first_where_the_record_has_nothing_below_it(string? lines, bool isBelow,
        bool isMadeFirst, string? known)
    {
        _sample.MakeDirectory("upper/f");
        if (isBelow)
            _sample.MakeDirectory("below/f");
        WithEntry(
            entry =>
            {
                string identity = entry.Upper!.Inode + " " + entry.Upper.BirthTime;
                ShadowedRecord older = lines is null ? new()
                    : RecordText.Parse(Whole(First + "b " + Version + " /etc\n"
                    + lines.Replace("this", identity, StringComparison.Ordinal)))!;
                ShadowedRecord record = new();
                record.AddOpaque("/etc", entry, older);

                Assert.Equal(isMadeFirst, older.IsMadeFirst("/etc", entry));
                Assert.False(older.IsMadeFirst("/opt", entry));
                Assert.Equal(known is "made" ? identity : known, record.Opaque.GetValueOrDefault("/etc/f"));
            },
            isOpaque: true);
        WithEntry(entry =>
            Assert.False(RecordText.Parse(Whole(First + "b " + Version + " /etc\n"))!.IsMadeFirst("/etc", entry)));
    }

    [Fact]
    public void What_is_said_of_hierarchies_that_were_not_looked_at_is_kept()
    {
        string opt = "b " + Version + " /opt\nd /etcetera/d\nd /opt/d\nk /opt/d\n"
            + Line.Replace("/etc/f", "/etcetera/f", StringComparison.Ordinal)
            + Line.Replace("/etc/f", "/opt/f", StringComparison.Ordinal);
        ShadowedRecord older =
            RecordText.Parse(Whole(First + opt + Line + "b " + Version + " /etc\nd /etc/d\nk /etc/d\n"))!;
        ShadowedRecord record = new();

        record.AddAllOutside(["/etc"], older);

        Assert.Equal(Whole(First + opt), RecordText.Of(record));
    }

    [Fact]
    public void What_was_below_since_the_boot_and_is_gone_again_is_something_that_can_have_been_hidden()
    {
        ShadowedRecord older =
            RecordText.Parse(Whole(First + "d /etc/d\nf " + Version + " " + Version + " /etc/f\nd /opt/d\n"))!;
        ShadowedRecord record = RecordText.Parse(Whole(First + "d /etc/d\n"))!;

        record.AddBelowOf("/etc", older);

        Assert.Equal(Whole(First + "d /etc/d\no /etc/f\n"), RecordText.Of(record));
    }

    [Fact]
    public void It_is_written_only_when_it_says_something_new()
    {
        _sample.MakeDirectory("var/lib");
        ShadowedRecord empty = ShadowedRecord.Read(_sample.Root, new Log(toKernel: false));
        new ShadowedRecord().Write(_sample.Root, empty);
        Assert.False(File.Exists(_sample.Outside(RecordPath)));

        ShadowedRecord one = RecordText.Parse(Whole(First + Line))!;
        one.Write(_sample.Root, empty);
        Assert.Equal(Whole(First + Line), File.ReadAllText(_sample.Outside(RecordPath)));
        using (SafeFileHandle file = _sample.Root.OpenAt(RecordPath))
            Assert.Equal("0600", Octal.Text(Sys.Status(file).Permissions));
        Assert.Equal(["shadowed"],
            Array.ConvertAll(Directory.GetFileSystemEntries(_sample.Outside("var/lib/bootmerge")), Path.GetFileName));

        File.Delete(_sample.Outside(RecordPath));
        one.Write(_sample.Root, RecordText.Parse(Whole(First + Line))!);
        Assert.False(File.Exists(_sample.Outside(RecordPath)));

        new ShadowedRecord().Write(_sample.Root, one);
        Assert.Equal(Whole(First), RecordText.Of(ShadowedRecord.Read(_sample.Root, new Log(toKernel: false))));

        ShadowedRecord.Remove(_sample.Root);
        ShadowedRecord.Remove(_sample.Root);
        Assert.False(ShadowedRecord.Exists(_sample.Root));
    }

    [Theory]
    [InlineData("garbage")]
    [InlineData("")]
    [InlineData(First + Line + "0123")]
    [InlineData("bootmerge-shadowed 1\n0123456789abcdef 1700000000000000 /etc/f\n")]
    public void A_damaged_one_is_empty_and_written_anew(string text)
    {
        _sample.Write(RecordPath, text);
        ShadowedRecord damaged = ShadowedRecord.Read(_sample.Root, new Log(toKernel: false));
        Assert.Equal(Whole(First), RecordText.Of(damaged));

        new ShadowedRecord().Write(_sample.Root, damaged);
        Assert.Equal(Whole(First), File.ReadAllText(_sample.Outside(RecordPath)));
    }

    private static string Whole(string text) => text + "end " + Digest.Of(text) + "\n";

    /// <summary>Makes the whole record, as the boot stage does.</summary>
    private ShadowedRecord Boot(ShadowedRecord older)
    {
        ShadowedRecord record = new();
        using ChangedTree tree = new()
        {
            Class = ExtensionClass.Confext,
            Hierarchy = "/etc",
            Target = "/etc",
            UpperPath = "/etc",
            HasUpper = true,
            Seen = null,
            Upper = _sample.Root.OpenAt("upper", Sys.O_RDONLY),
            Below = _sample.Root.OpenAt("below", Sys.O_RDONLY),
            Layers = [],
            IsWhole = false,
            Merged = null,
            MountedUpon = [],
        };
        Assert.True(new BelowWalk(tree, Version, record, older).Run());
        new ShadowedWalk(tree, record, older).Run();
        return record;
    }

    /// <summary>Replaces an entry; in the machine's layer, with a time of its own.</summary>
    private void Make(string path, string content)
    {
        _sample.Remove(path);
        switch (content)
        {
            case "gone": break;
            case "link": _sample.Link(path, "1"); break;
            case "directory": _sample.MakeDirectory(path); break;
            default: _sample.Write(path, content); break;
        }
        if (path.StartsWith("upper", StringComparison.Ordinal) && content is not "gone")
            File.SetLastWriteTimeUtc(_sample.Outside(path),
                new DateTime(2020, 1, 1, 0, 0, content.Length, DateTimeKind.Utc));
    }

    private void WithEntry(Action<Entry> action, bool isOpaque = false)
    {
        using SafeFileHandle upper = _sample.Root.OpenAt("upper", Sys.O_RDONLY);
        using SafeFileHandle below = _sample.Root.OpenAt("below", Sys.O_RDONLY);
        action(new Entry
        {
            Parent = Place.Top,
            Name = "f",
            UpperDirectory = upper,
            BelowDirectory = below,
            BelowPlace = Place.Top,
            Upper = Sys.TryStatusAt(upper, "f"),
            Below = Sys.TryStatusAt(below, "f"),
            IsOpaque = isOpaque,
        });
    }
}
