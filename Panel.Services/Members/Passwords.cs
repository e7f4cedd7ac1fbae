namespace Panel.Services.Members;

/// <summary>What a password must be: long, and not made of almost nothing (NIST SP 800-63B §5.1.1.2 asks for length, not for
/// composition). The upper end only keeps hashing cheap.</summary>
public static class Passwords
{
    public const int Shortest = 12;
    public const int Longest = 256;

    public static Refusal? Check(string? password, string field = "password") => password switch
    {
        null or { Length: < Shortest } => new Refusal($"A password has at least {Shortest} characters. Four unrelated words make a good one.", field),
        { Length: > Longest } => new Refusal($"A password has at most {Longest} characters.", field),
        _ when password.Distinct().Count() < 5 => new Refusal("This password repeats too few characters. Four unrelated words make a good one.", field),
        _ => null,
    };
}
