using System.Text;

namespace Panel.Tests.Mail;

/// <summary>What somebody who knows an address of ours might send to it.</summary>
internal static class HostileMails
{
    public const string Markup = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'>";

    private const string Formula = "=HYPERLINK(\"http://evil.example\",\"x\")";

    private static readonly string[] Charsets = ["utf-7", "utf-16", "utf-32", "unicodeFFFE", "iso-2022-jp", "x-mac-japanese", "", "%s", "utf-8*en", "us-ascii", "cp65000", "65000"];

    /// <summary>Words with a meaning to a page, a terminal, a spreadsheet, a database or the direction of text.</summary>
    public static string Words => $"{Markup}\u001b[2J\u001b]0;owned\u0007\u0000\u0085\u202egnp.exe\u2028{Formula}'; DROP TABLE members; --";

    public static IEnumerable<(string Name, byte[] Bytes)> All()
    {
        yield return ("reply", Mail("From: " + Words, "Subject: " + Words, "", Words));
        yield return ("formula", Mail("From: " + Formula, "Subject: @SUM(1+1)*cmd|' /C calc'!A0", "", Formula));
        foreach (var charset in Charsets)
        {
            yield return ($"encoded word in {charset}", Mail($"Subject: =?{charset}?B?{Convert.ToBase64String(Encoding.UTF8.GetBytes(Words))}?= =?{charset}?Q?=0D=0ABcc:_x=1B[2J=00+ADw-script+AD4-?=", $"From: =?{charset}?q?=3Cscript=3Ealert(1)=3C/script=3E?= <x@y.example>", "", "x"));
        }

        yield return ("eight bits", [.. "Subject: "u8, .. Enumerable.Range(128, 128).Select(b => (byte)b), .. "\r\nFrom: \xC3\x28 \xFF\xFE\r\n\r\n"u8, 0, 0x80, 0xFF, 0xED, 0xA0, 0x80]);
        yield return ("NUL in names and values", Mail("Sub\0ject: a\0b", "\0: x", "Subject\0: x", "Content-Type: text/plain\0; boundary=\0", "", "\0"));
        yield return ("bare CR and LF", Encoding.UTF8.GetBytes($"Subject: x\rContent-Type: message/feedback-report\rFeedback-Type: abuse\nFrom: y\r\r\n \r\n\t\r\n\r\n{Words}"));
        yield return ("a header that is none", Mail(" begins folded", ": empty", "no colon at all", "Subject:", "\t\t", new string(':', 5_000), "", ""));
        yield return ("bounce", Report("failed", "5.1.1", $"smtp; 550 5.1.1 {Words}"));
        yield return ("bounce with a formula", Report("failed", "5.2.2", $"smtp;{Formula}"));
        yield return ("status of other digits", Report("failed", "5.\u0661.\u0661", Words));
        yield return ("action of markup", Report(Markup, Markup, Words, $"rfc822; {Words}"));
        yield return ("qmail", Mail("Subject: failure notice", "", $"Hi. This is the qmail-send program.\n\n<{Markup.Replace(" ", "", StringComparison.Ordinal)}x@y.example>:\n{Words} (#5.\u0661.\u0661)\n"));
        yield return ("complaint", Mail("Content-Type: multipart/report; report-type=feedback-report; boundary=b", "", "--b", "Content-Type: message/feedback-report", "",
            "Feedback-Type: fraud", $"User-Agent: {Words}", $"Source-IP: {Words}", "", "--b--"));
        yield return ("boundary of everything", Mail("Content-Type: multipart/mixed; boundary=\"\u00fc\\\"<script>\0\"", "", "--\u00fc\\", "", Words));
        yield return ("ends at once", []);
        foreach (var (name, bytes) in Heavy(300_000))
        {
            yield return (name, bytes);
        }
    }

    /// <summary>Mails whose shape costs whoever reads it carelessly far more than their length.</summary>
    public static IEnumerable<(string Name, byte[] Bytes)> Heavy(int length)
    {
        yield return ("thousands of headers", Mail(string.Concat(Enumerable.Repeat("a: b\r\n", length / 6)), "", "x"));
        yield return ("thousands of folded lines", Mail(string.Concat(Enumerable.Range(0, 150).Select(n => $"h{n}: x\r\n{string.Concat(Enumerable.Repeat(" a\r\n", length / 600))}")).TrimEnd(), "", "x"));
        yield return ("parameters without end", Mail(
            $"Content-Type: multipart/mixed; boundary=b{new string(';', 7_000)}", "",
            string.Concat(Enumerable.Repeat($"--b\r\nContent-Type: multipart/mixed{new string(';', 8_000)}\r\n\r\nx\r\n", length / 8_100)), "--b--"));
        yield return ("a thousand levels", Nested(1_000));
        yield return ("a report about everybody", Mail("Content-Type: multipart/report; boundary=b", "", "--b", "Content-Type: message/delivery-status", "",
            string.Concat(Enumerable.Repeat("Action:failed\r\nStatus:4.0.0\r\n\r\n", length / 31)), "--b--"));
        yield return ("thousands of parts", Mail("Content-Type: multipart/mixed; boundary=b", "", string.Concat(Enumerable.Repeat("--b\r\n\r\nx\r\n", length / 10))));
        yield return ("encoded words without end", Mail("Subject: " + string.Concat(Enumerable.Repeat("=?utf-8?Q?=41?= ", 500)), $"From: {string.Concat(Enumerable.Repeat("=?", 4_000))}", "", new string('=', length)));
        yield return ("one line", [.. "Subject: "u8, .. Enumerable.Repeat((byte)'x', length)]);
    }

    public static byte[] Mail(params string[] lines) => Encoding.UTF8.GetBytes(string.Join("\r\n", lines));

    private static byte[] Report(string action, string status, string words, string recipient = "rfc822; p@a.example") => Mail(
        "From: MAILER-DAEMON@mx.example", "Content-Type: multipart/report; report-type=delivery-status; boundary=b", "", "--b", "Content-Type: message/delivery-status", "",
        "Reporting-MTA: dns; mx.example", "", $"Final-Recipient: {recipient}", $"Action: {action}", $"Status: {status}", $"Diagnostic-Code: {words}", "", "--b--");

    private static byte[] Nested(int levels) => Mail(
        [.. Enumerable.Range(0, levels).SelectMany(n => new[] { $"Content-Type: multipart/mixed; boundary=b{n:0000}", "", $"--b{n:0000}" }), "", "x", .. Enumerable.Range(0, levels).Reverse().Select(n => $"--b{n:0000}--")]);
}
