using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Panel.Services.Data;

/// <summary>SQLite's own wait for its one writer, which looks again after 1, 2, 5 ... 100 ms. The provider's looks every 150 ms and finds
/// a sender at full speed before it each time: one-click took a second (infra/bench, row oneclick).</summary>
internal sealed class PatientWriter : DbConnectionInterceptor
{
    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
    {
        using var pragma = connection.CreateCommand();
        pragma.CommandText = "PRAGMA busy_timeout = 1000";
        pragma.ExecuteNonQuery();
    }

    public override Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        ConnectionOpened(connection, eventData);
        return Task.CompletedTask;
    }
}
