namespace BootMerge;

/// <summary>
/// What a partition is for (Discoverable Partitions Specification), in the order of the names in
/// <see cref="ImagePolicy"/>.
/// </summary>
internal enum Designator
{
    Root,
    Usr,
    Home,
    Srv,
    Esp,
    Xbootldr,
    Swap,
    RootVerity,
    RootVeritySig,
    UsrVerity,
    UsrVeritySig,
    Tmp,
    Var,

    /// <summary>
    /// Linux data of any kind, or the root if there is no other; image policies do not have this name.
    /// </summary>
    Generic,
}

/// <summary>What an image has of one kind of partition, in the terms of an image policy.</summary>
internal enum PartitionState
{
    Absent,

    /// <summary>It exists, but the policy says that it is not used.</summary>
    Ignored,

    /// <summary>Without a hash partition of its own.</summary>
    Plain,

    /// <summary>With a hash partition.</summary>
    Hashed,

    /// <summary>With a hash partition and a signature.</summary>
    Signed,
}
