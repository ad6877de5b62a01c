using System.Net.Sockets;
using System.Text;
using Pleiad.Machines.Qemu;

namespace Pleiad.Machines.Cloning;

/// <summary>A machine's serial line, connected: lines to the guest and lines from it. What comes from it is logged by QEMU besides.</summary>
internal sealed class SerialLine : IDisposable
{
    private const int LineBytesMax = 4096;

    private readonly NetworkStream _stream;
    private readonly byte[] _buffer = new byte[LineBytesMax];
    private int _length;

    private SerialLine(NetworkStream stream) => _stream = stream;

    /// <summary>Connects to the socket at a path.</summary>
    /// <exception cref="SocketException">Nobody listens there.</exception>
    public static async Task<SerialLine> ConnectAsync(string path, CancellationToken cancellation) => new(await UnixSocket.ConnectAsync(path, cancellation));

    /// <summary>Writes a line; it waits in the socket while the machine is stopped.</summary>
    public Task WriteAsync(string line, CancellationToken cancellation) => BeginAsync(line + "\n", cancellation);

    /// <summary>Writes the beginning of a line; the next write goes on with it.</summary>
    public async Task BeginAsync(string beginning, CancellationToken cancellation) => await _stream.WriteAsync(Encoding.ASCII.GetBytes(beginning), cancellation);

    /// <summary>Reads until a line with this text has come.</summary>
    /// <exception cref="IOException">The line was closed, or it did not come in time.</exception>
    public async Task ExpectAsync(string text, TimeSpan timeMax, TimeProvider time, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(timeMax, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        var wanted = Encoding.ASCII.GetBytes(text);
        try
        {
            while (!Take(wanted))
            {
                var count = await _stream.ReadAsync(_buffer.AsMemory(_length), both.Token);
                _length += count > 0 ? count : throw new IOException("the serial line was closed");
            }
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new IOException($"the guest did not say '{text}' within {timeMax.TotalSeconds:0.###} s", e);
        }
    }

    public void Dispose() => _stream.Dispose();

    /// <summary>Takes whole lines out of the buffer up to the wanted one; of a line that is too long the beginning is dropped.</summary>
    private bool Take(ReadOnlySpan<byte> wanted)
    {
        int end;
        while ((end = _buffer.AsSpan(0, _length).IndexOf((byte)'\n')) >= 0)
        {
            var found = _buffer.AsSpan(0, end).TrimEnd((byte)'\r').EndsWith(wanted);
            _buffer.AsSpan(end + 1, _length - end - 1).CopyTo(_buffer);
            _length -= end + 1;
            if (found)
            {
                return true;
            }
        }

        _length = _length == _buffer.Length ? 0 : _length;
        return false;
    }
}
