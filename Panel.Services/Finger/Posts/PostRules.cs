using System.Globalization;

namespace Panel.Services.Finger.Posts;

/// <summary>What a post may be, and the names by which it is known.</summary>
public static class PostRules
{
    /// <summary>UTF-16 units. Each is at most 3 bytes of UTF-8, so that with its JSON no line of a plan reaches the 2,048 bytes
    /// at which old finger servers cut (measured: after 2,049).</summary>
    public const int Longest = 500;

    /// <summary>Posts of one member in an hour; more is a program gone wrong.</summary>
    public const int MostPerHour = 120;

    internal static string Tidy(string? text) => (text ?? string.Empty).ReplaceLineEndings(" ").Replace('\t', ' ').Trim();

    internal static Refusal? Check(string text) => text switch
    {
        "" => new Refusal("A post needs some words.", "text"),
        { Length: > Longest } => new Refusal(string.Create(CultureInfo.InvariantCulture, $"The post has {text.Length} characters; {Longest} is the most."), "text"),
        _ when FingerText.Faults(text, lines: false).Take(1).ToList() is [var fault] =>
            new Refusal($"The post has a character that no terminal should be sent: {fault}.", "text"),
        _ => null,
    };

    /// <summary>A time as Thimbl writes it: 14 digits, UTC.</summary>
    public static string Stamp(DateTime at) => at.ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture);

    /// <summary>An id for feeds that outlives every change of address of the web pages (RFC 4151).</summary>
    public static string TagOf(string host, string handle, long id, DateTime at) =>
        string.Create(CultureInfo.InvariantCulture, $"tag:{host},{at:yyyy-MM-dd}:{handle}/{id}");
}
