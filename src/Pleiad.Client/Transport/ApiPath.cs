using System.Globalization;
using System.Text;

namespace Pleiad.Client.Transport;

/// <summary>Builds the path and query of a call; every given part is escaped, absent parameters are left out.</summary>
internal sealed class ApiPath
{
    private readonly StringBuilder _text = new("api/v1");
    private char _next = '?';

    public ApiPath(params ReadOnlySpan<string> segments)
    {
        foreach (var segment in segments)
        {
            _text.Append('/').Append(Uri.EscapeDataString(segment));
        }
    }

    public ApiPath With(string parameter, string? value)
    {
        if (value is not null)
        {
            _text.Append(_next).Append(parameter).Append('=').Append(Uri.EscapeDataString(value));
            _next = '&';
        }

        return this;
    }

    public ApiPath With(string parameter, long? value) => With(parameter, value?.ToString(CultureInfo.InvariantCulture));

    public override string ToString() => _text.ToString();
}
