using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Panel.Services.Data;

public static class DataSetup
{
    public static IServiceCollection AddData(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<PanelOptions>().Bind(configuration.GetSection("Panel")).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<DatabaseOptions>().Bind(configuration.GetSection("Database")).ValidateDataAnnotations()
            .Validate(o => !o.IsPostgres || o.Connection.Length > 0, "Database:Connection must be a connection string when Database:Provider is postgres.")
            .ValidateOnStart();
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<HouseKeys>();
        services.AddScoped<SchemaSteps>();
        services.AddScoped<HouseCopies>();
        services.AddDbContext<PanelDb>(Configure, optionsLifetime: ServiceLifetime.Singleton);
        services.AddDataProtection().SetApplicationName("panel");
        services.AddSingleton<IXmlRepository, ProtectionKeys>();
        services.AddOptions<KeyManagementOptions>().Configure<IXmlRepository>((o, repository) => o.XmlRepository = repository);
        return services;
    }

    private static readonly PatientWriter Writer = new();

    private static void Configure(IServiceProvider services, DbContextOptionsBuilder builder)
    {
        var database = services.GetRequiredService<IOptions<DatabaseOptions>>().Value;
        if (database.IsPostgres)
        {
            builder.UseNpgsql(database.Connection);
            return;
        }

        var file = database.Connection.Length > 0
            ? database.Connection
            : services.GetRequiredService<IOptions<PanelOptions>>().Value.PathOf("panel.db");
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        // Few changes a command, and a list as one parameter: SQLite is no journey away, and each parameter is looked up by its name among all of them
        // (a third of the time of storing the sizes of 10,000 accounts, measured).
        builder.UseSqlite(new SqliteConnectionStringBuilder { DataSource = file, ForeignKeys = true, DefaultTimeout = 30 }.ToString(), o => o.MaxBatchSize(16).UseParameterizedCollectionMode(ParameterTranslationMode.Parameter)).AddInterceptors(Writer);
    }
}
