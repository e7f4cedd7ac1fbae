using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Panel.Tests.Doors;

public sealed class BrokenFormTests : IDisposable
{
    private readonly PanelApp app = new();

    [Theory]
    [InlineData("/p/x", "application/x-www-form-urlencoded", "name=a%00b")]
    [InlineData("/p/x", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"na")]
    [InlineData("/c/x", "multipart/form-data; boundary=x", "nothing like it")]
    [InlineData("/c/x", "application/x-www-form-urlencoded", "a=%00")]
    public async Task Class_19_a_form_that_cannot_be_read_is_refused_in_words(string path, string kind, string text)
    {
        using var client = app.Visitor();
        using var body = new StringContent(text, Encoding.UTF8);
        body.Headers.ContentType = MediaTypeHeaderValue.Parse(kind);
        using var answer = await client.PostAsync(path, body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("That did not arrive whole.", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    public void Dispose() => app.Dispose();
}
