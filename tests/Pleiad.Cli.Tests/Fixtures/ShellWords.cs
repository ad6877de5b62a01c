using System.Text;

namespace Pleiad.Cli.Tests.Fixtures;

/// <summary>Splits a command line as a shell would, for the quotes that examples use; redirections are left out.</summary>
internal static class ShellWords
{
    public static IReadOnlyList<string> Split(string line)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var quoted = false;
        foreach (var c in line + " ")
        {
            if (c == '\'')
            {
                quoted = !quoted;
            }
            else if (c != ' ' || quoted)
            {
                word.Append(c);
            }
            else if (word.Length > 0)
            {
                words.Add(word.ToString());
                word.Clear();
            }
        }

        var redirection = words.FindIndex(each => each is "<" or ">");
        return redirection < 0 ? words : words[..redirection];
    }
}
