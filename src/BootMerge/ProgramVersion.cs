namespace BootMerge;

internal static class ProgramVersion
{
    /// <summary>Kept equal to the project's version by a test.</summary>
    public const string Text = "0.1.0";
}
