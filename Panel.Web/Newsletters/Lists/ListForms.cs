using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Mvc.Rendering;
using Panel.Services.Newsletters;

namespace Panel.Web.Newsletters;

public sealed record ListForm
{
    [Required(ErrorMessage = "Give the list a title, for example Studio letters.")]
    public string? Title { get; init; }

    [Required(ErrorMessage = "Give the list a short name for its address, for example letters.")]
    public string? Name { get; init; }

    [Required(ErrorMessage = "Say who writes: Ann Artist <letters@annart.example>.")]
    public string? From { get; init; }

    public string? PostalAddress { get; init; }

    public string? Language { get; init; }

    public NewList ToNew() => new(Name!.Trim(), Title!, From!, PostalAddress, Language: Language);
}

public sealed record ListEditForm
{
    public string Name { get; init; } = "";

    public string? Title { get; init; }

    public string? Description { get; init; }

    public string? PostalAddress { get; init; }

    public string? ConsentText { get; init; }

    public string? Language { get; init; }

    public string? Fields { get; init; }

    /// <summary>A word for each choice, so that a form without it changes nothing.</summary>
    public string? Archive { get; init; }

    public string? SignUps { get; init; }

    public string? Approval { get; init; }

    public string? Approver { get; init; }

    public string? Tracking { get; init; }

    public static ListEditForm Of(ListPage list) => new()
    {
        Name = list.Name,
        Title = list.Title,
        Description = list.Description,
        PostalAddress = list.PostalAddress,
        ConsentText = list.ConsentText,
        Language = list.Language,
        Fields = list.Fields,
        Archive = list.ArchiveClosedAt is null ? "open" : "closed",
        SignUps = list.FormClosedAt is null ? "open" : "closed",
        Approval = list.ApprovalWantedAt is null ? "no" : "yes",
        Approver = list.Approver,
        Tracking = list.TrackingOfferedAt is null ? "no" : "ask",
    };

    public ListChange ToChange() => new(
        Title ?? "", Description ?? "", PostalAddress ?? "", ConsentText ?? "", Language, Language is null ? null : Fields ?? "",
        Archive is null ? null : Archive == "open", SignUps is null ? null : SignUps == "open",
        Approval is null ? null : Approval == "yes", Approval is null ? null : Approver ?? "", Tracking is null ? null : Tracking == "ask");
}

/// <summary>Choices of the list forms.</summary>
internal static class ListChoices
{
    public static IReadOnlyList<SelectListItem> Languages { get; } = [new("English", "en"), new("Deutsch", "de"), new("Français", "fr"), new("Italiano", "it")];

    public static IReadOnlyList<SelectListItem> Archive { get; } = [new("Everybody can read sent issues on the list's page and in its feed", "open"), new("Only readers, in their mailbox", "closed")];

    public static IReadOnlyList<SelectListItem> SignUps { get; } = [new("Open", "open"), new("Closed: nobody can sign up", "closed")];

    public static IReadOnlyList<SelectListItem> Approval { get; } = [new("Nobody: you send by yourself", "no"), new("A second person, for each version of an issue", "yes")];

    public static IReadOnlyList<SelectListItem> Tracking { get; } =
        [new("Nothing, and nobody is asked", "no"), new("Ask readers on their preferences page; only those who say yes are counted", "ask")];
}

public sealed record ListView(ListPage List, SenderDomainPage? Sender);
