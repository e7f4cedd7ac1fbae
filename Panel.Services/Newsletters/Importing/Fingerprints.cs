namespace Panel.Services.Newsletters.Importing;

/// <summary>Which keyed hashes were seen: 8 bytes each in a table that is at most three quarters full, a third of what a set of the
/// framework takes. Two addresses share a fingerprint once in ten million files of a million.</summary>
internal sealed class Fingerprints
{
    private ulong[] slots = new ulong[1 << 12];

    public int Count { get; private set; }

    /// <summary>True the first time.</summary>
    public bool Add(ulong print)
    {
        if (Count >= slots.Length / 4 * 3)
        {
            var old = slots;
            slots = new ulong[old.Length * 2];
            foreach (var kept in old)
            {
                if (kept != 0)
                {
                    slots[SlotOf(kept)] = kept;
                }
            }
        }

        // Zero is an empty slot.
        var value = Math.Max(print, 1);
        var at = SlotOf(value);
        if (slots[at] == value)
        {
            return false;
        }

        slots[at] = value;
        Count++;
        return true;
    }

    // Its own, or the empty one where it belongs. The hashes are keyed, so nobody can choose ones that crowd.
    private int SlotOf(ulong value)
    {
        var at = (int)(value & (ulong)(slots.Length - 1));
        while (slots[at] != 0 && slots[at] != value)
        {
            at = (at + 1) & (slots.Length - 1);
        }

        return at;
    }
}
