using System;

namespace BootMerge;

/// <summary>File modes as chmod(1) writes them: C# has no octal numbers.</summary>
internal static class Octal
{
    public const uint Mode2 = 0x2;
    public const uint Mode600 = 0x180;
    public const uint Mode644 = 0x1A4;
    public const uint Mode700 = 0x1C0;
    public const uint Mode755 = 0x1ED;
    public const uint Mode1000 = 0x200;
    public const uint Mode6000 = 0xC00;
    public const uint Mode7777 = 0xFFF;

    /// <summary>"0755".</summary>
    public static string Text(uint mode) => "0" + Convert.ToString((int)mode, 8).PadLeft(3, '0');
}
