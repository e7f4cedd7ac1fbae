using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Hosting;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Hosting;

[Area("Hosting"), Route("/tasks"), Authorize(Policies.Member)]
public sealed class TasksController(Tasks tasks) : PanelController
{
    [HttpGet("")]
    public async Task<IActionResult> Index(CancellationToken ct) => View(await FilledAsync(new TaskForm(), ct));

    [HttpPost("")]
    public async Task<IActionResult> Create(TaskForm form, CancellationToken ct)
    {
        // One argument a line, each as it is: a space or a quote in it means nothing.
        string[] arguments = form.Arguments is null ? [] : form.Arguments.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');
        var added = await tasks.AddAsync(Me, MyHandle, new NewTask(form.Name, form.Every, arguments), ct);
        if (added.Refused is { } no)
        {
            return Refuse(no, nameof(Index), await FilledAsync(form, ct));
        }

        Say($"Task {added.Value!.Name} runs from now on.");
        return this.SeeOther($"/tasks/{added.Value.Name}");
    }

    [HttpGet("{name}")]
    public async Task<IActionResult> Show([FromRoute] string name, CancellationToken ct) =>
        (await tasks.ShowAsync(Me, MyHandle, name, ct)).Value is { } page ? View(new TaskShow(MyHandle, page)) : NotFound();

    [HttpPost("{name}/runs")]
    public async Task<IActionResult> Update([FromRoute] string name, CancellationToken ct)
    {
        var ran = await tasks.SetOffAsync(Me, MyHandle, name, ct);
        if (ran.Refused is Services.NotThere)
        {
            return NotFound();
        }

        Say(ran.Refused?.Message ?? $"Task {name} has run.");
        return this.SeeOther($"/tasks/{name}");
    }

    [HttpPost("{name}/removal")]
    public async Task<IActionResult> Destroy([FromRoute] string name, CancellationToken ct)
    {
        if ((await tasks.RemoveAsync(Me, MyHandle, name, ct)).Refused is not null)
        {
            return NotFound();
        }

        Say($"Task {name} is removed and runs no more.");
        return this.SeeOther("/tasks");
    }

    private async Task<TaskForm> FilledAsync(TaskForm form, CancellationToken ct) =>
        form with { Handle = MyHandle, All = (await tasks.ListAsync(Me, MyHandle, ct)).Value ?? [] };
}

public sealed record TaskShow(string Handle, TaskPage Task);

public sealed record TaskForm
{
    public string Handle { get; init; } = "";

    public IReadOnlyList<TaskPage> All { get; init; } = [];

    [Display(Name = "Name")]
    public string? Name { get; init; }

    [Display(Name = "When")]
    public string? Every { get; init; }

    [Display(Name = "Program and arguments")]
    public string? Arguments { get; init; }
}
