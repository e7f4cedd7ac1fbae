using System.Text;

namespace Panel.Tests.Hosting;

/// <summary>Names that a member may give a file and that a program may take for something else. A name is bytes, here two hex digits each.</summary>
internal static class OddNames
{
    /// <summary>What sftp(1) can be asked for in a batch.</summary>
    public static readonly string[] BySftp =
        ["-rf", "--checkpoint-action=exec=x", "--", "@list", @"a\nb", @"\101", "[a]*?", "*", " leading and trailing ", "it's \"quoted\"", "$(id)`id`%s%n", "~", "#x;y|z&", new string('n', 255), "gpj.\u202Eexe", "naïve.txt"];

    /// <summary>What only a program of the member's can make.</summary>
    public static readonly string[] ByProgram = [@"end\", "a\nb", "a\rb", "\u001b]0;x\u0007", "tab\there"];

    /// <summary>Not UTF-8: nobody can ask for it by its name.</summary>
    public const string NoText = "6c61fff8f96c61";

    // What a wrong reading of one of the above would take instead.
    private static readonly string[] Decoys = ["A", "a", "axb", "end", "leading and trailing", "naive.txt"];

    public static IEnumerable<string> Askable => BySftp.Concat(ByProgram);

    public static IEnumerable<string> All => Askable.Concat(Decoys).Select(Hex).Append(NoText);

    public static string Hex(string name) => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(name));

    /// <summary>Writes each of <paramref name="names"/> in a folder: the word and the name's own digits.</summary>
    public static string[] Writing(string folder, string word, params IEnumerable<string> names) =>
        ["perl", "-e", """my ($d, $w) = splice @ARGV, 0, 2; for (@ARGV) { open my $f, ">", "$d/" . pack("H*", $_) or die "$_: $!"; print $f "$w $_" }""", folder, word, .. names];

    /// <summary>A line for each file of a folder: its name's digits and its content.</summary>
    public static string[] Reading(string folder) =>
        ["perl", "-e", """opendir my $d, $ARGV[0] or die $!; for (sort grep { $_ ne "." && $_ ne ".." } readdir $d) { open my $f, "<", "$ARGV[0]/$_" or die $!; print unpack("H*", $_), " ", <$f>, "\n" }""", folder];
}
