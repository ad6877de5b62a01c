using System.Globalization;
using Pleiad.Core.Documents;
using Pleiad.Load.Scenarios;

namespace Pleiad.Cli.Load;

/// <summary>What the commands of <c>load</c> are given, read.</summary>
internal static class LoadGiven
{
    public static double? Rate(string text) => LoadPlan.TryParseRate(text, out var rate) && rate > 0 ? rate : null;

    public static double? Number(string text, int min, int max) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max ? value : null;

    public static double? Factor(string text) => double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value is >= 0 and <= 1000 ? value : null;

    public static Uri? Url(string text) => Uri.TryCreate(text, UriKind.Absolute, out var url) && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps) ? url : null;

    public static async Task WriteAsync(string option, string file, string text, CancellationToken cancellation)
    {
        try
        {
            await File.WriteAllTextAsync(file, text, cancellation);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(option, file, error);
        }
    }

    /// <summary>Tries whether a file can be written; what is in it stays.</summary>
    public static void RequireWritable(string option, string file)
    {
        try
        {
            var isThere = File.Exists(file);
            using (File.Open(file, FileMode.OpenOrCreate, FileAccess.Write))
            {
            }

            if (!isThere)
            {
                File.Delete(file);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(option, file, error);
        }
    }

    private static InvalidInputException Unwritable(string option, string file, Exception error) =>
        new(option, new InputProblem("file", file, $"cannot be written ({error.Message.TrimEnd('.')})", "give a file that can be"), error);
}
