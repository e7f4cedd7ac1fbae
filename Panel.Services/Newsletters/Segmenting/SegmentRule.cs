using System.Text.Json;
using System.Text.Json.Serialization;

namespace Panel.Services.Newsletters.Segmenting;

/// <summary>Who belongs to a segment, as a tree of these few kinds and nothing else (rule V4: listmonk CVE-2025-46011 came of a
/// query box). It is read by this program alone and never becomes part of a statement.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "is")]
[JsonDerivedType(typeof(AllOf), "all")]
[JsonDerivedType(typeof(AnyOf), "any")]
[JsonDerivedType(typeof(NotSo), "not")]
[JsonDerivedType(typeof(StateIs), "state")]
[JsonDerivedType(typeof(LanguageIs), "language")]
[JsonDerivedType(typeof(JoinedAfter), "joinedAfter")]
[JsonDerivedType(typeof(JoinedBefore), "joinedBefore")]
[JsonDerivedType(typeof(FieldEquals), "equals")]
[JsonDerivedType(typeof(FieldContains), "contains")]
[JsonDerivedType(typeof(OpenedWithin), "opened")]
public abstract record SegmentRule
{
    private const int MostParts = 50;
    private const int Deepest = 5;
    private const int Longest = 100;

    private static readonly JsonSerializerOptions Form = new(JsonSerializerDefaults.Web)
    {
        AllowOutOfOrderMetadataProperties = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        MaxDepth = 32,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The rule in words for its owner.</summary>
    [JsonIgnore]
    public abstract string Words { get; }

    [JsonIgnore]
    internal virtual IReadOnlyList<SegmentRule> Parts => [];

    /// <summary>Whether it asks who opened mail, so that the opens have to be at hand.</summary>
    [JsonIgnore]
    internal bool AsksForOpens => this is OpenedWithin || Parts.Any(p => p.AsksForOpens);

    internal abstract bool Holds(SegmentPerson person);

    /// <summary>Reads a tree, or says what is expected.</summary>
    public static Outcome<SegmentRule> Read(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<SegmentRule>(json, Form) is { } rule ? rule : Unread;
        }
        catch (Exception no) when (no is JsonException or NotSupportedException)
        {
            return Unread;
        }
    }

    internal string Write() => JsonSerializer.Serialize(this, Form);

    /// <summary>Null, or what is wrong with the tree for a list that keeps these fields.</summary>
    internal Refusal? Check(IReadOnlyList<string> fields)
    {
        var left = MostParts;
        return Check(fields, Deepest, ref left);
    }

    private Refusal? Check(IReadOnlyList<string> fields, int depth, ref int left)
    {
        if (depth == 0 || --left < 0)
        {
            return new Refusal($"A segment has at most {MostParts} conditions, {Deepest} deep.", "rule");
        }

        var no = this switch
        {
            AllOf or AnyOf when Parts.Count == 0 => new Refusal("Give the segment at least one condition.", "rule"),
            FieldEquals f => CheckField(f.Field, f.Value, fields),
            FieldContains f => CheckField(f.Field, f.Value, fields),
            LanguageIs l when l.Language is not { Length: 2 } => new Refusal("A language is two letters, for example de.", "rule"),
            OpenedWithin { Days: < 1 or > 3650 } => new Refusal("Opened within 1 to 3650 days.", "rule"),
            StateIs s when !Enum.IsDefined(s.State) => Unread,
            _ => null,
        };
        foreach (var part in no is null ? Parts : [])
        {
            no = part is null ? Unread : part.Check(fields, depth - 1, ref left);
            if (no is not null)
            {
                break;
            }
        }

        return no;
    }

    private static Refusal? CheckField(string? field, string? value, IReadOnlyList<string> fields) =>
        field is null || (field is not ("name" or "email") && !fields.Contains(field))
            ? new Refusal($"{field ?? "That"} is not a field of this list. There are: {string.Join(", ", fields.Concat(["name", "email"]))}.", "rule")
            : value is null || value.Length > Longest || value.Any(char.IsControl) ? new Refusal($"A value has at most {Longest} characters in one line.", "rule") : null;

    private static Refusal Unread => new(
        "A segment is a tree such as {\"is\":\"all\",\"of\":[{\"is\":\"equals\",\"field\":\"city\",\"value\":\"Berlin\"}]}; kinds are all, any, not, state, language, joinedAfter, joinedBefore, equals, contains, opened.", "rule");
}

public sealed record AllOf(IReadOnlyList<SegmentRule> Of) : SegmentRule
{
    public override string Words => string.Join(" and ", Parts.Select(p => p is AnyOf ? $"({p.Words})" : p.Words));

    internal override IReadOnlyList<SegmentRule> Parts => Of ?? [];

    internal override bool Holds(SegmentPerson person) => Parts.All(p => p.Holds(person));
}

public sealed record AnyOf(IReadOnlyList<SegmentRule> Of) : SegmentRule
{
    public override string Words => string.Join(" or ", Parts.Select(p => p is AllOf ? $"({p.Words})" : p.Words));

    internal override IReadOnlyList<SegmentRule> Parts => Of ?? [];

    internal override bool Holds(SegmentPerson person) => Parts.Any(p => p.Holds(person));
}

public sealed record NotSo(SegmentRule Of) : SegmentRule
{
    public override string Words => Of switch
    {
        StateIs s => $"is not {s.State.ToString().ToLowerInvariant()}",
        FieldEquals { Value.Length: > 0 } f => $"{f.Field} is not {f.Value}",
        FieldContains f => $"{f.Field} does not contain {f.Value}",
        _ => $"not ({Of.Words})",
    };

    internal override IReadOnlyList<SegmentRule> Parts => [Of];

    internal override bool Holds(SegmentPerson person) => !Of.Holds(person);
}

public sealed record StateIs(SubscriberState State) : SegmentRule
{
    public override string Words => $"is {State.ToString().ToLowerInvariant()}";

    internal override bool Holds(SegmentPerson person) => person.State == State;
}

/// <param name="Language">The person's field <c>language</c> where the list keeps one, else the list's own language.</param>
public sealed record LanguageIs(string Language) : SegmentRule
{
    public override string Words => $"reads {Language}";

    internal override bool Holds(SegmentPerson person) => person.Language.Equals(Language, StringComparison.OrdinalIgnoreCase);
}

/// <param name="Day">UTC; that day itself is in.</param>
public sealed record JoinedAfter(DateOnly Day) : SegmentRule
{
    public override string Words => $"joined on {Day:yyyy-MM-dd} or later";

    internal override bool Holds(SegmentPerson person) => DateOnly.FromDateTime(person.JoinedAt) >= Day;
}

/// <param name="Day">UTC; that day itself is not in.</param>
public sealed record JoinedBefore(DateOnly Day) : SegmentRule
{
    public override string Words => $"joined before {Day:yyyy-MM-dd}";

    internal override bool Holds(SegmentPerson person) => DateOnly.FromDateTime(person.JoinedAt) < Day;
}

public sealed record FieldEquals(string Field, string Value) : SegmentRule
{
    public override string Words => Value.Length == 0 ? $"{Field} is empty" : $"{Field} is {Value}";

    internal override bool Holds(SegmentPerson person) => person.Value(Field).Trim().Equals(Value.Trim(), StringComparison.OrdinalIgnoreCase);
}

public sealed record FieldContains(string Field, string Value) : SegmentRule
{
    public override string Words => $"{Field} contains {Value}";

    internal override bool Holds(SegmentPerson person) => person.Value(Field).Contains(Value.Trim(), StringComparison.OrdinalIgnoreCase);
}

/// <summary>Knows only of people who agreed that their opens are counted.</summary>
public sealed record OpenedWithin(int Days) : SegmentRule
{
    public override string Words => $"opened an issue in the last {Days} days";

    internal override bool Holds(SegmentPerson person) => person.OpenedAt is { } at && at >= person.Now.AddDays(-Days);
}

/// <summary>A person as rules see one.</summary>
internal sealed record SegmentPerson(long Id, SubscriberState State, string Email, string Name, string Fields, DateTime JoinedAt)
{
    private Dictionary<string, string>? read;

    public string ListLanguage { get; init; } = "en";

    public DateTime Now { get; init; }

    public DateTime? OpenedAt { get; init; }

    public string Language => Value("language") is { Length: > 0 } own ? own : ListLanguage;

    public string Value(string field) => field switch
    {
        "name" => Name,
        "email" => Email,
        _ => (read ??= SubscriberFields.Read(Fields)).GetValueOrDefault(field, ""),
    };
}
