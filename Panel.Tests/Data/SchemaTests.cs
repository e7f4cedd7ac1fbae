using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.Extensions.DependencyInjection;
using Panel.Services.Data;

namespace Panel.Tests.Data;

/// <summary>The hand-written steps and the EF model say the same: table by table, column by column, both ways.</summary>
public class SchemaTests
{
    /// <summary>Tables of the database that EF does not know: the book of the steps, and SQLite's own counter.</summary>
    private static readonly string[] Beside = ["schema_steps", "sqlite_sequence"];

    private const string SqliteColumns = """
        SELECT t.name || '|' || c.name || '|' || upper(c.type) || '|' || CASE WHEN c."notnull" = 1 OR c.pk > 0 THEN 'not null' ELSE 'null' END || '|' || CASE WHEN c.pk > 0 THEN 'key' ELSE '' END AS "Value"
        FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'
        """;

    private const string PostgresColumns = """
        SELECT c.relname || '|' || a.attname || '|' || format_type(a.atttypid, NULL) || '|' || CASE WHEN a.attnotnull THEN 'not null' ELSE 'null' END || '|' ||
               CASE WHEN EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'p' AND a.attnum = ANY (k.conkey)) THEN 'key' ELSE '' END AS "Value"
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE n.nspname = 'public' AND c.relkind = 'r'
        """;

    private const string SqliteReferences = """
        SELECT t.name || '|' || f."from" || '|' || f."table" AS "Value" FROM sqlite_master t JOIN pragma_foreign_key_list(t.name) f WHERE t.type = 'table'
        """;

    private const string PostgresReferences = """
        SELECT c.relname || '|' || a.attname || '|' || r.relname AS "Value"
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class r ON r.oid = k.confrelid JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (k.conkey)
        WHERE k.contype = 'f'
        """;

    [Theory, MemberData(nameof(PanelApp.Providers), MemberType = typeof(PanelApp))]
    public async Task The_steps_and_the_model_have_the_same_columns_and_keys(string provider)
    {
        using var app = new PanelApp(provider);
        await using var scope = app.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<PanelDb>();
        var modelled = Tables(db).SelectMany(t => t.Columns.Select(c => Line(t, c))).Order(StringComparer.Ordinal).ToList();
        // Quartz makes and keeps its own tables.
        var found = (await ReadAsync(db, db.IsPostgres ? PostgresColumns : SqliteColumns)).Where(l => !l.StartsWith("qrtz_", StringComparison.Ordinal)).ToList();

        Assert.NotEmpty(modelled);
        Assert.Equal("", string.Join('\n', modelled.Except(found).Select(l => $"only in the model: {l}")));
        Assert.Equal("", string.Join('\n', found.Except(modelled).Select(l => $"only in the schema: {l}")));
    }

    [Theory, MemberData(nameof(PanelApp.Providers), MemberType = typeof(PanelApp))]
    public async Task What_the_model_takes_for_a_reference_is_one(string provider)
    {
        using var app = new PanelApp(provider);
        await using var scope = app.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<PanelDb>();
        var modelled = Tables(db).SelectMany(t => t.ForeignKeyConstraints.SelectMany(k => k.Columns.Select(c => $"{t.Name}|{c.Name}|{k.PrincipalTable.Name}"))).ToList();
        var found = await ReadAsync(db, db.IsPostgres ? PostgresReferences : SqliteReferences);

        Assert.NotEmpty(modelled);
        Assert.Empty(modelled.Except(found));
    }

    [Theory, MemberData(nameof(PanelApp.Providers), MemberType = typeof(PanelApp))]
    public async Task A_database_of_a_newer_Panel_is_left_as_it_is(string provider)
    {
        using var app = new PanelApp(provider);
        await using var scope = app.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<PanelDb>();
        await db.Database.ExecuteSqlAsync($"INSERT INTO schema_steps (name, applied_at) VALUES ('900-of-tomorrow', '')");
        var gone = SchemaSteps.For(db.IsPostgres)[^1].Name;
        await db.Database.ExecuteSqlAsync($"DELETE FROM schema_steps WHERE name = {gone}");
        var no = await Assert.ThrowsAsync<InvalidOperationException>(() => scope.ServiceProvider.GetRequiredService<SchemaSteps>().ApplyAsync());
        Assert.Contains("newer Panel", no.Message, StringComparison.Ordinal);
        Assert.Contains("900-of-tomorrow", no.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(gone, await ReadAsync(db, "SELECT name AS \"Value\" FROM schema_steps"));
    }

    [Fact]
    public void Both_providers_have_the_same_steps() =>
        Assert.Equal(SchemaSteps.For(postgres: false).Select(s => s.Name), SchemaSteps.For(postgres: true).Select(s => s.Name));

    private static IEnumerable<ITable> Tables(PanelDb db) => db.GetService<IDesignTimeModel>().Model.GetRelationalModel().Tables;

    private static string Line(ITable table, IColumn column)
    {
        var type = column.StoreType.StartsWith("character varying", StringComparison.Ordinal) ? "text" : column.StoreType;
        var key = table.PrimaryKey!.Columns.Contains(column);
        return $"{table.Name}|{column.Name}|{type}|{(column.IsNullable ? "null" : "not null")}|{(key ? "key" : "")}";
    }

    private static async Task<List<string>> ReadAsync(PanelDb db, string sql)
    {
        var lines = await db.Database.SqlQueryRaw<string>(sql).ToListAsync();
        return [.. lines.Where(l => !Beside.Contains(l.Split('|')[0])).Order(StringComparer.Ordinal)];
    }
}
