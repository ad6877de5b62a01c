namespace Pleiad.Machines.Tests.Guests;

/// <summary>What tests make once and keep with the build's artifacts.</summary>
internal static class KeptFiles
{
    /// <summary>Has the directory made if it is not there: beside its place, and moved there whole, since several test processes may make it at once.</summary>
    /// <returns>The directory.</returns>
    public static async Task<string> GetAsync(string kept, Func<string, Task> make)
    {
        if (!Directory.Exists(kept))
        {
            var made = Directory.CreateDirectory($"{kept}.{Environment.ProcessId}").FullName;
            await make(made);
            if (Directory.Exists(kept))
            {
                Directory.Delete(made, recursive: true);
            }
            else
            {
                Directory.Move(made, kept);
            }
        }

        return kept;
    }
}
