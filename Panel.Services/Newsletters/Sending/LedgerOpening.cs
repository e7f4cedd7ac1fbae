using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Panel.Services.Data;
using Panel.Services.Newsletters.Leaving;

namespace Panel.Services.Newsletters.Sending;

/// <summary>Opens the ledger on the database of the house, under a node name that no other start ever has.</summary>
internal sealed class LedgerOpening(IServiceScopeFactory scopes, OptOuts optOuts, TimeProvider time, ILogger<Ledger> log)
{
    /// <summary>With SQLite there is one node at a time, so whatever another name holds is held by the dead.</summary>
    public bool OneNode => !Database().IsPostgres;

    public Ledger Open(CancellationToken stop) => new(OpenStore(), optOuts, time, log, stop);

    public LedgerStore OpenStore()
    {
        var (connection, postgres) = Database();
        var node = $"{Environment.MachineName}/{Environment.ProcessId}/{Guid.NewGuid().ToString("N")[..8]}";
        return postgres ? new PostgresLedgerStore(new NpgsqlConnection(PostgresLedgerStore.Text(connection)), node) : new SqliteLedgerStore(new SqliteConnection(connection), node);
    }

    private (string Connection, bool IsPostgres) Database()
    {
        using var scope = scopes.CreateScope();
        var db = scope.ServiceProvider.GetRequiredService<PanelDb>();
        return (db.Database.GetConnectionString()!, db.IsPostgres);
    }
}
