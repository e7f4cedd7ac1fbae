using System.Net.Mail;
using System.Text.RegularExpressions;

namespace Panel.Services.Newsletters;

/// <summary>Who a list writes as: <c>Ann Artist &lt;letters@annart.example&gt;</c>.</summary>
public sealed record Sender(string Name, EmailAddress Address)
{
    /// <summary>The sender in <paramref name="text"/>, or null: a name of at most 80 printable characters, and an address.</summary>
    public static Sender? Parse(string? text) =>
        MailAddress.TryCreate(text, out var mailbox) && mailbox.DisplayName.Length <= 80 && !mailbox.DisplayName.Any(char.IsControl) &&
        EmailAddress.Parse(mailbox.Address) is { } address
            ? new Sender(mailbox.DisplayName.Length > 0 ? mailbox.DisplayName : address.Local, address)
            : null;
}

/// <summary>Limits on what is written about a list; all of it may end in a mail header or on a public page.</summary>
internal static partial class ListWords
{
    public static Refusal? Check(string? title, string? description, string? postalAddress, string? consent = null) =>
        Line(title, "title", 1, 80) ?? Text(description, "description", 0, 2_000) ?? Text(postalAddress, "postalAddress", 0, 300) ??
        (consent is null ? null : Text(consent, "consentText", 10, 1_000));

    /// <summary>Field names as merge fields take them.</summary>
    public static Refusal? CheckFields(string? fields)
    {
        var names = Fields(fields ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries);
        return names.Length > 20 ? new Refusal("A list keeps at most 20 fields.", "fields")
            : Array.Find(names, n => n is "name" or "email" || !FieldName().IsMatch(n)) is { } bad
                ? new Refusal($"{bad} cannot be the name of a field: small letters, digits and underscores, 1 to 31 of them, and neither name nor email.", "fields")
                : null;
    }

    /// <summary>The names with single commas between.</summary>
    public static string Fields(string fields) =>
        string.Join(',', fields.Split([',', ' ', ';', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Distinct());

    [GeneratedRegex("^[a-z][a-z0-9_]{0,30}$")]
    private static partial Regex FieldName();

    private static Refusal? Line(string? text, string field, int least, int most) =>
        text is not null && text.Any(char.IsControl) ? new Refusal("One line, please: no line breaks or control characters.", field) : Text(text, field, least, most);

    private static Refusal? Text(string? text, string field, int least, int most)
    {
        var given = text?.Trim() ?? "";
        return given.Length < least || given.Length > most
            ? new Refusal($"Between {least} and {most} characters, please; this has {given.Length}.", field)
            : given.Any(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t')) ? new Refusal("Control characters are not allowed here.", field) : null;
    }
}
