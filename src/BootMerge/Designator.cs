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

    /// <summary>Linux data of any kind, the root where there is no other; policies do not know it.</summary>
    Generic,
}

/// <summary>What an image has of one kind of partition, as an image policy asks.</summary>
internal enum PartitionState
{
    Absent,

    /// <summary>It is there, and the policy says that it is not used.</summary>
    Ignored,

    /// <summary>Without a hash partition that belongs to it.</summary>
    Plain,

    /// <summary>With a hash partition.</summary>
    Hashed,

    /// <summary>With a hash partition and a signature.</summary>
    Signed,
}
