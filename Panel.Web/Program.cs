using Panel.Services.Data;
using Panel.Services.Finger;
using Panel.Services.Hosting;
using Panel.Services.Mail;
using Panel.Services.Members;
using Panel.Services.Newsletters;
using Panel.Web;
using Panel.Web.Api;
using Panel.Web.Cli;
using Panel.Web.Doors;

if (args is ["cli", .. var verb])
{
    return await CommandLine.RunAsync(verb);
}

var builder = Listeners.CreateBuilder(args);
builder.AddListeners();
builder.Services.AddData(builder.Configuration).AddMembers();
builder.Services.AddFinger(builder.Configuration);
builder.Services.AddHosting(builder.Configuration);
builder.Services.AddMail(builder.Configuration).AddNewsletters(builder.Configuration);
builder.Services.AddPages().AddSignIn().AddApi().AddSchedule(builder.Configuration);

var app = builder.Build();
await app.PrepareAsync();
app.UseDoors();
app.MapPages();
app.MapApi();
app.MapHealth();
await app.StartAsync();
await app.WaitForShutdownAsync();
ScheduleRun.Leave(app);
return 0;
