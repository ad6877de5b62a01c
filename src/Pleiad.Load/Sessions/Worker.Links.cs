using System.Net;
using System.Runtime.InteropServices;
using Pleiad.Load.Http;
using Pleiad.Load.Recording;
using Pleiad.Load.Scenarios;

namespace Pleiad.Load.Sessions;

/// <content>Connections: opened, shared out, read, closed.</content>
internal sealed partial class Worker
{
    private const int ReadBytes = 64 * 1024;

    private readonly List<Link> _links = [];
    private readonly Stack<Link> _free = new();

    /// <summary>Shared connections without a request.</summary>
    private readonly Stack<Link> _idle = new();

    /// <summary>Requests that wait for a connection, in order; a request that is given up leaves.</summary>
    private readonly LinkedList<User> _waiting = new();
    private readonly byte[] _in = GC.AllocateArray<byte>(ReadBytes + AnswerReader.HeadBytesMax, pinned: true);
    private SocketAddress[]? _addresses;
    private int _open;
    private int _nextAddress;

    private bool IsShared => _plan.Connections == ConnectionUse.Shared;

    /// <summary>Sends a user's request on its connection, on a resting one, or on a new one; or lets it wait for one.</summary>
    private void TakeLink(User user, long now)
    {
        if (user.Link is { } own)
        {
            Send(own, user, now);
            return;
        }

        while (_idle.TryPop(out var resting))
        {
            if (resting.File >= 0)
            {
                resting.Owner = user;
                user.Link = resting;
                Send(resting, user, now);
                return;
            }

            _free.Push(resting);
        }

        if (_open >= _settings.Options.ConnectionsMax)
        {
            _window.Waited++;
            _waiting.AddLast(user);
            return;
        }

        OpenLink(user, now);
    }

    private void OpenLink(User user, long now)
    {
        _addresses ??= [.. _settings.Addresses.Select(address => address.Serialize())];
        var address = _addresses[_nextAddress++ % _addresses.Length];
        var error = Native.Connect((int)address.Family == (int)System.Net.Sockets.AddressFamily.InterNetworkV6 ? 10 : 2, address.Buffer.Span[..address.Size], out var file);
        if (error is not (0 or Native.InProgress))
        {
            if (file >= 0)
            {
                Native.Close(file);
            }

            Fail(user, IsOurs(error) ? RequestFailure.Sockets : RequestFailure.Connect, now);
            return;
        }

        if (!_free.TryPop(out var link))
        {
            link = new Link(_links.Count);
            _links.Add(link);
        }

        link.Generation++;
        (link.File, link.Owner, link.IsConnecting, link.WasUsed, link.Unsent, link.LeftoverLength) = (file, user, error != 0, false, null, 0);
        link.Reader.Reset();
        user.Link = link;
        _open++;
        _window.ConnectionsOpened++;
        if (Native.Watch(_epoll, file, unchecked((uint)(Native.EpollIn | Native.EpollOut | Native.EpollRdHup | Native.EpollEdge)), link.Data) != 0)
        {
            Fail(user, RequestFailure.Sockets, now);
        }
        else if (!link.IsConnecting)
        {
            Send(link, user, now);
        }
    }

    private static bool IsOurs(int error) =>
        error is Native.FilesProcess or Native.FilesSystem or Native.AddressUnavailable or Native.AddressInUse or Native.NoBuffers or Native.OutOfMemory;

    private void Send(Link link, User user, long now)
    {
        if (!TryWriteTarget(user) || !TryWriteRequest(user))
        {
            Fail(user, RequestFailure.Value, now);
            return;
        }

        link.Reader.Reset();
        var sent = Native.Send(link.File, _out.Span);
        if (sent < 0 && Marshal.GetLastPInvokeError() is not (Native.WouldBlock or Native.Interrupted))
        {
            OnBroken(link, user, now);
        }
        else if (Math.Max(0, sent) < _out.Length)
        {
            (link.Unsent, link.UnsentFrom) = (_out.Span.ToArray(), Math.Max(0, sent));
        }
    }

    private void SendMore(Link link, long now)
    {
        while (link.Unsent is { } unsent)
        {
            var sent = Native.Send(link.File, unsent.AsSpan(link.UnsentFrom));
            if (sent < 0)
            {
                if (Marshal.GetLastPInvokeError() is not (Native.WouldBlock or Native.Interrupted) && link.Owner is { } user)
                {
                    OnBroken(link, user, now);
                }

                return;
            }

            link.UnsentFrom += sent;
            link.Unsent = link.UnsentFrom < unsent.Length ? unsent : null;
        }
    }

    private void OnLink(uint events, ulong data)
    {
        var link = _links[(int)(uint)data];
        if (link.Generation != (uint)(data >> 32) || link.File < 0)
        {
            return;
        }

        if (link.IsConnecting)
        {
            if ((events & (Native.EpollOut | Native.EpollErr | Native.EpollHup)) == 0)
            {
                return;
            }

            var error = Native.ErrorOf(link.File);
            link.IsConnecting = false;
            if (error != 0)
            {
                Fail(link.Owner!, IsOurs(error) ? RequestFailure.Sockets : RequestFailure.Connect, Now);
                return;
            }

            Send(link, link.Owner!, Now);
        }
        else if ((events & Native.EpollOut) != 0 && link.Unsent is not null)
        {
            SendMore(link, Now);
        }

        if ((events & ~(uint)Native.EpollOut) != 0 && link.File >= 0 && link.Generation == (uint)(data >> 32))
        {
            Receive(link, isEnding: (events & (Native.EpollRdHup | Native.EpollHup | Native.EpollErr)) != 0);
        }
    }

    private void Receive(Link link, bool isEnding)
    {
        if (link.Owner is not { IsAsking: true } user)
        {
            // Nothing is due on it: the server closed it, or speaks unasked.
            CloseLink(link);
            return;
        }

        while (true)
        {
            var have = link.LeftoverLength;
            link.Leftover.AsSpan(0, have).CopyTo(_in);
            var room = _in.AsSpan(have, ReadBytes);
            var count = Native.Receive(link.File, room);
            var now = Now;
            if (count <= 0)
            {
                OnNothing(link, user, count, now);
                return;
            }

            var bytes = _in.AsSpan(0, have + count);
            var complete = link.Reader.Read(bytes, user.Method == "HEAD", user.Page!.NeedsBody, user, out var used, out var body);
            if (complete is null)
            {
                Fail(user, RequestFailure.Protocol, now);
                return;
            }

            if (complete.Value)
            {
                OnComplete(link, user, body, keeps: link.Reader.KeepsConnection && used == bytes.Length, now);
                return;
            }

            Keep(link, bytes[used..]);
            if (count < room.Length && !isEnding)
            {
                return;
            }
        }
    }

    private void OnNothing(Link link, User user, int count, long now)
    {
        if (count < 0 && Marshal.GetLastPInvokeError() is Native.WouldBlock or Native.Interrupted)
        {
            return;
        }

        if (count == 0 && link.Reader.EndsHere())
        {
            OnComplete(link, user, link.Reader.KeptBody, keeps: false, now);
        }
        else
        {
            OnBroken(link, user, now);
        }
    }

    private static void Keep(Link link, ReadOnlySpan<byte> rest)
    {
        if (link.Leftover.Length < rest.Length)
        {
            link.Leftover = new byte[Math.Max(rest.Length, 4096)];
        }

        rest.CopyTo(link.Leftover);
        link.LeftoverLength = rest.Length;
    }

    private void OnComplete(Link link, User user, ReadOnlySpan<byte> body, bool keeps, long now)
    {
        var (status, bytes) = (link.Reader.Status, link.Reader.BodyBytes);
        link.WasUsed = true;
        link.LeftoverLength = 0;
        if (!keeps)
        {
            CloseLink(link);
        }
        else if (IsShared)
        {
            link.Owner = null;
            user.Link = null;
            _idle.Push(link);
        }

        OnAnswer(user, status, body, bytes, now);
        ServeWaiting(now);
    }

    /// <summary>Gives connections that became free, by an answer, a failure or the end of a session, to the requests that wait for one.</summary>
    private void ServeWaiting(long now)
    {
        while (_waiting.First is { } first && (_idle.Count > 0 || _open < _settings.Options.ConnectionsMax))
        {
            _waiting.RemoveFirst();
            first.Value.Started = now;
            TakeLink(first.Value, now);
        }
    }

    /// <summary>The connection broke. One that had rested may have been closed before the request arrived: as browsers do, it is sent once more on a new one.</summary>
    private void OnBroken(Link link, User user, long now)
    {
        var again = link.WasUsed && !link.Reader.HasBegun && link.LeftoverLength == 0 && !user.WasRetried && user.Page!.IsIdempotent;
        CloseLink(link);
        if (again)
        {
            user.WasRetried = true;
            TakeLink(user, now);
        }
        else
        {
            Fail(user, RequestFailure.Broken, now);
        }
    }

    private void CloseLink(Link link)
    {
        if (link.File < 0)
        {
            return;
        }

        Native.Close(link.File);
        link.File = -1;
        _open--;
        var wasIdle = link.Owner is null;
        if (link.Owner is { } owner)
        {
            owner.Link = null;
            link.Owner = null;
        }

        if (!wasIdle)
        {
            // One that rested is still on the stack of those; it is found closed there.
            _free.Push(link);
        }
    }
}
