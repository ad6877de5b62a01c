namespace Pleiad.Wire.Association;

/// <summary>How often something is so, with what is taken for seen at first.</summary>
internal struct Share(double yes, double no)
{
    private double _yes = yes;
    private double _no = no;

    public double Log { get; private set; } = Math.Log((yes + 0.5) / (yes + no + 1));

    public double LogNot { get; private set; } = Math.Log((no + 0.5) / (yes + no + 1));

    public void Count(bool isSo)
    {
        _yes += isSo ? 1 : 0;
        _no += isSo ? 0 : 1;
    }

    public void Update()
    {
        Log = Math.Log((_yes + 0.5) / (_yes + _no + 1));
        LogNot = Math.Log((_no + 0.5) / (_yes + _no + 1));
    }

    public void Fade(double keep)
    {
        _yes *= keep;
        _no *= keep;
    }
}
