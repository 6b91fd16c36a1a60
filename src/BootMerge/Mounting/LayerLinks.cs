using System;
using System.Collections.Generic;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>
/// A directory of symlinks to the open layers. While this object lives, it is the working directory, so mount options
/// can hold short relative names: none exceeds fsconfig's 255 bytes, all fit into mount(2)'s page, and none needs an
/// escape. And what is mounted is the directory that was opened, whatever its path leads to now.
/// </summary>
internal sealed class LayerLinks : IDisposable
{
    public const string Upper = "upper";
    public const string Work = "work";

    // 500 layers fit into mount(2)'s page only with short names. Readable names are used up to this length.
    private const int ReadableLength = 3500;

    private readonly SafeFileHandle _before;

    private LayerLinks(SafeFileHandle before, List<string> names)
    {
        _before = before;
        Names = names;
    }

    /// <summary>One for each layer, topmost first: "0.marker", or only the number if there are many.</summary>
    public List<string> Names { get; }

    public static LayerLinks Enter(Stage stage, List<NamedLayer> layers, SafeFileHandle? upper, SafeFileHandle? work)
    {
        int length = 0;
        foreach (NamedLayer layer in layers)
            length += layer.Name.Length + 5;

        using SafeFileHandle directory = stage.Links();
        List<string> names = new(layers.Count);
        for (int i = 0; i < layers.Count; i++)
        {
            string link = i.ToString();
            if (length <= ReadableLength && IsPlain(layers[i].Name))
                link += "." + layers[i].Name;
            names.Add(link);
            Sys.MakeSymlink(directory, link, Sys.ProcPath(layers[i].Directory), link);
        }

        if (upper is not null && work is not null)
        {
            Sys.MakeSymlink(directory, Upper, Sys.ProcPath(upper), Upper);
            Sys.MakeSymlink(directory, Work, Sys.ProcPath(work), Work);
        }

        SafeFileHandle before = Sys.Open(".", Sys.O_PATH | Sys.O_DIRECTORY);
        Sys.ChangeDirectory(directory);
        return new LayerLinks(before, names);
    }

    public void Dispose()
    {
        Sys.ChangeDirectory(_before);
        _before.Dispose();
    }

    private static bool IsPlain(string name)
    {
        const int ReadableName = 64;
        foreach (char c in name)
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.'))
                return false;
        return name.Length <= ReadableName;
    }
}
