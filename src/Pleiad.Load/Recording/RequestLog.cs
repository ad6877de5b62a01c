using System.Globalization;
using System.Text;
using Pleiad.Core.Documents;

namespace Pleiad.Load.Recording;

/// <summary>A line of CSV for every request. Workers write lines of their own into blocks, and blocks into the file.</summary>
internal sealed class RequestLog : IDisposable
{
    public const string Header = "intended_s,start_s,end_s,session,user,step,class,page,method,status,failure,bytes,latency_us,service_us,request_id,visit\n";

    private readonly FileStream _file;
    private readonly Lock _turn = new();

    private RequestLog(FileStream file) => _file = file;

    /// <exception cref="InvalidInputException">The file cannot be written.</exception>
    public static RequestLog Open(string path)
    {
        try
        {
            var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 1);
            file.Write(Encoding.ASCII.GetBytes(Header));
            return new RequestLog(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException("--csv", new InputProblem("file", path, $"cannot be written ({error.Message.TrimEnd('.')})", "give a file that can be"), error);
        }
    }

    public void Write(ReadOnlySpan<byte> block)
    {
        lock (_turn)
        {
            _file.Write(block);
        }
    }

    public void Dispose() => _file.Dispose();

    /// <summary>A field, in quotes when it needs them.</summary>
    public static string Field(string text) =>
        text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : string.Create(CultureInfo.InvariantCulture, $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"");
}
