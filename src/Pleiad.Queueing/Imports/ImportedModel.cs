using System.Xml;
using System.Xml.Linq;
using Pleiad.Queueing.Documents;
using Pleiad.Queueing.Model;

namespace Pleiad.Queueing.Imports;

/// <summary>A model that another program wrote.</summary>
/// <param name="Model">What was understood.</param>
/// <param name="NotUnderstood">What was not, or was taken to be something near it.</param>
public sealed record ImportedModel(QueueingModel Model, IReadOnlyList<string> NotUnderstood);

/// <summary>Reads a model by its file's name: our own, .jsimg, .jsim and .jmva of JMT, .lqn, .lqnx and .xlqn of layered queueing networks.</summary>
public static class ModelReader
{
    /// <summary>Reads.</summary>
    /// <param name="text">The file's text.</param>
    /// <param name="subject">The file's name.</param>
    /// <exception cref="DocumentException">It cannot be used; with every problem.</exception>
    public static ImportedModel Read(string text, string subject)
    {
        switch (Path.GetExtension(subject).ToLowerInvariant())
        {
            case ".jsimg" or ".jsim" or ".jmt":
                return new JmtReader(Xml(text, subject), subject).Read();
            case ".jmva":
                return new JmvaReader(Xml(text, subject), subject).Read();
            case ".lqnx" or ".xlqn":
                return LqnBuilder.Build(LqnxReader.Read(Xml(text, subject), subject), subject);
            case ".lqn":
                return LqnBuilder.Build(LqnReader.Read(text, subject), subject);
            default:
                return new ImportedModel(ModelDocument.Parse(text, subject), []);
        }
    }

    private static XElement Xml(string text, string subject)
    {
        try
        {
            using var reader = XmlReader.Create(new StringReader(text), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = 16 << 20 });
            return XDocument.Load(reader, LoadOptions.SetLineInfo).Root!;
        }
        catch (XmlException error)
        {
            throw new DocumentException(subject, [new(error.LineNumber, "document", null, $"is no XML ({error.Message})", "give the file as its program wrote it")], error);
        }
    }
}
