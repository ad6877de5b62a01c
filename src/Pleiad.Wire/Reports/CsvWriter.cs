using System.Globalization;
using System.Text;
using Pleiad.Wire.Decomposition;
using Pleiad.Wire.Schemes;

namespace Pleiad.Wire.Reports;

/// <summary>requests.csv (RFC 4180): a line for each front request. Schemes with more than three depths, or with several tiers at one, have further columns at the end.</summary>
internal sealed class CsvWriter(string file) : IRequestWriter
{
    private const int NamedDepths = 3;

    private readonly StreamWriter _out = new(file, append: false, new UTF8Encoding(false), 1 << 16) { NewLine = "\n" };
    private readonly StringBuilder _line = new();
    private int _depths;
    private int[] _sharing = [];

    public void Begin(TierMap map)
    {
        _depths = map.Depth.Max() + 1;
        _line.Append("client,start,method,uri,class,status,T1_ms,T2_ms,T3_ms,H_ms,T_ms,D_ms,calls,posterior_T2,posterior_T3,validation_ms");
        for (var depth = NamedDepths; depth < _depths; depth++)
        {
            _line.Append(CultureInfo.InvariantCulture, $",T{depth + 1}_ms,own{depth + 1}_ms,posterior_T{depth + 1}");
        }

        _sharing = [.. Enumerable.Range(0, map.Count).Where(tier => map.Depth.Count(depth => depth == map.Depth[tier]) > 1)];
        foreach (var tier in _sharing)
        {
            _line.Append(CultureInfo.InvariantCulture, $",{map.Scheme.Tiers[tier].Name}_ms,{map.Scheme.Tiers[tier].Name}_own_ms");
        }

        End();
    }

    public void Write(RequestTimes times)
    {
        var exchange = times.Exchange;
        _line.Append(CultureInfo.InvariantCulture, $"{exchange.Conversation.Client},{EpochSeconds(exchange.StartNs)},");
        Text(exchange.Method);
        Text(exchange.Uri);
        Text(times.Class);
        _line.Append(CultureInfo.InvariantCulture, $"{exchange.Status}");
        for (var depth = 0; depth < NamedDepths; depth++)
        {
            Number(depth < _depths ? times.Residence[depth] : null);
        }

        for (var depth = 0; depth < NamedDepths; depth++)
        {
            Number(depth < _depths ? times.Own[depth] : null);
        }

        _line.Append(CultureInfo.InvariantCulture, $",{times.Calls}");
        for (var depth = 1; depth < NamedDepths; depth++)
        {
            Number(depth < _depths ? times.Posterior[depth] : null, "0.####");
        }

        Number(times.ValidationMs);
        for (var depth = NamedDepths; depth < _depths; depth++)
        {
            Number(times.Residence[depth]);
            Number(times.Own[depth]);
            Number(times.Posterior[depth], "0.####");
        }

        foreach (var tier in _sharing)
        {
            Number(times.TierResidence[tier]);
            Number(times.TierOwn[tier]);
        }

        End();
    }

    public void End()
    {
        if (_line.Length > 0)
        {
            _out.Write(_line.Append('\n'));
            _line.Clear();
        }
        else
        {
            _out.Flush();
        }
    }

    public void Dispose() => _out.Dispose();

    /// <summary>Seconds since 1970 with all digits of the capture's clock, which a binary fraction cannot hold.</summary>
    public static string EpochSeconds(long ns) => string.Create(CultureInfo.InvariantCulture, $"{ns / 1_000_000_000}.{ns % 1_000_000_000:D9}");

    private void Number(double? value, string format = "0.######")
    {
        _line.Append(',');
        if (value is { } known)
        {
            _line.Append(known.ToString(format, CultureInfo.InvariantCulture));
        }
    }

    private void Text(string text)
    {
        if (text.AsSpan().IndexOfAny(",\"\r\n") >= 0)
        {
            _line.Append('"').Append(text.Replace("\"", "\"\"", StringComparison.Ordinal)).Append("\",");
        }
        else
        {
            _line.Append(text).Append(',');
        }
    }
}
