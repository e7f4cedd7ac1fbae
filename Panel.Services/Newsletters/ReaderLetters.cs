using Panel.Services.Localization;

namespace Panel.Services.Newsletters;

/// <summary>The words of the mails that readers get from the house, in the list's language. Only our words, the list's title
/// and a link: nothing that a visitor typed (rule S2).</summary>
internal static class ReaderLetters
{
    public static (string Subject, string Text) Confirm(MailingList list, Uri link)
    {
        var words = Phrases.In(list.Language);
        return (words["Please confirm: {0}", list.Title], string.Join("\n\n",
            words["Somebody, hopefully you, asked for the newsletter \"{0}\" at this address.", list.Title],
            words["To get it, open this page and press the button there:"],
            link,
            words["If it was not you, do nothing. Without your confirmation you get no newsletter. The link is good for seven days."]));
    }

    public static (string Subject, string Text) Copy(MailingList list, Uri link)
    {
        var words = Phrases.In(list.Language);
        return (words["Your data: {0}", list.Title], string.Join("\n\n",
            words["You asked for what \"{0}\" keeps about this address, or to have it erased.", list.Title],
            words["Open this page to do either:"],
            link,
            words["Do not pass this link on: it opens what is kept about you. It is good for seven days. If you did not ask for it, do nothing."]));
    }
}
