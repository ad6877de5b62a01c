namespace LinuxPrimes;

/// <summary>What this machine has that no other may have: its address, fresh random bytes of the kernel, and the time.</summary>
internal static class Identity
{
    public static async Task AnswerAsync(HttpContext context)
    {
        var random = new byte[16];
        await using (var kernel = new FileStream("/dev/urandom", FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0))
        {
            await kernel.ReadExactlyAsync(random, context.RequestAborted);
        }

        context.Response.Headers.CacheControl = "no-store";
        var nanoseconds = (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks * 100;
        var answer = new IdentityAnswer(context.Connection.LocalIpAddress?.MapToIPv4().ToString(), Convert.ToHexStringLower(random), nanoseconds);
        await Json.AnswerAsync(context, answer, JsonForms.Default.IdentityAnswer);
    }
}
