using System.Collections.Generic;
using BootMerge.CommandLine;
using BootMerge.Configuration;
using BootMerge.Extensions;
using BootMerge.Json;
using BootMerge.Linux;
using BootMerge.Reporting;
using BootMerge.Sessions;

namespace BootMerge.Verbs;

/// <summary>list: every extension found, or those asked for, whether they fit or not.</summary>
internal static class ListVerb
{
    public static void Run(Session session)
    {
        List<Extension> extensions = [];
        foreach (ClassSettings settings in session.Settings.Classes)
            extensions.AddAll(Discovery.Find(session.Root, settings.Class,
                HostRelease.IsInitrd(session.Root)).Extensions);
        Choose(extensions, session.Settings.Names);
        extensions.SortBy(static (a, b) => string.CompareOrdinal(a.Name, b.Name));

        if (session.Settings.Json != JsonFormat.Off)
        {
            JsonValue array = JsonValue.Array();
            foreach (Extension extension in extensions)
                array.Add(JsonValue.Object()
                    .Add("name", JsonValue.String(extension.Name))
                    .Add("type", JsonValue.String(extension.KindName))
                    .Add("path", JsonValue.String(session.Root.Outside(extension.Path)))
                    .Add("time", JsonValue.Number(extension.Time)));
            Output.Write(JsonReport.Format(array, session.Settings.Json));
            return;
        }

        if (extensions.Count == 0)
        {
            session.Log.Info("No extensions found.");
            return;
        }

        Table table = new("NAME", "TYPE", "PATH", "TIME");
        foreach (Extension extension in extensions)
            table.Add(extension.Name, extension.KindName, session.Root.Outside(extension.Path),
                extension.Time == 0 ? "-" : Timestamp.Format(extension.Time));
        Output.Write(table.ToText(!session.Settings.Has(Switches.NoLegend), Colours.AreWanted()));
    }

    /// <summary>Leaves only those of these names; without a name all.</summary>
    private static void Choose(List<Extension> extensions, List<string> names)
    {
        if (names.Count == 0)
            return;
        List<string> known = extensions.ConvertAll(static extension => extension.Name);
        foreach (string name in names)
            if (!known.Has(name))
                throw UnknownExtension.Named(name, known, "");
        for (int i = extensions.Count - 1; i >= 0; i--)
            if (!names.Has(extensions[i].Name))
                extensions.RemoveAt(i);
    }
}
