using System.Diagnostics.CodeAnalysis;

namespace Panel.Services;

/// <summary>An expected no, worded for the person who asked: what is wrong, where, and what is expected.</summary>
/// <param name="Message">A whole sentence; shown on the page, in the API problem and on the CLI's stderr.</param>
/// <param name="Field">The form field it belongs to, or null when it concerns the whole request.</param>
public record Refusal(string Message, string? Field = null);

/// <summary>There is no such thing for this actor: also the answer when it belongs to somebody else (404).</summary>
public sealed record NotThere(string What) : Refusal($"There is no {What}.");

/// <summary>The actor may not do this at all, whatever the values (403).</summary>
public sealed record NotAllowed(string Why) : Refusal(Why);

/// <summary>The state of the thing does not allow this now (409).</summary>
public sealed record InTheWay(string Why, string? In = null) : Refusal(Why, In);

/// <summary>It was there and was taken away on purpose (410).</summary>
public sealed record TakenAway(string Why) : Refusal(Why);

/// <summary>The result of a front door: a value, or a <see cref="Refusal"/> with nothing changed.</summary>
public readonly record struct Outcome<T>
{
    private Outcome(T? value, Refusal? refused) => (Value, Refused) = (value, refused);

    public T? Value { get; }

    public Refusal? Refused { get; }

    [MemberNotNullWhen(true, nameof(Value))]
    [MemberNotNullWhen(false, nameof(Refused))]
    public bool Succeeded => Refused is null;

    internal static Outcome<T> From(T value) => new(value, null);

    [SuppressMessage("Usage", "CA2225", Justification = "Front doors return the value or the refusal itself.")]
    public static implicit operator Outcome<T>(T value) => new(value, null);

    [SuppressMessage("Usage", "CA2225", Justification = "Front doors return the value or the refusal itself.")]
    public static implicit operator Outcome<T>(Refusal refused) => new(default, refused);
}

/// <summary>What a front door returns when there is nothing to say but "done".</summary>
public readonly record struct Done
{
    public static Done It { get; }
}

public static class Outcome
{
    /// <summary>For values whose type is an interface, which C# does not convert by itself.</summary>
    public static Outcome<T> Of<T>(T value) => Outcome<T>.From(value);
}
