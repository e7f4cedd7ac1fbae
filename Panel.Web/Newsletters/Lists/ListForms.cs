using System.ComponentModel.DataAnnotations;
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

    public NewList ToNew() => new(Name!.Trim(), Title!, From!, PostalAddress);
}

public sealed record ListEditForm
{
    public string Name { get; init; } = "";

    public string? Title { get; init; }

    public string? Description { get; init; }

    public string? PostalAddress { get; init; }

    public string? ConsentText { get; init; }

    public static ListEditForm Of(ListPage list) => new()
    {
        Name = list.Name,
        Title = list.Title,
        Description = list.Description,
        PostalAddress = list.PostalAddress,
        ConsentText = list.ConsentText,
    };

    public ListChange ToChange() => new(Title ?? "", Description ?? "", PostalAddress ?? "", ConsentText ?? "");
}

public sealed record ListView(ListPage List, SenderDomainPage? Sender);
