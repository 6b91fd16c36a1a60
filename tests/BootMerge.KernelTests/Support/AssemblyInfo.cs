using Xunit.Sdk;
using Xunit.v3;

// Each test needs /run and the namespace's mount table for itself.
[assembly: Parallelization(Mode = ParallelMode.None)]
