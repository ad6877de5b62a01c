using System.Net;

namespace Pleiad.Gateway.Transport;

/// <summary>An answer's body as <see cref="HttpContent"/>; read once, as it comes.</summary>
internal sealed class AnswerContent : HttpContent
{
    private AnswerStream? _stream;

    public void Attach(AnswerStream stream) => _stream = stream;

    protected override Task<Stream> CreateContentReadStreamAsync() => Task.FromResult<Stream>(Attached);

    protected override Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) => Task.FromResult<Stream>(Attached);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => Attached.CopyToAsync(stream);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        Attached.CopyToAsync(stream, cancellationToken);

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _stream?.Dispose();
        }

        base.Dispose(disposing);
    }

    private AnswerStream Attached => _stream ?? throw new InvalidOperationException("The answer has no body yet.");
}
