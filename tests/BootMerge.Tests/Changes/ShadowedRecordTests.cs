using System;
using System.Globalization;
using System.IO;
using System.Text;
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
    private const string First = "bootmerge-shadowed 1\n";
    private const string Line = "0123456789abcdef 1700000000000000 /etc/f\n";
    private const string RecordPath = "var/lib/bootmerge/shadowed";

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
    [InlineData("0000000000000000 0 /etc/a b\nffffffffffffffff 18446744073709551615 /etc/b\\377\\n\\\\\n")]
    public void Its_text_is_read_back(string lines) =>
        Assert.Equal(First + lines, ShadowedRecord.Parse(First + lines)!.ToText());

    [Fact]
    public void Any_path_survives() =>
        Gen.Byte[1, 255].Array[0, 40].Sample(
            bytes =>
            {
                string text = First + "0123456789abcdef 17 /etc/" + BootMerge.Markers.Marker.Escape(PathText.Decode(bytes)) + "\n";
                return ShadowedRecord.Parse(text)?.ToText() == text;
            },
            iter: 2_000);

    [Theory]
    [InlineData("")]
    [InlineData("bootmerge-shadowed 1")]
    [InlineData("bootmerge-shadowed 2\n")]
    [InlineData("bootmerge-shadowed 10\n")]
    [InlineData("\n" + First)]
    [InlineData(First + "0123456789abcdef 1700000000000000 /etc/f")]
    [InlineData(First + "0123456789abcde 1700000000000000 /etc/f\n")]
    [InlineData(First + "0123456789abcdeF 1700000000000000 /etc/f\n")]
    [InlineData(First + "0123456789abcdef  /etc/f\n")]
    [InlineData(First + "0123456789abcdef -1 /etc/f\n")]
    [InlineData(First + "0123456789abcdef 17/etc/f\n")]
    [InlineData(First + "0123456789abcdef 17 etc\n")]
    [InlineData(First + "/\n")]
    [InlineData(First + " /etc/f\n")]
    [InlineData(First + "0123456789abcdef /etc/f\n")]
    [InlineData(First + "0123456789abcdef 17 /etc/\\q\n")]
    [InlineData(First + Line + "\n")]
    [InlineData(First + "\0\n")]
    public void What_is_no_record_is_refused_as_a_whole(string text) => Assert.Null(ShadowedRecord.Parse(text));

    [Fact]
    public void A_text_cut_off_anywhere_is_refused_or_ends_with_a_whole_line()
    {
        string text = First + Line + Line.Replace("/etc/f", "/etc/g", StringComparison.Ordinal);
        for (int length = 0; length < text.Length; length++)
            if (ShadowedRecord.Parse(text[..length]) is ShadowedRecord record)
                Assert.Equal(text[..length], record.ToText());
            else
                Assert.NotEqual('\n', text[..length].Length == 0 ? ' ' : text[length - 1]);
    }

    [Fact]
    public void It_is_bounded_in_number_and_length()
    {
        StringBuilder many = new(First);
        for (int i = 0; i < ShadowedRecord.MaximumEntries + 5; i++)
            many.Append("0123456789abcdef 17 /etc/").Append(i.ToString("d6", CultureInfo.InvariantCulture)).Append('\n');
        Assert.Equal(ShadowedRecord.MaximumEntries + 1, ShadowedRecord.Parse(many.ToString())!.ToText().Split('\n').Length - 1);

        StringBuilder large = new(First);
        for (int i = 0; i < 1000; i++)
            large.Append("0123456789abcdef 17 /etc/").Append(i.ToString("d6", CultureInfo.InvariantCulture)).Append('x', 4000).Append('\n');
        string text = ShadowedRecord.Parse(large.ToString())!.ToText();
        Assert.InRange(text.Length, ShadowedRecord.MaximumLength - 5000, ShadowedRecord.MaximumLength);
        Assert.Equal(text, ShadowedRecord.Parse(text)!.ToText());
    }

    /// <summary>What happens after a boot, one after the other: machine=, vendor=, boot, touch; then whether the file is frozen.</summary>
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
    [InlineData("machine=mine, vendor=2", false)]
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
                case "touch": File.SetLastWriteTimeUtc(_sample.Outside("upper/f"), new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc)); break;
                case "mode":
                    using (SafeFileHandle file = _sample.Root.OpenAt("upper/f", Sys.O_RDONLY))
                        Sys.ChangeMode(file, 0x100); // 0400
                    break;
                default: record = ShadowedRecord.Parse(Boot(record).ToText())!; break;
            }
        }

        WithEntry(entry => Assert.Equal(isFrozen, record.IsFrozen("/etc/f", entry)));
        WithEntry(entry => Assert.False(record.IsFrozen("/etc/other", entry)));
    }

    [Fact]
    public void A_file_that_becomes_longer_or_other_by_one_byte_has_another_digest()
    {
        Make("upper/f", "machine's");
        foreach (string before in new[] { "", "a", new string('a', 65536), new string('a', 200_000) })
            foreach (string after in new[] { before + "a", before + "\0", before.Length == 0 ? "b" : "b" + before[1..], before.Length == 0 ? "c" : before[..^1] + "b" })
            {
                Make("below/f", before);
                ShadowedRecord record = Boot(new ShadowedRecord());
                Make("below/f", after);
                WithEntry(entry => Assert.True(record.IsFrozen("/etc/f", entry)));
            }
    }

    [Fact]
    public void What_is_said_of_hierarchies_that_were_not_looked_at_is_kept()
    {
        ShadowedRecord older = ShadowedRecord.Parse(First + Line + Line.Replace("/etc/f", "/etcetera/f", StringComparison.Ordinal) + Line.Replace("/etc/f", "/opt/f", StringComparison.Ordinal))!;
        ShadowedRecord record = new();

        record.AddAllOutside(["/etc"], older);

        Assert.Equal(First + Line.Replace("/etc/f", "/etcetera/f", StringComparison.Ordinal) + Line.Replace("/etc/f", "/opt/f", StringComparison.Ordinal), record.ToText());
    }

    [Fact]
    public void It_is_written_only_when_it_says_something_new()
    {
        _sample.MakeDirectory("var/lib");
        ShadowedRecord empty = ShadowedRecord.Read(_sample.Root, new Log(toKernel: false));
        new ShadowedRecord().Write(_sample.Root, empty);
        Assert.False(File.Exists(_sample.Outside(RecordPath)));

        ShadowedRecord one = ShadowedRecord.Parse(First + Line)!;
        one.Write(_sample.Root, empty);
        Assert.Equal(First + Line, File.ReadAllText(_sample.Outside(RecordPath)));
        using (SafeFileHandle file = _sample.Root.OpenAt(RecordPath))
            Assert.Equal("0600", FileStatus.Octal(Sys.Status(file).Permissions));
        Assert.Equal(["shadowed"], Array.ConvertAll(Directory.GetFileSystemEntries(_sample.Outside("var/lib/bootmerge")), Path.GetFileName));

        File.Delete(_sample.Outside(RecordPath));
        one.Write(_sample.Root, ShadowedRecord.Parse(First + Line)!);
        Assert.False(File.Exists(_sample.Outside(RecordPath)));

        new ShadowedRecord().Write(_sample.Root, one);
        Assert.Equal(First, ShadowedRecord.Read(_sample.Root, new Log(toKernel: false)).ToText());
    }

    [Theory]
    [InlineData("garbage")]
    [InlineData("")]
    [InlineData(First + Line + "0123")]
    public void A_damaged_one_is_empty_and_written_anew(string text)
    {
        _sample.Write(RecordPath, text);
        ShadowedRecord damaged = ShadowedRecord.Read(_sample.Root, new Log(toKernel: false));
        Assert.Equal(First, damaged.ToText());

        new ShadowedRecord().Write(_sample.Root, damaged);
        Assert.Equal(First, File.ReadAllText(_sample.Outside(RecordPath)));
    }

    private ShadowedRecord Boot(ShadowedRecord older)
    {
        ShadowedRecord record = new();
        WithEntry(entry => record.Add("/etc/f", entry, older));
        return record;
    }

    /// <summary>Replaces it, with a time of its own.</summary>
    private void Make(string path, string content)
    {
        _sample.Remove(path);
        switch (content)
        {
            case "link": _sample.Link(path, "1"); break;
            case "directory": _sample.MakeDirectory(path); break;
            default: _sample.Write(path, content); break;
        }
        if (path.StartsWith("upper", StringComparison.Ordinal))
            File.SetLastWriteTimeUtc(_sample.Outside(path), new DateTime(2020, 1, 1, 0, 0, content.Length, DateTimeKind.Utc));
    }

    private void WithEntry(Action<Entry> action)
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
        });
    }
}
