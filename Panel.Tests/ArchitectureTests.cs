using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Panel.Services.Data;
using Panel.Web.Shared;

namespace Panel.Tests;

/// <summary>The rules of the house, read from the assemblies and the sources.</summary>
public sealed partial class ArchitectureTests
{
    private static readonly Assembly Web = typeof(PanelController).Assembly;
    private static readonly Assembly Services = typeof(PanelDb).Assembly;
    private static readonly Assembly Agent = Assembly.Load("Panel.Agent");
    private static readonly string[] Banned = ["Service", "Manager", "Helper", "Helpers", "Utils", "Util", "Base", "Impl"];
    private static readonly string Root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, ".."));

    private static IEnumerable<Type> Controllers => Web.GetTypes().Where(t => t is { IsAbstract: false } && t.IsSubclassOf(typeof(Controller)));

    [Fact]
    public void Services_know_no_mvc() => Assert.DoesNotContain(Services.GetReferencedAssemblies(), a => a.Name!.StartsWith("Microsoft.AspNetCore.Mvc", StringComparison.Ordinal));

    [Fact]
    public void The_agent_knows_neither_database_nor_mvc_nor_the_services() => Assert.DoesNotContain(Agent.GetReferencedAssemblies(), a =>
        a.Name!.StartsWith("Microsoft.EntityFrameworkCore", StringComparison.Ordinal) || a.Name.StartsWith("Microsoft.AspNetCore.Mvc", StringComparison.Ordinal)
        || a.Name.StartsWith("Microsoft.Data", StringComparison.Ordinal) || a.Name is "Npgsql" or "Panel.Services" or "Panel.Web");

    [Fact]
    public void A_controller_lives_in_the_folder_of_its_area()
    {
        Assert.NotEmpty(Controllers);
        Assert.All(Controllers, c => Assert.StartsWith($"Panel.Web.{c.GetCustomAttribute<AreaAttribute>()!.RouteValue}", c.Namespace!, StringComparison.Ordinal));
    }

    [Fact]
    public void A_controller_is_sealed_and_one_of_the_house() => Assert.All(Controllers, c => Assert.True(c.IsSealed && c.IsSubclassOf(typeof(PanelController)), c.FullName));

    [Fact]
    public void Nothing_in_web_holds_the_database() => Assert.All(
        Web.GetTypes().Where(t => !t.Name.StartsWith('<')),
        t => Assert.DoesNotContain(
            t.GetConstructors(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).SelectMany(c => c.GetParameters()).Select(p => p.ParameterType)
                .Concat(t.GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public).Select(f => f.FieldType)),
            held => held.IsAssignableTo(typeof(DbContext)) || (held.IsGenericType && held.GetGenericArguments().Any(a => a.IsAssignableTo(typeof(DbContext))))));

    [Fact]
    public void Only_the_start_and_the_health_door_name_the_database_in_web() => Assert.Equal(
        ["Panel.Web/Doors/Pages.cs"],
        Sources("Panel.Web").Where(s => DatabaseName().IsMatch(File.ReadAllText(s))).Select(Below));

    [Fact]
    public void Names_say_what_a_thing_is() => Assert.DoesNotContain(
        new[] { Web, Services, Agent }.SelectMany(a => a.GetTypes())
            .Where(t => !t.IsDefined(typeof(CompilerGeneratedAttribute), false) && t.Namespace?.StartsWith("Panel.", StringComparison.Ordinal) == true)
            .Select(t => t.Name.Split('`')[0]),
        n => Array.Exists(Banned, b => n.EndsWith(b, StringComparison.Ordinal)));

    [Fact]
    public void Files_are_short_enough_to_be_read() => Assert.All(
        Sources("Panel.Web", "Panel.Services", "Panel.Tests", "infra"), s => Assert.InRange(File.ReadLines(s).Count(), 0, 300));

    [Fact]
    public void The_program_fits_on_a_page() => Assert.InRange(File.ReadLines(Path.Combine(Root, "Panel.Web", "Program.cs")).Count(), 1, 60);

    [Fact]
    public void No_file_hides_behind_regions() => Assert.DoesNotContain(
        Sources("Panel.Web", "Panel.Services", "Panel.Tests", "infra"), s => Region().IsMatch(File.ReadAllText(s)));

    [Fact]
    public void No_process_is_started_through_a_shell_or_a_line_of_arguments() => Assert.DoesNotContain(
        Sources("Panel.Web", "Panel.Services", "infra"), s => Shell().IsMatch(File.ReadAllText(s)));

    [Fact]
    public void Front_doors_say_in_their_result_whether_they_refused() => Assert.Empty(
        from type in Services.GetTypes()
        where type is { IsPublic: true, IsAbstract: false } && type.GetConstructors().Any(c => c.GetParameters().Any(p => p.ParameterType.Name == "AuditTrail"))
        from method in type.GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly)
        where method.GetParameters() is [{ ParameterType.Name: "Actor" }, ..] && Changing().IsMatch(method.Name)
        where !(method.ReturnType is { IsGenericType: true } task && task.GetGenericArguments()[0] is { IsGenericType: true } inner && inner.Name.StartsWith("Outcome", StringComparison.Ordinal))
        select $"{type.Name}.{method.Name}");

    private static IEnumerable<string> Sources(params string[] folders) => folders
        .SelectMany(f => Directory.EnumerateFiles(Path.Combine(Root, f), "*.cs", SearchOption.AllDirectories))
        .Where(f => !Below(f).Split('/').Any(p => p is "obj" or "bin"));

    private static string Below(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    private static string Here([CallerFilePath] string path = "") => path;

    [GeneratedRegex(@"\b(PanelDb|DbContext)\b")]
    private static partial Regex DatabaseName();

    [GeneratedRegex(@"^\s*#(end)?region", RegexOptions.Multiline)]
    private static partial Regex Region();

    [GeneratedRegex("UseShellExecute = true|\"(/usr)?/bin/(ba|da)?sh\"|\"(ba|da)?sh\"|\\bArguments = ")]
    private static partial Regex Shell();

    [GeneratedRegex("^(Add|Remove|Change|Update|Suspend|Resume|Set|Send|Import|Approve|Revoke|End|Begin|Confirm|Give)")]
    private static partial Regex Changing();
}
