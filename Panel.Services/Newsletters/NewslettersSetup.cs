using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Panel.Services.Newsletters.Approving;
using Panel.Services.Newsletters.Bundling;
using Panel.Services.Newsletters.Importing;
using Panel.Services.Newsletters.Leaving;
using Panel.Services.Newsletters.Returning;
using Panel.Services.Newsletters.Segmenting;
using Panel.Services.Newsletters.Sending;
using Panel.Services.Newsletters.Tracking;
using Panel.Services.Newsletters.Writing;

namespace Panel.Services.Newsletters;

public static class NewslettersSetup
{
    public static IServiceCollection AddNewsletters(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddScoped<Members.IExportPart, NewslettersExport>();
        services.AddOptions<NewslettersOptions>().Bind(configuration.GetSection("Newsletters")).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<ReaderTokens>();
        services.AddSingleton<SignUpGuard>();
        services.AddScoped<SignUpFloods>();
        services.AddSingleton<ImportFolder>();
        services.AddSingleton<ImportDesk>();
        services.AddSingleton<ImportRun>();
        services.AddScoped<Imports>();
        services.AddHostedService<ImportCarrier>();
        services.AddScoped<IssueVersions>();
        services.AddScoped<IssueChecks>();
        services.AddScoped<ListImages>();
        services.AddScoped<DomainReports>();
        services.AddScoped<Growth>();
        services.AddScoped<Preferences>();
        services.AddScoped<PersonalCopies>();
        services.AddScoped<Archives>();
        services.AddScoped<ReaderCare>();
        services.AddScoped<Objections>();
        services.AddSingleton<LetterBell>();
        services.AddScoped<SenderDomains>();
        services.AddScoped<SenderDomainChecks>();
        services.AddScoped<Lists>();
        services.AddScoped<Subscribers>();
        services.AddScoped<ListBundles>();
        services.AddScoped<BundleWriting>();
        services.AddScoped<BundleTaking>();
        services.AddScoped<Tracks>();
        services.AddScoped<Audiences>();
        services.AddScoped<Segments>();
        services.AddScoped<Approvals>();
        services.AddScoped<ApprovalLetters>();
        services.AddScoped<SignUps>();
        services.AddSingleton<OptOuts>();
        services.AddScoped<ApplyOptOuts>();
        services.AddScoped<Departures>();
        services.AddScoped<Letters>();
        services.AddHostedService<LetterCarrier>();
        services.AddSending();
        services.AddReturning();
        return services;
    }
}
