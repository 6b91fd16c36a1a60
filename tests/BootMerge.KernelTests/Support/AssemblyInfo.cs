using Xunit.Sdk;
using Xunit.v3;

// Every test has /run and the mount table of the one namespace for itself.
[assembly: Parallelization(Mode = ParallelMode.None)]
