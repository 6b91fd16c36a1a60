using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>
/// Programs depend on them: the keys of every JSON output are those that bootmerge(8) lists under JSON, in that order.
/// </summary>
public sealed class JsonKeysTests : InitramfsTest
{
    [Fact]
    public void Every_object_has_the_keys_that_the_manual_lists()
    {
        Prepare("confext");
        LibC.Mount("/dev", Initramfs + "/dev", null, LibC.MS_BIND); // an image needs a loop device
        Root.Extension("old", ("old.conf", "old"));
        Root.Write("/var/lib/confexts/old/etc/extension-release.d/extension-release.old", "ID=another\n");
        Root.Write("/var/lib/confexts/readme", "no extension");
        ImageFile.Confext(Root, "squashfs", "/var/lib/confexts/image.raw", "image", ("image.conf", "image"));
        Root.Write("/etc/same.conf", "same");
        Root.Write("/usr/lib/confexts/flatcar-defaults/etc/same.conf", "same");
        Root.MakeDirectory("/opt");
        Root.Route("/etc");
        Root.Expect("/etc", "/var/lib/confexts", "/usr/lib/confexts", "/opt");
        Root.Remember();
        Dictionary<string, string> found = [];

        JsonElement plan = Print("--class=all", "plan");
        Note(found, "plan", plan);
        JsonElement pruned = Print("--mutable=auto", "--dry-run", "prune");
        Note(found, "prune", pruned[0]);
        Boot().Succeeds();
        JsonElement boot = Report();
        Note(found, "boot.json", boot);
        Note(found, "boot.json: versions", boot.GetProperty("versions"));
        Note(found, "boot.json: pruned", boot.GetProperty("pruned"));
        Boot().Succeeds();
        Note(found, "boot.json", Report());
        Note(found, "boot.json: earlierRuns", Report().GetProperty("earlierRuns")[0]);
        foreach (JsonElement report in new[] { plan, boot })
        {
            JsonElement etc = report.GetProperty("hierarchies")[0];
            Note(found, "plan, boot.json: hierarchies", etc);
            Note(found, "plan, boot.json: layers", etc.GetProperty("layers")[0]);
            Note(found, "protection", etc.GetProperty("layers").EnumerateArray()
                .First(layer => layer.GetProperty("name").GetString() == "image").GetProperty("protection"));
        }

        Note(found, "the same, left alone", plan.GetProperty("hierarchies").EnumerateArray().Last());
        JsonElement status = Print("status", "--verbose");
        Note(found, "status", status);
        Note(found, "status", Print("status"));
        Note(found, "images", status.GetProperty("images")[0]);
        Note(found, "protection", status.GetProperty("images")[0].GetProperty("protection"));
        Note(found, "status: hierarchies", status.GetProperty("hierarchies")[0]);
        foreach (JsonElement report in new[] { plan, boot, status })
        {
            Note(found, "notMerged", report.GetProperty("notMerged")[0]);
            Note(found, "ignored", report.GetProperty("ignored")[0]);
            Assert.Equal(1, report.GetProperty("version").GetInt32());
        }

        Note(found, "list", Print("list")[0]);
        JsonElement looked = Print("list", "--verbose");
        Note(found, "list", looked[0]);
        Note(found, "protection", Named(looked, "image"));
        JsonElement refused = Named(Print("--image-policy=root=verity", "list", "--verbose"), "image");
        Note(found, "protection", refused);
        Assert.StartsWith("refused: ", refused.GetProperty("state").GetString(), StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, Named(looked, "old").ValueKind);
        Note(found, "diff", Print("diff")[0]);
        JsonElement explained = Print("explain", "/etc/both.conf")[0];
        Note(found, "explain", explained);
        Note(found, "explain: layers", explained.GetProperty("layers")[0]);
        Note(found, "check", Parsed("check", "--json=short")[0]);

        Dictionary<string, string> listed = Listed();
        Assert.True(listed.Remove("boot.json: milliseconds", out string? steps));
        foreach (JsonElement report in new[] { boot, Report() })
        {
            string[] keys = [.. report.GetProperty("milliseconds").EnumerateObject().Select(step => step.Name)];
            Assert.Equal(steps.Split(", ").Where(keys.Contains), keys);
        }

        Assert.Equal(listed, found);
    }

    [Fact]
    public void Without_verbose_status_says_that_it_has_not_looked()
    {
        Prepare("confext");

        JsonElement status = Print("status");

        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null),
            (status.GetProperty("notMerged").ValueKind, status.GetProperty("ignored").ValueKind));
        Assert.Equal("/etc", Assert.Single(status.GetProperty("hierarchies").EnumerateArray()).GetProperty("hierarchy")
            .GetString());
    }

    /// <summary>The protection of the one with this name.</summary>
    private static JsonElement Named(JsonElement entries, string name) => entries.EnumerateArray()
        .First(entry => entry.GetProperty("name").GetString() == name).GetProperty("protection");

    private JsonElement Print(params string[] words) => Parsed([.. words, "--json=short"]);

    private JsonElement Parsed(params string[] words)
    {
        Outcome outcome = Outcome.Of("chroot", [Initramfs, "/bootmerge", "--root=/sysroot", .. words]);
        using JsonDocument document = JsonDocument.Parse(outcome.Output);
        return document.RootElement.Clone();
    }

    private static void Note(Dictionary<string, string> found, string name, JsonElement value)
    {
        string keys = string.Join(", ", value.EnumerateObject().Select(static member => member.Name));
        Assert.Equal(found.GetValueOrDefault(name, keys), keys);
        found[name] = keys;
    }

    /// <summary>The table of the manual.</summary>
    private static Dictionary<string, string> Listed()
    {
        string top = Path.GetDirectoryName(Path.GetDirectoryName(Workplace.Binary))!;
        string manual = File.ReadAllText(top + "/man/bootmerge.8.scd");
        int start = manual.IndexOf("\n# JSON\n", StringComparison.Ordinal);
        string[] lines = manual[start..manual.IndexOf("\n# ", start + 1, StringComparison.Ordinal)].Split('\n');
        Dictionary<string, string> listed = [];
        for (int i = 0; i + 1 < lines.Length; i++)
            if (lines[i].StartsWith("|[ ", StringComparison.Ordinal))
                listed.Add(lines[i][3..], lines[i + 1][3..]);
        return listed;
    }
}
