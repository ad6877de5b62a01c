using System.Runtime.InteropServices;

namespace Pleiad.Machines.Qemu;

/// <summary>Texts in native memory for the length of one call.</summary>
internal sealed unsafe class NativeTexts : IDisposable
{
    private readonly List<nint> _held = [];

    /// <summary>A text as UTF-8, ended by zero.</summary>
    public byte* Add(string text)
    {
        var pointer = Marshal.StringToCoTaskMemUTF8(text);
        _held.Add(pointer);
        return (byte*)pointer;
    }

    /// <summary>An array of texts, ended by a null pointer.</summary>
    public byte** AddList(IReadOnlyCollection<string> texts)
    {
        var list = Marshal.AllocCoTaskMem((texts.Count + 1) * sizeof(byte*));
        _held.Add(list);
        var next = (byte**)list;
        foreach (var text in texts)
        {
            *next++ = Add(text);
        }

        *next = null;
        return (byte**)list;
    }

    public void Dispose()
    {
        foreach (var pointer in _held)
        {
            Marshal.FreeCoTaskMem(pointer);
        }

        _held.Clear();
    }
}
