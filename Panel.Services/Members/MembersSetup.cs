using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Panel.Services.Audit;
using Panel.Services.Data;

namespace Panel.Services.Members;

public static class MembersSetup
{
    public static IServiceCollection AddMembers(this IServiceCollection services)
    {
        services.AddIdentityCore<Member>(identity =>
            {
                identity.User.AllowedUserNameCharacters = "abcdefghijklmnopqrstuvwxyz0123456789-";
                identity.Password.RequiredLength = 12; // Length beats composition rules (NIST SP 800-63B §5.1.1.2).
                identity.Password.RequireDigit = false;
                identity.Password.RequireLowercase = false;
                identity.Password.RequireUppercase = false;
                identity.Password.RequireNonAlphanumeric = false;
                identity.Stores.SchemaVersion = IdentitySchemaVersions.Version3;
            })
            .AddEntityFrameworkStores<PanelDb>()
            .AddSignInManager()
            .AddDefaultTokenProviders();
        services.AddScoped<AuditTrail>();
        services.AddScoped<Members>();
        services.AddScoped<Invitations>();
        services.AddScoped<ApiTokens>();
        services.AddScoped<Sessions>();
        services.AddScoped<AcceptInvitation>();
        services.AddScoped<SignIns>();
        services.AddScoped<TwoFactor>();
        services.AddScoped<Passkeys>();
        services.AddScoped<Profiles>();
        services.AddScoped<Packages>();
        services.AddScoped<Erasure>();
        services.AddScoped<MemberExports>();
        services.AddOptions<IdentityPasskeyOptions>().Configure<IOptions<PanelOptions>>((passkeys, panel) =>
        {
            var house = panel.Value.PublicUri;
            passkeys.ServerDomain = house.Host;
            passkeys.ResidentKeyRequirement = "required"; // Signing in asks for no handle, so the authenticator must know it.
            passkeys.ValidateOrigin = asked => ValueTask.FromResult(!asked.CrossOrigin && asked.Origin == house.GetLeftPart(UriPartial.Authority));
        });
        services.Configure<PasswordHasherOptions>(o => o.IterationCount = 210_000); // PBKDF2-HMAC-SHA512, OWASP Password Storage Cheat Sheet 2023.
        return services;
    }
}
