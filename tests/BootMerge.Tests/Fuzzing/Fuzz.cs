using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Text;
using System.Threading;
using CsCheck;
using Xunit;

namespace BootMerge.Tests.Fuzzing;

/// <summary>
/// Runs a property on many inputs, always the same ones. <c>SOAK_INPUTS=2000000</c> in the environment says how many
/// for each parser; <c>./build.sh soak fuzz</c> sets it.
/// </summary>
internal static class Fuzz
{
    private const int InputsInCi = 4_000;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Fails if <paramref name="property"/> throws anything, and shows the smallest such input it can find.
    /// </summary>
    public static void Run(string parser, Gen<byte[]> inputs, Action<byte[]> property)
    {
        string? soak = Environment.GetEnvironmentVariable("SOAK_INPUTS");
        long count = soak is null ? InputsInCi : long.Parse(soak);
        int threads = soak is null ? 1 : Environment.ProcessorCount;
        long done = 0;
        string? failure = null;
        Stopwatch time = Stopwatch.StartNew();
        List<Thread> workers = [];
        for (int i = 0; i < threads; i++)
        {
            uint stream = (uint)i;
            Thread worker = new(() =>
            {
                PCG random = new(stream, 2026);
                while (Interlocked.Increment(ref done) <= count && Volatile.Read(ref failure) is null)
                {
                    byte[] input = inputs.Generate(random, null, out _);
                    if (Problem(property, input) is not null)
                        Interlocked.CompareExchange(ref failure, Describe(property, Smallest(property, input)), null);
                }
            });
            worker.Start();
            workers.Add(worker);
        }

        foreach (Thread worker in workers)
            worker.Join();
        if (soak is not null)
            Console.WriteLine($"fuzz: {parser}: {Math.Min(done, count)} inputs in {time.Elapsed.TotalSeconds:F0} s");
        Assert.True(failure is null, failure);
    }

    private static string? Problem(Action<byte[]> property, byte[] input)
    {
        long started = Stopwatch.GetTimestamp();
#pragma warning disable CA1031 // any exception is a finding
        try
        {
            property(input);
        }
        catch (Exception e)
        {
            return e.ToString();
        }
#pragma warning restore CA1031
        TimeSpan taken = Stopwatch.GetElapsedTime(started);
        return taken > Limit ? $"took {taken}" : null;
    }

    /// <summary>Leaves out parts, smaller and smaller ones, as long as the input still fails.</summary>
    private static byte[] Smallest(Action<byte[]> property, byte[] input)
    {
        for (int size = input.Length / 2; size > 0; size /= 2)
            for (int at = 0; at + size <= input.Length;)
            {
                byte[] shorter = [.. input[..at], .. input[(at + size)..]];
                if (Problem(property, shorter) is null)
                    at += size;
                else
                    input = shorter;
            }

        return input;
    }

    private static string Describe(Action<byte[]> property, byte[] input)
    {
        StringBuilder text = new();
        foreach (byte b in input)
            text.Append(b is >= (byte)' ' and < 127 and not (byte)'\\' and not (byte)'"'
                ? ((char)b).ToString() : $"\\x{b:x2}");
        return $"\"{text}\" ({input.Length} bytes): {Problem(property, input)}";
    }
}
