using System.Text;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Panel.Tests.Doors;

/// <summary>One way into the house, as the running program has it.</summary>
internal sealed record HouseRoute(string Method, RoutePattern Pattern, string? Policy, bool Anonymous, string ContentType)
{
    public string Text => "/" + Pattern.Text.TrimStart('/');

    public bool IsApi => Text.StartsWith("/api/v1/", StringComparison.Ordinal);

    public bool Has(string parameter) => Pattern.Names.Contains(parameter);

    /// <summary>The address with its parameters filled; <paramref name="handle"/> for handles, the rest as the samples have it.</summary>
    public string Fill(string handle) => Pattern.Fill(name => name switch
    {
        "handle" => handle,
        "id" or "version" => "1",
        "name" or "list" or "site" => "web",
        "status" => "404",
        "domain" => "ann.example",
        _ => "x",
    });

    public override string ToString() => $"{Method} {Text}";
}

/// <summary>The text of a route and the names in it.</summary>
internal sealed record RoutePattern(string Text, IReadOnlyList<string> Names, Func<Func<string, string>, string> Fill);

internal static class HouseRoutes
{
    /// <summary>Added by the framework in development only, for files that were added after the build.</summary>
    private const string DevelopmentFiles = "{**path:file}";

    /// <summary>Every route of every method, without the files of wwwroot.</summary>
    public static IReadOnlyList<HouseRoute> Of(PanelApp app)
    {
        var endpoints = app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();
        return [.. from endpoint in endpoints
                   where !endpoint.Metadata.Any(m => m.GetType().Name.Contains("StaticAsset", StringComparison.Ordinal))
                   let pattern = endpoint.RoutePattern
                   where pattern.RawText != DevelopmentFiles
                   let authorize = endpoint.Metadata.GetOrderedMetadata<IAuthorizeData>()
                   let methods = endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]
                   from method in methods.Count == 0 ? ["GET"] : methods
                   select new HouseRoute(
                       method,
                       new RoutePattern(pattern.RawText ?? "", [.. pattern.Parameters.Select(p => p.Name)], value => Fill(pattern, value)),
                       authorize.Select(a => a.Policy).LastOrDefault(p => p is not null),
                       endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null,
                       endpoint.Metadata.GetMetadata<IAcceptsMetadata>()?.ContentTypes[0] ?? "application/x-www-form-urlencoded")];
    }

    public static HttpRequestMessage Request(this HouseRoute route, string handle)
    {
        var request = new HttpRequestMessage(new HttpMethod(route.Method), route.Fill(handle));
        if (route.Method is not ("GET" or "HEAD" or "DELETE"))
        {
            request.Content = new StringContent(route.ContentType == "application/json" ? "{}" : "", Encoding.UTF8, route.ContentType);
        }

        return request;
    }

    private static string Fill(Microsoft.AspNetCore.Routing.Patterns.RoutePattern pattern, Func<string, string> value)
    {
        var path = new StringBuilder();
        foreach (var segment in pattern.PathSegments)
        {
            path.Append('/');
            foreach (var part in segment.Parts)
            {
                path.Append(part switch
                {
                    Microsoft.AspNetCore.Routing.Patterns.RoutePatternLiteralPart literal => literal.Content,
                    Microsoft.AspNetCore.Routing.Patterns.RoutePatternSeparatorPart separator => separator.Content,
                    Microsoft.AspNetCore.Routing.Patterns.RoutePatternParameterPart parameter => value(parameter.Name),
                    _ => "",
                });
            }
        }

        return path.Length == 0 ? "/" : path.ToString();
    }
}
