using System.Buffers;
using Pleiad.Wire.Tcp;

namespace Pleiad.Wire.Protocols;

/// <summary>
/// A conversation of messages: hands whole units (a head, a chunk line, a message) to the protocol, passes over bodies by their length without keeping them, and looks for the
/// next message after a gap. Bytes are copied only when a unit crosses segments.
/// </summary>
internal abstract class FramedConversation(int clientSide, ProtocolAccount account) : IByteConversation
{
    /// <summary>A unit that is longer is not understood.</summary>
    protected const int UnitBytesMax = 128 * 1024;

    // Units that are not whole yet, over all connections of a protocol: against many connections that each send half a message.
    private const long KeptBytesMax = 32 << 20;

    /// <summary>Returned by <see cref="Unit"/> for a unit that is not whole yet.</summary>
    protected const int NeedMore = 0;

    /// <summary>Returned by <see cref="Unit"/> for what is no message.</summary>
    protected const int NotUnderstood = -1;

    /// <summary>Passed to <see cref="PassOver(Role, long)"/> for all that follows.</summary>
    protected const long Everything = long.MaxValue;

    private Reader _client;
    private Reader _server;

    protected ProtocolAccount Account { get; } = account;

    public void Data(int side, ReadOnlySpan<byte> data, long timeNs)
    {
        var role = RoleOf(side);
        ref var reader = ref Of(role);
        while (data.Length > 0)
        {
            if (reader.PassOver > 0)
            {
                PassOver(role, ref reader, ref data, timeNs);
            }
            else if (reader.IsLost && !IsBegin(role, data))
            {
                Account.BytesNotParsed += data.Length;
                return;
            }
            else
            {
                Read(role, ref reader, ref data, timeNs);
            }
        }
    }

    public void Gap(int side, long bytes, long timeNs)
    {
        var role = RoleOf(side);
        ref var reader = ref Of(role);
        if (reader.PassOver == Everything)
        {
            return;
        }

        // A gap inside a body whose length is known costs nothing.
        if (reader.PassOver >= bytes)
        {
            reader.PassOver -= bytes;
            if (reader.PassOver == 0)
            {
                PassedOver(role, timeNs);
            }

            return;
        }

        Lose(role, ref reader);
    }

    public void Finished(int side, long timeNs) => Finished(RoleOf(side), timeNs);

    public void Closed(long timeNs)
    {
        Ended(timeNs);
        Release(ref _client);
        Release(ref _server);
    }

    /// <summary>Reads the unit at the begin of <paramref name="bytes"/>.</summary>
    /// <param name="role">Who sent it.</param>
    /// <param name="bytes">At least one byte.</param>
    /// <param name="beginNs">Time of the unit's first byte.</param>
    /// <param name="nowNs">Time of the last byte that is there.</param>
    /// <returns>Bytes of the unit, or <see cref="NeedMore"/>, or <see cref="NotUnderstood"/>.</returns>
    protected abstract int Unit(Role role, ReadOnlySpan<byte> bytes, long beginNs, long nowNs);

    /// <summary>Whether a message seems to begin here; asked at the begin of segments after something was lost.</summary>
    protected abstract bool IsBegin(Role role, ReadOnlySpan<byte> bytes);

    /// <summary>All bytes that were to be passed over went by.</summary>
    protected virtual void PassedOver(Role role, long timeNs)
    {
    }

    /// <summary>Some bytes that were to be passed over went by.</summary>
    protected virtual void PassingOver(Role role, long timeNs)
    {
    }

    /// <summary>The stream of one side is not understood any more; which requests belong to which answers is open.</summary>
    protected abstract void Lost(Role role);

    protected virtual void Finished(Role role, long timeNs)
    {
    }

    protected abstract void Ended(long timeNs);

    /// <summary>Passes over the bytes that follow this unit.</summary>
    protected void PassOver(Role role, long bytes) => Of(role).PassOver = bytes;

    protected bool IsLost(Role role) => Of(role).IsLost;

    /// <summary>Nothing more can be read on this connection.</summary>
    protected void BecomeOpaque()
    {
        Account.Opaque++;
        _client.PassOver = Everything;
        _server.PassOver = Everything;
    }

    /// <summary>Begins to look for the next message of a side.</summary>
    protected void Lose(Role role) => Lose(role, ref Of(role));

    private Role RoleOf(int side) => side == clientSide ? Role.Client : Role.Server;

    private ref Reader Of(Role role) => ref role == Role.Client ? ref _client : ref _server;

    private void PassOver(Role role, ref Reader reader, ref ReadOnlySpan<byte> data, long timeNs)
    {
        var count = (int)Math.Min(reader.PassOver, data.Length);
        data = data[count..];
        PassingOver(role, timeNs);
        if (reader.PassOver == Everything)
        {
            return;
        }

        reader.PassOver -= count;
        if (reader.PassOver == 0)
        {
            PassedOver(role, timeNs);
        }
    }

    private void Read(Role role, ref Reader reader, ref ReadOnlySpan<byte> data, long timeNs)
    {
        reader.IsLost = false;
        if (reader.Kept == 0)
        {
            var taken = Unit(role, data, timeNs, timeNs);
            if (taken > 0)
            {
                data = data[taken..];
            }
            else if (taken == NeedMore && data.Length <= UnitBytesMax && Account.KeptBytes < KeptBytesMax)
            {
                Keep(ref reader, data, timeNs);
                data = [];
            }
            else
            {
                NotParsed(role, ref reader, ref data);
            }

            return;
        }

        var keptBefore = reader.Kept;
        Keep(ref reader, data, reader.KeptSinceNs);
        var used = Unit(role, reader.Bytes, reader.KeptSinceNs, timeNs);
        if (used > 0)
        {
            // What is left of the kept bytes is the end of this segment: a unit that was not whole ended in it.
            data = data[Math.Max(0, used - keptBefore)..];
            Release(ref reader);
        }
        else if (used == NeedMore && reader.Kept <= UnitBytesMax)
        {
            data = [];
        }
        else
        {
            NotParsed(role, ref reader, ref data);
        }
    }

    private void NotParsed(Role role, ref Reader reader, ref ReadOnlySpan<byte> data)
    {
        Account.BytesNotParsed += Math.Max(data.Length, reader.Kept);
        data = [];
        Lose(role, ref reader);
    }

    private void Lose(Role role, ref Reader reader)
    {
        Release(ref reader);
        reader.PassOver = 0;
        if (!reader.IsLost)
        {
            reader.IsLost = true;
            Account.Resynchronized++;
        }

        Lost(role);
    }

    private void Keep(ref Reader reader, ReadOnlySpan<byte> data, long sinceNs)
    {
        Account.KeptBytes += data.Length;
        reader.Keep(data, sinceNs);
    }

    private void Release(ref Reader reader)
    {
        Account.KeptBytes -= reader.Kept;
        reader.Release();
    }

    /// <summary>One side's place in its stream.</summary>
    private struct Reader
    {
        private byte[]? _kept;

        public int Kept { get; private set; }

        public long KeptSinceNs { get; private set; }

        public long PassOver { get; set; }

        public bool IsLost { get; set; }

        public readonly ReadOnlySpan<byte> Bytes => _kept.AsSpan(0, Kept);

        public void Keep(ReadOnlySpan<byte> data, long sinceNs)
        {
            var needed = Kept + data.Length;
            if (_kept is null || needed > _kept.Length)
            {
                var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, 1024));
                Bytes.CopyTo(larger);
                if (_kept is not null)
                {
                    ArrayPool<byte>.Shared.Return(_kept);
                }

                _kept = larger;
            }

            data.CopyTo(_kept.AsSpan(Kept));
            Kept = needed;
            KeptSinceNs = sinceNs;
        }

        public void Release()
        {
            Kept = 0;
            if (_kept is not null)
            {
                ArrayPool<byte>.Shared.Return(_kept);
                _kept = null;
            }
        }
    }
}

/// <summary>The two ends of a conversation.</summary>
internal enum Role
{
    Client,
    Server,
}
