namespace Panel.Agent;

/// <summary>The one configuration of nginx. It depends on the ports and paths of this host and on nothing a member or
/// Panel ever says, so it changes only with the agent.</summary>
internal static class NginxConf
{
    /// <summary>Longest host name that can have PHP: sun_path holds 108 bytes with its NUL, and the socket is named
    /// relative to the vhosts directory as <c>HOST/php.sock</c>.</summary>
    public const int LongestPhpHost = 107 - 9;

    public const string ProbePath = "/.well-known/panel-probe";

    public static string Render(Layout at, Ports ports) => $$"""
        # Written by Panel's agent. Changes are undone by its next full pass.
        user {{Identity.Nginx}} {{Identity.Nginx}};
        worker_processes 2;
        worker_rlimit_nofile 4096;
        pid {{at.Run}}/nginx.pid;
        error_log {{at.Log}}/nginx-error.log warn;
        # fastcgi_pass names its socket relative to here: an absolute path would not fit into sun_path.
        working_directory {{at.Vhosts}};
        events { worker_connections 2048; }
        http {
          include /etc/nginx/mime.types;
          default_type application/octet-stream;
          charset utf-8;
          server_tokens off; sendfile on; keepalive_timeout 30s;
          client_max_body_size 64m;
          client_body_temp_path {{at.Nginx}}/body; fastcgi_temp_path {{at.Nginx}}/fastcgi; proxy_temp_path {{at.Nginx}}/proxy;
          uwsgi_temp_path {{at.Nginx}}/uwsgi; scgi_temp_path {{at.Nginx}}/scgi;
          gzip on; gzip_vary on;
          gzip_types text/plain text/css text/javascript application/javascript application/json application/xml image/svg+xml;
          log_format site escape=json '{"at":"$time_iso8601","host":"$host","address":"$remote_addr","method":"$request_method",'
            '"path":"$request_uri","status":$status,"bytes":$bytes_sent,"seconds":$request_time,"agent":"$http_user_agent"}';
          access_log {{at.Log}}/access.json site;
          map_hash_bucket_size 512; map_hash_max_size 65536;
          # The two things that are written for single sites: pairs of checked names, where visitors are sent and which directory serves them.
          map $host $canonical { default ""; include {{at.Nginx}}/canonical.map; }
          map $host $named { hostnames; default $host; include {{at.Nginx}}/wildcards.map; }
          map $ssl_server_name $certified { hostnames; default $ssl_server_name; include {{at.Nginx}}/wildcards.map; }
          map $scheme $port { default "{{(ports.HttpPort == 80 ? "" : $":{ports.HttpPort}")}}"; https "{{(ports.HttpsPort == 443 ? "" : $":{ports.HttpsPort}")}}"; }
          map $http_upgrade $upgrading { default upgrade; "" ""; }
          ssl_protocols TLSv1.2 TLSv1.3;
          ssl_session_cache shared:panel:4m;
          # Names become paths: only a strict lower-case host name passes. $ssl_server_name is the raw SNI, slashes and all.
          map $named $vhost {
            default _default;
            "~^(?=.{1,253}$)(?:_\.)?[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$" $named;
          }
          map $certified $certificate {
            default _default;
            "~^(?=.{1,253}$)(?:_\.)?[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$" $certified;
          }
          server {
        {{string.Join('\n', at.Listen.SelectMany(a => new[]
          {
              $"    listen {a}:{ports.HttpPort} default_server;",
              $"    listen {a}:{ports.HttpsPort} default_server ssl http2;",
          }))}}
            ssl_certificate {{at.Vhosts}}/$certificate/tls.crt;
            ssl_certificate_key {{at.Vhosts}}/$certificate/tls.key;
            root {{at.Vhosts}}/$vhost/public;
            # What lies above the document root is root's and may be links; below it a link may only lead to what its owner owns.
            disable_symlinks if_not_owner from={{at.Vhosts}}/$vhost/public;
            set $kind static;
            set $entry index.html;
            set $last /_panel_missing;
            if (-e {{at.Vhosts}}/$vhost/php) { set $kind php; set $entry index.php; set $last /index.php?$args; }
            if (-e {{at.Vhosts}}/$vhost/proxy) { set $kind proxy; }
            if (-e {{at.Vhosts}}/$vhost/suspended) { return 503; }
            set $serve $kind;
            set $away $canonical;
            set $only $scheme;
            if (-e {{at.Vhosts}}/$vhost/https) { set $only "$scheme-https"; }
            if ($uri ~ "^/\.well-known/(?:acme-challenge/|panel-probe$)") { set $serve ""; set $away ""; set $only ""; }
            if ($away) { return 301 $scheme://$away$port$request_uri; }
            if ($only = "http-https") { return 301 https://$host{{(ports.HttpsPort == 443 ? "" : $":{ports.HttpsPort}")}}$request_uri; }
            if ($serve = proxy) { rewrite ^ /_panel_proxy last; }
            index $entry index.html;
            error_page 403 @forbidden;
            error_page 404 @missing;
            error_page 500 502 504 @broken;
            error_page 503 @suspended;

            location = {{ProbePath}} {
              access_log off;
              default_type text/plain;
              if (!-d {{at.Vhosts}}/$vhost/public) { return 404; }
              return 200 "$vhost $kind\n";
            }
            # Before everything else and never a member's directory: whoever answers here is given certificates.
            location ^~ /.well-known/acme-challenge/ { root {{at.AcmeWebroot}}; disable_symlinks on; default_type text/plain; try_files $uri =404; }
            location ~ /\.(?!well-known/) { return 404; }
            location ~* \.(?:php[0-9]|phtml|phar)$ { return 404; }
            location ~* \.php$ {
              if ($kind != php) { return 404; }
              try_files $uri =404;
              include /etc/nginx/fastcgi_params;
              fastcgi_param SCRIPT_FILENAME $realpath_root$fastcgi_script_name;
              fastcgi_param DOCUMENT_ROOT $realpath_root;
              # httpoxy: a client's Proxy header must not become HTTP_PROXY.
              fastcgi_param HTTP_PROXY "";
              fastcgi_read_timeout 120s;
              fastcgi_pass unix:$vhost/php.sock;
            }
            location = /_panel_proxy {
              internal; proxy_http_version 1.1; proxy_read_timeout 120s;
              proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme;
              proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $upgrading;
              proxy_pass http://unix:$vhost/app.sock:$request_uri;
            }
            location = / {
              index $entry index.html /_panel_empty;
            }
            location / { log_not_found off; try_files $uri $uri/ $last; }
            location = /_panel_missing { internal; return 404; }
            location = /_panel_empty { internal; default_type text/html; disable_symlinks off; alias {{at.Pages}}/empty.html; }
            location @forbidden { try_files /403.html @house_forbidden; }
            location @missing { log_not_found off; try_files /404.html @house_missing; }
            location @broken { try_files /500.html @house_broken; }
            location @house_forbidden { disable_symlinks off; root {{at.Pages}}; try_files /forbidden.html =403; }
            location @house_missing { disable_symlinks off; root {{at.Pages}}; try_files /missing.html =404; }
            location @house_broken { disable_symlinks off; root {{at.Pages}}; try_files /broken.html =502; }
            location @suspended { disable_symlinks off; root {{at.Pages}}; add_header Cache-Control no-store always; try_files /suspended.html =503; }
          }
        }

        """;

    /// <summary>The pages that nginx itself answers with, by file name.</summary>
    public static IReadOnlyDictionary<string, string> Pages { get; } = new Dictionary<string, string>
    {
        ["php"] = "",
        ["empty.html"] = Page("Nothing here yet", "This site is ready. It shows its first page as soon as its owner has uploaded an <code>index.html</code>."),
        ["missing.html"] = Page("Not found", "There is no page at this address."),
        ["forbidden.html"] = Page("Not readable", "The web server may not read this file or there is no index page in this folder. Its owner can make the file readable (mode 644) or add an <code>index.html</code>."),
        ["broken.html"] = Page("This page is broken", "The program behind this page did not answer. Its owner finds the reason in the log of PHP, or in what the program itself has written."),
        ["suspended.html"] = Page("Paused", "This site is paused for now. Please come back later."),
    };

    private static string Page(string title, string text) =>
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\n"
        + $"<title>{title}</title><style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1rem}}</style>\n<h1>{title}</h1>\n<p>{text}</p></html>\n";
}
