using Pleiad.Load.Http;
using Pleiad.Load.Recording;

namespace Pleiad.Load.Sessions;

/// <content>Answers of the runtime's client.</content>
internal sealed partial class Worker
{
    private void OnSystemAnswer(SystemAnswer answer)
    {
        var user = answer.User;
        if (!user.IsAsking || user.System?.Number != answer.Number)
        {
            return;
        }

        if (answer.Failure != RequestFailure.None)
        {
            Fail(user, answer.Failure, answer.End);
            return;
        }

        foreach (var (name, value) in answer.Headers)
        {
            user.OnHeader(name, value);
        }

        OnAnswer(user, answer.Status, answer.Body, answer.Body.Length, answer.End);
    }
}
