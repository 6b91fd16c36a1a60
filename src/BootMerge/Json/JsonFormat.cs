namespace BootMerge.Json;

internal enum JsonFormat
{
    Off,
    Short,
    Pretty,
}
