using System.CommandLine;
using Pleiad.Client;
using Pleiad.Core.Documents;

namespace Pleiad.Cli.Running;

/// <summary>Where the server is: <c>--server</c>, <c>--token-file</c> and their environment variables.</summary>
internal static class Connection
{
    public const string DefaultServer = "http://127.0.0.1:7070";

    public static readonly Option<string?> Server =
        Made("--server", "URL", $"Address of the server (env PLEIAD_SERVER; {DefaultServer} unless given).");

    public static readonly Option<string?> TokenFile =
        Made("--token-file", "FILE", "File that holds the server's token (env PLEIAD_TOKEN: the token itself).");

    /// <summary>Adds the options to a command and all below it.</summary>
    public static T AddTo<T>(T command)
        where T : Command
    {
        command.Add(Server);
        command.Add(TokenFile);
        return command;
    }

    public static PleiadClient Open(Terminal terminal, ParseResult given, PleiadClientOptions? options = null)
    {
        var fromEnvironment = terminal.Environment("PLEIAD_SERVER") is { Length: > 0 } set ? set : null;
        var address = given.GetValue(Server) ?? fromEnvironment ?? DefaultServer;
        if (!Uri.TryCreate(address, UriKind.Absolute, out var server) || (server.Scheme != Uri.UriSchemeHttp && server.Scheme != Uri.UriSchemeHttps))
        {
            var source = given.GetValue(Server) is null ? "PLEIAD_SERVER" : "--server";
            throw new InvalidInputException(source, new InputProblem("address", address, "is no address of a server", $"give one such as {DefaultServer}"));
        }

        return new PleiadClient(server, Token(terminal, given.GetValue(TokenFile)), options, terminal.Time);
    }

    /// <summary>For commands that watch: a restart of the server is ridden out.</summary>
    public static PleiadClientOptions Patient()
    {
        var options = new PleiadClientOptions();
        options.Retries = options.FollowRetries;
        return options;
    }

    /// <summary>The token in the file, or the one in the environment, or none.</summary>
    public static string? Token(Terminal terminal, string? file)
    {
        if (file is null)
        {
            return terminal.Environment("PLEIAD_TOKEN") is { Length: > 0 } token ? Checked("PLEIAD_TOKEN", token) : null;
        }

        try
        {
            return Checked("--token-file", File.ReadAllText(file));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException("--token-file", new InputProblem(file, null, $"cannot be read ({error.Message})", "give a readable file that holds the token"), error);
        }
    }

    private static string Checked(string source, string text)
    {
        var token = text.Trim();
        return token.Length is > 0 and <= 4096 && token.All(c => c is > ' ' and < '\x7f')
            ? token
            : throw new InvalidInputException(source, new InputProblem("token", null, "is empty, too long or has other characters than letters, digits and signs", "give one line of at most 4096 printable characters"));
    }

    private static Option<string?> Made(string name, string helpName, string description)
    {
        var option = Given.Text(name, helpName, description);
        option.Recursive = true;
        return option;
    }
}
