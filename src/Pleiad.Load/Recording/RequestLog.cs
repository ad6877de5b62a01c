using System.Globalization;
using System.Text;

namespace Pleiad.Load.Recording;

/// <summary>A line of CSV for every request. Workers write lines of their own into blocks, and blocks into the file.</summary>
internal sealed class RequestLog : IDisposable
{
    public const string Header = "intended_s,start_s,end_s,session,user,step,class,page,method,status,failure,bytes,latency_us,service_us,request_id,visit\n";

    private readonly FileStream _file;
    private readonly Lock _turn = new();

    public RequestLog(string path)
    {
        _file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 1);
        _file.Write(Encoding.ASCII.GetBytes(Header));
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
