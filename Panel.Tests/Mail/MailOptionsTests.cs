using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Panel.Services.Mail;

namespace Panel.Tests.Mail;

public sealed class MailOptionsTests
{
    [Theory]
    [InlineData("Mail:Transport", "pigeon", "Mail:Transport", "pickup, smtp")]
    [InlineData("Mail:Smtp:Port", "0", "Mail:Smtp:Port", "1 to 65535")]
    [InlineData("Mail:Smtp:Security", "ssl", "Mail:Smtp:Security", "none, starttls or tls")]
    [InlineData("Mail:Smtp:Connections", "0", "Mail:Smtp:Connections", "1 to 100")]
    [InlineData("Mail:Smtp:User", "ann", "Mail:Smtp:Password", "both or neither")]
    [InlineData("Mail:Smtp:Host", "a b", "Mail:Smtp:Host", "host name")]
    [InlineData("Mail:Smtp:FinalDotTimeout", "00:00:00", "Mail:Smtp:FinalDotTimeout", "time span")]
    [InlineData("Mail:Smtp:Host", "relay.example", "Panel:PublicUrl", "loopback", "http://localhost:8080")]
    public void A_wrong_setting_stops_the_start_with_its_key_and_what_is_expected(string key, string value, string named, string expected, string url = "https://panel.example")
    {
        var refused = Assert.Throws<OptionsValidationException>(() => Read(url, ("Mail:Transport", "smtp"), (key, value)));

        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
        Assert.Contains(expected == "loopback" ? "127.0.0.1" : expected, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://localhost:8080", "pickup", "relay.example")]
    [InlineData("http://localhost:8080", "smtp", "127.0.0.1")]
    [InlineData("http://localhost:8080", "smtp", "::1")]
    [InlineData("https://panel.example", "smtp", "relay.example")]
    public void While_the_address_is_not_https_mail_stays_on_the_machine(string url, string transport, string host) =>
        Assert.Equal(transport, Read(url, ("Mail:Transport", transport), ("Mail:Smtp:Host", host)).Transport);

    [Fact]
    public void A_password_never_crosses_the_net_in_the_clear() =>
        Assert.Contains("in the clear", Assert.Throws<OptionsValidationException>(() => Read("https://panel.example",
            ("Mail:Transport", "smtp"), ("Mail:Smtp:Host", "relay.example"), ("Mail:Smtp:User", "a"), ("Mail:Smtp:Password", "b"))).Message, StringComparison.Ordinal);

    [Fact]
    public void Mailkit_in_a_build_without_it_names_the_remedy()
    {
        if (MailTransports.Available.Contains(MailTransports.MailKit))
        {
            Assert.Equal("mailkit", Read("https://panel.example", ("Mail:Transport", "mailkit")).Transport);
            return;
        }

        Assert.Contains("UseMailKit", Assert.Throws<OptionsValidationException>(() => Read("https://panel.example", ("Mail:Transport", "mailkit"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_chosen_transport_is_what_is_given_out()
    {
        foreach (var transport in MailTransports.Available)
        {
            using var services = Services("https://panel.example", ("Mail:Transport", transport));
            Assert.Equal(transport, services.GetRequiredService<IMailTransport>().Name);
        }
    }

    private static MailOptions Read(string url, params (string Key, string Value)[] settings)
    {
        using var services = Services(url, settings);
        return services.GetRequiredService<IOptions<MailOptions>>().Value;
    }

    private static ServiceProvider Services(string url, params (string Key, string Value)[] settings)
    {
        Dictionary<string, string?> values = new() { ["Panel:PublicUrl"] = url, ["Panel:Data"] = Path.GetTempPath() };
        foreach (var (key, value) in settings)
        {
            values[key] = value;
        }

        return new ServiceCollection().AddMail(new ConfigurationBuilder().AddInMemoryCollection(values).Build()).BuildServiceProvider();
    }
}
