using System.Text;
using Pleiad.Load.Http;
using Shouldly;
using Xunit;

namespace Pleiad.Load.Tests.Http;

public sealed class CookieJarTests
{
    private readonly Clock _clock = new();

    [Theory]
    [InlineData("a=1", "/shop/login", "/shop/x", true)]
    [InlineData("a=1", "/shop/login?back=/news/y", "/shop/x", true)]
    [InlineData("a=1", "/login?back=/news/y", "/x", true)]
    [InlineData("a=1", "/shop/login", "/shopping", false)]
    [InlineData("a=1", "/shop/login", "/", false)]
    [InlineData("a=1; Path=/", "/shop/login", "/other?q=/z", true)]
    [InlineData("a=1; Path=/shop", "/shop/login", "/shop?q=1", true)]
    [InlineData("a=1; Path=", "/shop/login", "/shop/x", true)]
    [InlineData("a=1; path=/other; HttpOnly; SameSite=Lax", "/shop/login", "/shop/x", false)]
    [InlineData("a=1; Max-Age=0; Path=/", "/", "/", false)]
    [InlineData("a=1; Max-Age=-1", "/", "/", false)]
    [InlineData("a=1; Max-Age=60", "/", "/", true)]
    [InlineData("a=1; Max-Age=060", "/", "/", true)]
    [InlineData("a=1; Max-Age=99999999999999", "/", "/", true)]
    [InlineData("a=1; Max-Age=soon", "/", "/", true)]
    [InlineData("a=1; Expires=Wed, 21 Oct 2015 07:28:00 GMT", "/", "/", false)]
    [InlineData("a=1; expires=Thu, 01-Jan-1970 00:00:01 GMT", "/", "/", false)]
    [InlineData("a=1; Expires=Sun, 21-Nov-2055 07:28:00 GMT", "/", "/", true)]
    [InlineData("a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:01 GMT", "/", "/", true)]
    [InlineData("a=1; Expires=Sun, 21 Nov 2055 07:28:00 GMT; Max-Age=0", "/", "/", false)]
    [InlineData("a=1; Secure; Domain=shop.test", "/", "/", true)]
    [InlineData("a", "/", "/", false)]
    public void A_cookie_comes_back_where_and_as_long_as_it_was_meant_to(string header, string setBy, string askedFor, bool comes)
    {
        var jar = new CookieJar(_clock);
        jar.Set(Encoding.ASCII.GetBytes(header), Encoding.ASCII.GetBytes(setBy));

        Written(jar, askedFor).ShouldBe(comes ? "a=1" : "");
    }

    [Fact]
    public void A_cookie_is_over_in_the_middle_of_a_session_when_its_age_is()
    {
        var jar = new CookieJar(_clock);
        jar.Set("short=1; Max-Age=10"u8, "/"u8);
        jar.Set("long=1; Max-Age=100"u8, "/"u8);
        _clock.Now += TimeSpan.FromSeconds(9);
        Written(jar, "/").ShouldBe("short=1; long=1");
        _clock.Now += TimeSpan.FromSeconds(2);
        Written(jar, "/").ShouldBe("long=1");
    }

    [Fact]
    public void Longer_paths_come_first_and_what_is_set_again_or_taken_back_is_so()
    {
        var jar = new CookieJar(_clock);
        jar.Set("id=all; Path=/"u8, "/"u8);
        jar.Set("id=shop; Path=/shop"u8, "/"u8);
        jar.Set("x=1; Path=/"u8, "/"u8);
        Written(jar, "/shop/a").ShouldBe("id=shop; id=all; x=1");

        jar.Set("id=new; Path=/"u8, "/"u8);
        Written(jar, "/shop/a").ShouldBe("id=shop; id=new; x=1");
        jar.Set("id=; Path=/shop; Expires=Sat, 21 Nov 2026 00:00:00 GMT"u8, "/"u8);
        Written(jar, "/shop/a").ShouldBe("id=new; x=1");
    }

    private static string Written(CookieJar jar, string target)
    {
        var buffer = new ByteBuffer();
        jar.Write(buffer, Encoding.ASCII.GetBytes(target));
        return Encoding.ASCII.GetString(buffer.Span);
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 11, 22, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
