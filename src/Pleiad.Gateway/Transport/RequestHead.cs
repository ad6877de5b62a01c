using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Pleiad.Core.Identity;

namespace Pleiad.Gateway.Transport;

/// <summary>The head of a request in bytes, in a rented buffer; checked so that no text in it can end a line.</summary>
internal sealed class RequestHead : IDisposable
{
    private static readonly SearchValues<char> Target = SearchValues.Create(Enumerable.Range(0x21, 0x7E - 0x21 + 1).Select(code => (char)code).ToArray());

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(1024);
    private int _length;

    private RequestHead()
    {
    }

    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, _length);

    /// <summary>Length of the body when it is known; null for a chunked one and for none.</summary>
    public long? BodyLength { get; private set; }

    /// <exception cref="HttpRequestException">It cannot be written as HTTP/1.1.</exception>
    public static RequestHead Write(HttpRequestMessage request, MachineAddress address)
    {
        var head = new RequestHead();
        try
        {
            head.WriteAll(request, address);
            return head;
        }
        catch
        {
            head.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        var buffer = _buffer;
        _buffer = [];
        _length = 0;
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void WriteAll(HttpRequestMessage request, MachineAddress address)
    {
        var target = request.RequestUri is { IsAbsoluteUri: true } uri ? uri.PathAndQuery : throw new HttpRequestException("The request has no absolute URI.");
        if (target.AsSpan().IndexOfAnyExcept(Target) >= 0)
        {
            throw new HttpRequestException("The request's path has characters that need escaping.");
        }

        Add(request.Method.Method);
        Add(" "u8);
        Add(target);
        Add(" HTTP/1.1\r\n"u8);
        if (request.Headers.Host is not { Length: > 0 } host)
        {
            host = address.ToString();
        }

        AddHeader("Host", host);
        var upgrades = AddHeaders(request.Headers, skipHost: true);
        if (request.Content is { } content)
        {
            AddHeaders(content.Headers, skipHost: false);
            BodyLength = content.Headers.ContentLength;
            if (BodyLength is { } length)
            {
                AddHeader("Content-Length", length.ToString(CultureInfo.InvariantCulture));
            }
            else
            {
                Add("Transfer-Encoding: chunked\r\n"u8);
            }
        }
        else if (!upgrades && (request.Method == HttpMethod.Post || request.Method == HttpMethod.Put || request.Method == HttpMethod.Patch))
        {
            Add("Content-Length: 0\r\n"u8);
        }

        Add("\r\n"u8);
    }

    /// <summary>Adds all but the framing, which is this class's own business.</summary>
    /// <returns>Whether a Connection header went along, which only a request to upgrade has.</returns>
    private bool AddHeaders(HttpHeaders headers, bool skipHost)
    {
        var upgrades = false;
        foreach (var (name, values) in headers.NonValidated)
        {
            if ((skipHost && name.Equals("Host", StringComparison.OrdinalIgnoreCase))
                || name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)
                || name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            upgrades |= name.Equals("Connection", StringComparison.OrdinalIgnoreCase);
            foreach (var value in values)
            {
                AddHeader(name, value);
            }
        }

        return upgrades;
    }

    private void AddHeader(string name, string value)
    {
        if (value.AsSpan().ContainsAny('\r', '\n', '\0'))
        {
            throw new HttpRequestException($"The request's header {name} holds a line break.");
        }

        Add(name);
        Add(": "u8);
        Add(value);
        Add("\r\n"u8);
    }

    /// <summary>Adds text as Latin-1, the encoding in which the gateway reads it, so that its bytes stay as they are.</summary>
    private void Add(string text)
    {
        Ensure(text.Length);
        if (Encoding.Latin1.GetBytes(text, _buffer.AsSpan(_length)) is var count && text.AsSpan().IndexOfAnyExceptInRange('\0', '\u00FF') >= 0)
        {
            throw new HttpRequestException("The request's head holds characters beyond Latin-1.");
        }

        _length += count;
    }

    private void Add(ReadOnlySpan<byte> bytes)
    {
        Ensure(bytes.Length);
        bytes.CopyTo(_buffer.AsSpan(_length));
        _length += bytes.Length;
    }

    private void Ensure(int more)
    {
        if (_buffer.Length - _length >= more)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, _length + more));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
