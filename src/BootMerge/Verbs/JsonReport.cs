using BootMerge.CommandLine;
using BootMerge.Extensions;
using BootMerge.Json;

namespace BootMerge.Verbs;

/// <summary>Pieces that several JSON outputs share.</summary>
internal static class JsonReport
{
    public static string Format(JsonValue value, JsonFormat format) =>
        (format == JsonFormat.Pretty ? value.ToPrettyText() : value.ToCompactText()) + "\n";

    public static void AddRejected(JsonValue array, Survey survey)
    {
        foreach (Candidate candidate in survey.Candidates)
            if (!candidate.Verdict.Accepted)
                array.Add(JsonValue.Object()
                    .Add("name", JsonValue.String(candidate.Extension.Name))
                    .Add("path", JsonValue.String(candidate.Extension.FoundPath))
                    .Add("reason", JsonValue.String(candidate.Verdict.Reason)));
    }

    public static void AddIgnored(JsonValue array, Survey survey)
    {
        foreach (SkippedEntry skipped in survey.Found.Skipped)
            array.Add(JsonValue.Object()
                .Add("path", JsonValue.String(skipped.Path))
                .Add("reason", JsonValue.String(skipped.Reason)));
    }
}
