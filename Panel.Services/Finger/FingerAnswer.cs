namespace Panel.Services.Finger;

/// <summary>How a query ended; the name of the counter's tag and of the log line.</summary>
public enum FingerResult
{
    /// <summary>One member was shown.</summary>
    Shown,

    /// <summary>Several members were listed, for an empty query or an ambiguous name.</summary>
    Listed,
    ListDenied,

    /// <summary>Nobody has that name, or who has it is hidden or suspended: nothing tells these apart.</summary>
    Nobody,
    ForwardingDenied,
    NothingAsked,
    TooLong,
    TooSlow,

    /// <summary>The house is full.</summary>
    Full,

    /// <summary>Too many connections or queries from one address.</summary>
    Crowded,

    /// <summary>The client went away before its answer.</summary>
    Gone,

    /// <summary>Looking it up failed; the log has the reason.</summary>
    Broken,
}

/// <summary>The bytes to send and what they mean.</summary>
public readonly record struct FingerAnswer(FingerResult Result, ReadOnlyMemory<byte> Bytes);

/// <summary>Answers one query; a connection knows nothing else of the house.</summary>
public delegate ValueTask<FingerAnswer> AnswerFinger(FingerQuery query, CancellationToken ct);
