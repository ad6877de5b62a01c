using Pleiad.Load.Sessions;

namespace Pleiad.Load.Http;

/// <summary>A connection to the target.</summary>
internal sealed class Link(int slot)
{
    public int Slot { get; } = slot;

    /// <summary>Changes with each connection, so that a late event of an earlier one is known.</summary>
    public uint Generation { get; set; }

    public int File { get; set; } = -1;

    public User? Owner { get; set; }

    public bool IsConnecting { get; set; }

    /// <summary>Whether an answer came on it before.</summary>
    public bool WasUsed { get; set; }

    public AnswerReader Reader { get; } = new();

    /// <summary>What could not be sent yet.</summary>
    public byte[]? Unsent { get; set; }

    public int UnsentFrom { get; set; }

    /// <summary>What came and could not be read yet.</summary>
    public byte[] Leftover { get; set; } = [];

    public int LeftoverLength { get; set; }

    public ulong Data => ((ulong)Generation << 32) | (uint)Slot;
}
