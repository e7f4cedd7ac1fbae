using System.ComponentModel.DataAnnotations;

namespace Panel.Services.Data;

/// <summary>Which database the house lives in. Section <c>Database</c>.</summary>
public sealed class DatabaseOptions
{
    public const string Sqlite = "sqlite";
    public const string Postgres = "postgres";

    /// <summary><c>sqlite</c> (one node) or <c>postgres</c> (any number of nodes).</summary>
    [RegularExpression("^(sqlite|postgres)$", ErrorMessage = "Database:Provider must be sqlite or postgres.")]
    public string Provider { get; set; } = Sqlite;

    /// <summary>A file for SQLite (default <c>panel.db</c> in the data directory) or a connection string for PostgreSQL.</summary>
    public string Connection { get; set; } = "";

    public bool IsPostgres => Provider == Postgres;
}
