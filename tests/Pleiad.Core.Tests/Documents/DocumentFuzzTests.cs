using Pleiad.Core.Documents;
using Pleiad.Core.Services;
using Shouldly;
using Xunit;

namespace Pleiad.Core.Tests.Documents;

/// <summary>Whatever a document holds, the answer is a service or <see cref="InvalidInputException"/>.</summary>
public sealed class DocumentFuzzTests
{
    private const string Full = """
        # a service
        name: primes
        image: &i primes-unikernel
        slots: 5
        machinesMin: 2
        machinesMax: 8
        idleTimeout: 10m
        addressReservation: "1m"
        hangTimeout: 'ten'
        queue: { limit: 1000, deadline: 30s }
        other: [a, *i, ? b, !!int "7", |
          block
          , >-
          folded
          ]
        """;

    private static readonly string[] Fragments =
    [
        ":", ": ", "- ", "[", "]", "{", "}", "&a ", "*a", "!!int ", "!<", "%YAML 1.2\n", "---\n", "...\n", "\n", "\t", "  ", "'", "\"", "|", ">", "?", "\\", "\\U0010FFFF", "\\UFFFFFFFF", "\\x",
        "\0", "\u0085", "\u2028", "\uFEFF", "\uD800", "😀", "<<: *a", "~", "null", "0x7f", "1e9", "-9223372036854775808", "999999999999999999999d", "%TAG ! tag:x,2000:\n", "@", "`", "#", ",",
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_changed_document_is_read_or_refused(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 5_000; round++)
        {
            var text = Full;
            for (var changes = random.Next(1, 8); changes > 0; changes--)
            {
                text = Changed(text, random);
            }

            try
            {
                ServiceDocument.Parse(text);
            }
            catch (InvalidInputException refused)
            {
                refused.Problems.ShouldNotBeEmpty();
            }
            catch (Exception other)
            {
                throw new InvalidOperationException($"seed {seed}, round {round}:\n{text}", other);
            }
        }
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public void A_document_of_random_fragments_is_read_or_refused(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 5_000; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 60)).Select(_ => random.Next(3) == 0 ? "name" : Fragments[random.Next(Fragments.Length)]));
            try
            {
                ServiceDocument.Parse(text);
            }
            catch (InvalidInputException)
            {
                // The expected answer to nearly all of them.
            }
            catch (Exception other)
            {
                throw new InvalidOperationException($"seed {seed}, round {round}:\n{text}", other);
            }
        }
    }

    private static string Changed(string text, Random random)
    {
        var at = random.Next(text.Length + 1);
        var length = random.Next(Math.Min(20, text.Length - at) + 1);
        return random.Next(5) switch
        {
            0 => text.Remove(at, length),
            1 => text.Insert(at, text.Substring(at, length)),
            2 => text.Insert(at, ((char)random.Next(1, random.Next(4) == 0 ? 0xFFFF : 0x7F)).ToString()),
            3 => text[..at],
            _ => text.Insert(at, Fragments[random.Next(Fragments.Length)]),
        };
    }
}
