using System.Diagnostics;
using Panel.Services.Mail.Content;

namespace Panel.Tests.Mail;

/// <summary>An issue, its head and a person, for tests that need some.</summary>
internal static class Samples
{
    public static readonly DateTimeOffset Noon = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    public static IssueDraft Draft => new()
    {
        Subject = "Grüße aus der Werkstatt, {name|friend}",
        Markdown = "# Hello {name|friend}\n\nWe *really* open on **Friday** at [the house](https://house.example/?a=1&b=2).\n\n- one\n- two ünd drei\n\n> said `who`\n\n[Come along](https://house.example/come \"button\")\n\n![A poster: big & red](https://house.example/poster.png)\n",
        ListTitle = "Die Werkstätten",
        PostalAddress = "Example Collective\n1 Harbour Street, 20457 Hamburg",
        WebUrl = "https://panel.example/lists/ann/news/1",
    };

    public static MessageHead Head => new()
    {
        FromName = "Ann Müller",
        FromEmail = "news@werkstatt.example",
        List = new ListHead { Title = "Die Werkstätten", Id = "news.ann.lists.panel.example", FeedbackId = "17:news:ann:panelmail", ArchiveUrl = "https://panel.example/lists/ann/news" },
    };

    public static MailPerson Person(string name = "Zoë", string to = "zoe@reader.example") => new(to, MessageIds.For("key"u8, 17, 4, "werkstatt.example"), Noon)
    {
        LeaveUrl = "https://panel.example/u/abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnop",
        LeaveMailbox = "unsubscribe+abcdefghijklmnop@bounce.panel.example",
        PreferencesUrl = "https://panel.example/p/abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnop",
        Fields = new Dictionary<string, string> { ["name"] = name },
    };

    public static RenderedIssue Render(IssueDraft draft) => IssueRenderer.Render(draft) is { Succeeded: true } rendered
        ? rendered.Value : throw new InvalidOperationException(IssueRenderer.Render(draft).Refused!.Message);

    public static byte[] Message(MailPerson? person = null) => MessageTemplate.Create(Head, Render(Draft)).ToArray(person ?? Person());

    /// <summary>Runs a program of the machine with arguments and standard input; its standard output.</summary>
    public static async Task<string> RunAsync(string program, byte[] input, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.BaseStream.WriteAsync(input);
        process.StandardInput.Close();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await process.WaitForExitAsync(deadline.Token);
        return process.ExitCode == 0 ? await output : throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {await errors}{await output}");
    }
}
