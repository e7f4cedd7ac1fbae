namespace Panel.Services.Newsletters.Sending.Receivers;

/// <summary>How many mails a sending domain that receivers do not know yet sends on a day: twice as many as on the day of sending before.</summary>
internal static class WarmUp
{
    private const int First = 500;

    /// <summary>From then on receivers know it: 500 times 2 to the 12th is two million.</summary>
    private const int Days = 12;

    /// <param name="daysBefore">Days on which it has sent, before this one.</param>
    /// <returns>Null: as many as it likes.</returns>
    public static int? MailsOn(int daysBefore) => daysBefore < Days ? First << daysBefore : null;

    /// <summary>How many days after this one the last of so many mails goes out.</summary>
    public static int DaysFor(int mails, int daysBefore, int sentToday)
    {
        var left = mails;
        for (var day = 0; ; day++)
        {
            if (MailsOn(daysBefore + day) is not { } most || (left -= most - (day == 0 ? Math.Min(most, sentToday) : 0)) <= 0)
            {
                return day;
            }
        }
    }
}
