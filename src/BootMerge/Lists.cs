using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace BootMerge;

/// <summary>
/// Searches, sorts and joins lists with the runtime's span functions. <see cref="List{T}"/>'s own methods are compiled
/// once for all classes, so one call of them gives every list type in the program a comparer, a sorter or an
/// enumerator: 75 KB. Span functions are compiled only for the types that they are called with.
/// </summary>
internal static class Lists
{
    public static bool Has(this List<string> list, string item) => Span(list).Contains(item);

    /// <param name="list">Sorted by <see cref="string.CompareOrdinal(string, string)"/>.</param>
    public static bool HasInOrder(this List<string> list, string item)
    {
        int low = 0;
        for (int high = list.Count; low < high;)
        {
            int middle = (low + high) / 2;
            if (string.CompareOrdinal(list[middle], item) < 0)
                low = middle + 1;
            else
                high = middle;
        }

        return low < list.Count && list[low] == item;
    }

    /// <summary>-1 if the list does not have the item.</summary>
    public static int Find(this List<string> list, string item) => Span(list).IndexOf(item);

    public static void SortBy<T>(this List<T> list, Comparison<T> comparison) => Span(list).Sort(comparison);

    public static void AddAll<T>(this List<T> list, List<T> items) => list.AddRange(Span(items));

    public static string Joined(this List<string> list, string separator) => string.Join(separator, Span(list));

    /// <summary>Removes and returns the last item.</summary>
    /// <returns>false if the list is empty.</returns>
    public static bool TryTakeLast(this List<string> list, out string item)
    {
        item = list.Count == 0 ? "" : list[^1];
        if (list.Count == 0)
            return false;
        list.RemoveAt(list.Count - 1);
        return true;
    }

    private static Span<T> Span<T>(List<T> list) => CollectionsMarshal.AsSpan(list);
}
