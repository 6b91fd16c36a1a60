using System;
using System.Collections.Generic;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace BootMerge.DifferentialTests;

/// <summary>What a command printed as facts, without the times in it.</summary>
internal static partial class OutputFacts
{
    /// <summary>
    /// Splits a table into cells and JSON into keys, so that whatever only one side has is a fact of its own.
    /// </summary>
    /// <param name="of">The command that printed it: the first word of the facts.</param>
    public static void Add(IDictionary<string, string> facts, string of, string output)
    {
        output = WithoutTimes(output);
        string[] lines = output.TrimEnd('\n').Split('\n');
        if (output.StartsWith('[') || output.StartsWith('{'))
        {
            using JsonDocument document = JsonDocument.Parse(output);
            // Under its own name, bootmerge's status is an object. This key has the part that systemd has, too.
            bool isObject = document.RootElement.ValueKind == JsonValueKind.Object;
            JsonElement shared = isObject ? document.RootElement.GetProperty("hierarchies") : document.RootElement;
            // An empty array has nothing to indent, but the object around it has.
            bool isOneLine = lines.Length == 1 || (isObject && shared.GetArrayLength() == 0);
            facts[of + " form"] = isOneLine ? "JSON on one line"
                : "JSON indented by " + JsonSerializer.Serialize(Indentation().Match(lines[1]).Value);
            JsonFacts.Flatten(of, shared, (name, value) => facts[name] = value.GetRawText());
        }
        else if (TableHeader().IsMatch(output))
        {
            facts[of + " form"] = "a table";
            MatchCollection headers = Word().Matches(lines[0]);
            for (int row = 1; row < lines.Length; row++)
            {
                for (int column = 0; column < headers.Count; column++)
                {
                    int start = Math.Min(headers[column].Index, lines[row].Length);
                    int end = column + 1 < headers.Count ? Math.Min(headers[column + 1].Index, lines[row].Length)
                        : lines[row].Length;
                    facts[$"{of} row {row} {headers[column].Value}"] = lines[row][start..end].TrimEnd();
                }
            }
        }
        else
            facts[of + " form"] = output.Length == 0 ? "nothing" : output;
    }

    public static string WithoutTimes(string text)
    {
        // Keeps the length of the time, so that a table's columns stay where they are.
        text = TimeText().Replace(text, time => "<time>".PadRight(time.Length));
        text = TimeNumber().Replace(text, "${key}\"<time>\"");
        return TrailingBlanks().Replace(text, "");
    }

    [GeneratedRegex("[A-Z][a-z][a-z] \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d UTC", RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10000)]
    private static partial Regex TimeText();

    [GeneratedRegex("(?<key>\"(since|time)\"\\s*:\\s*)\\d{16}", RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10000)]
    private static partial Regex TimeNumber();

    [GeneratedRegex("^[ \\t]*", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10000)]
    private static partial Regex Indentation();

    [GeneratedRegex("^(HIERARCHY|NAME) ", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10000)]
    private static partial Regex TableHeader();

    [GeneratedRegex("[^ ]+", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10000)]
    private static partial Regex Word();

    [GeneratedRegex("[ \\t]+$", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 10000)]
    private static partial Regex TrailingBlanks();
}
