using System;
using System.Collections.Generic;
using BootMerge.Linux;
using BootMerge.Reporting;

namespace BootMerge.Mounting;

/// <summary>
/// Steps that undo what was done, newest first. A step that fails is logged, and the others still run.
/// </summary>
internal sealed class Undo(Log log)
{
    private readonly List<Action> _steps = [];
    private readonly List<IDisposable> _held = [];

    /// <summary>Registered right after the step that it undoes has succeeded.</summary>
    public void Add(Action step) => _steps.Add(step);

    /// <summary>Everything has worked: nothing will be undone.</summary>
    public void Forget()
    {
        _steps.Clear();
        foreach (IDisposable held in _held)
            held.Dispose();
        _held.Clear();
    }

    /// <param name="held">What the step needs open until it has run or is no longer needed.</param>
    public void Add(Action step, IDisposable held)
    {
        Hold(held);
        _steps.Add(step);
    }

    public void Hold(IDisposable held) => _held.Add(held);

    public void Run()
    {
        for (int i = _steps.Count - 1; i >= 0; i--)
        {
            try
            {
                _steps[i]();
            }
            catch (KernelException e)
            {
                log.Error("Undoing a step failed: " + e.Message);
            }
        }

        Forget();
    }
}
