using System;
using System.Collections.Generic;
using BootMerge.CommandLine;
using BootMerge.Configuration;
using BootMerge.Extensions;
using BootMerge.Json;
using BootMerge.Linux;
using BootMerge.Mounting;
using BootMerge.Reporting;
using BootMerge.Sessions;

namespace BootMerge.Verbs;

/// <summary>list: every extension found, or those asked for, even if they do not fit.</summary>
internal static class ListVerb
{
    public static void Run(Session session)
    {
        List<Extension> extensions = [];
        foreach (ClassSettings settings in session.Settings.Classes)
            extensions.AddAll(Discovery.Find(session.Root, settings.Class,
                HostRelease.IsInitrd(session.Root)).Extensions);
        Choose(extensions, session.Settings);
        extensions.SortBy(static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        bool hasLooked = session.Settings.Has(Switches.Verbose);
        if (hasLooked)
            ImageFiles.ReadCertificates(session.Root, session.Settings.Classes, extensions);

        JsonValue array = JsonValue.Array();
        Table table = hasLooked ? new("NAME", "TYPE", "PATH", "TIME", "PROTECTION")
            : new("NAME", "TYPE", "PATH", "TIME");
        foreach (Extension extension in extensions)
        {
            string path = session.Root.Outside(extension.Path);
            string time = extension.Time == 0 ? "-" : Timestamp.Format(extension.Time);
            JsonValue protection = hasLooked ? Protection(session, extension) : JsonValue.Null();
            JsonValue entry = JsonValue.Object()
                .Add("name", extension.Name)
                .Add("type", extension.KindName)
                .Add("path", path)
                .Add("time", JsonValue.Number(extension.Time));
            array.Add(session.Settings.IsDropIn ? entry : entry.Add("protection", protection));
            if (hasLooked)
                table.Add(extension.Name, extension.KindName, path, time, protection.Get("state")?.Text ?? "-");
            else
                table.Add(extension.Name, extension.KindName, path, time);
        }

        if (session.Settings.Json != JsonFormat.Off)
            Output.Write(JsonReport.Format(array, session.Settings.Json));
        else if (extensions.Count == 0)
            session.Log.Info("No extensions found.");
        else
            Output.Write(table.ToText(!session.Settings.Has(Switches.NoLegend), Colours.AreWanted()));
    }

    /// <summary>Whether an image's content is verified, or why the image is refused; null: it is a directory.</summary>
    private static JsonValue Protection(Session session, Extension extension)
    {
        using (extension)
            try
            {
                return extension.OpenImage(session.Root, session.Settings.Classes.Find(settings =>
                    settings.Class == extension.Class)!.ImagePolicy) is string refusal
                    ? JsonReport.Protection("refused: " + refusal, null, null)
                    : JsonReport.Protection(extension.Image?.Protection);
            }
            catch (Exception e) when (e is KernelException or InputException)
            {
                return JsonReport.Protection("unusable: " + e.Message, null, null);
            }
    }

    /// <summary>Keeps only extensions with these names; without names, all.</summary>
    private static void Choose(List<Extension> extensions, Settings settings)
    {
        List<string> names = settings.Names;
        if (names.Count == 0)
            return;
        List<string> known = extensions.ConvertAll(static extension => extension.Name);
        foreach (string name in names)
            if (!known.Has(name))
                throw UnknownExtension.Named(name, known, UnknownExtension.Elsewhere(settings));
        for (int i = extensions.Count - 1; i >= 0; i--)
            if (!names.Has(extensions[i].Name))
                extensions.RemoveAt(i);
    }
}
