namespace Panel.Services.Newsletters.Leaving;

/// <summary>A leave that proved itself by its token.</summary>
/// <param name="At">When it was asked for; a consent given later outweighs it.</param>
public sealed record OptOut(string Token, Reader Reader, DateTime At);

/// <summary>What became of a leave that was asked for.</summary>
public enum OptOutFate
{
    /// <summary>It is in the database.</summary>
    Done,

    /// <summary>The database is away; it is in the journal, on the disk, and comes before any further mail.</summary>
    Kept,

    /// <summary>It could be kept nowhere: the asker has to come again.</summary>
    Lost,
}

/// <summary>The answer to a leave, with its page where the database could be asked.</summary>
public readonly record struct OptOutAnswer(OptOutFate Fate, Departure? Page);

/// <summary>Leaves wait in the journal and cannot be brought into the database now: until then no mail may leave.</summary>
public sealed class OptOutsWaitingException(string why, Exception inner) : Exception(why, inner);
