using System.Text;
using Pleiad.Core.Documents;

namespace Pleiad.Cli.Running;

/// <summary>Files that a command is given; '-' is standard input.</summary>
internal static class InputFile
{
    public static async Task<string> ReadTextAsync(Terminal terminal, string option, string file, long bytesMax, CancellationToken cancellation)
    {
        var bytes = await ReadAsync(terminal, option, file, bytesMax, cancellation);
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes).TrimStart('\ufeff');
        }
        catch (DecoderFallbackException error)
        {
            throw new InvalidInputException(option, new InputProblem(file, null, "is no text in UTF-8", "give a text file"), error);
        }
    }

    public static async Task<byte[]> ReadAsync(Terminal terminal, string option, string file, long bytesMax, CancellationToken cancellation)
    {
        try
        {
            await using var source = file == "-" ? terminal.Input : File.OpenRead(file);
            using var read = new MemoryStream();
            var buffer = new byte[64 * 1024];

            // A read of a terminal or pipe cannot be cancelled; the wait for it can.
            while (await source.ReadAsync(buffer, CancellationToken.None).AsTask().WaitAsync(cancellation) is > 0 and var count)
            {
                if (read.Length + count > bytesMax)
                {
                    throw new InvalidInputException(option, new InputProblem(file, null, "is too large", $"give at most {ByteSize.Format(bytesMax)}"));
                }

                read.Write(buffer, 0, count);
            }

            return read.ToArray();
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InvalidInputException(option, new InputProblem(file, null, "does not exist", "give a readable file, or '-' for stdin"), error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException(option, new InputProblem(file, null, $"cannot be read ({error.Message.TrimEnd('.')})", "give a readable file, or '-' for stdin"), error);
        }
    }
}
