namespace Pleiad.Core.Services;

/// <summary>How machines of a service are started. A way that is not open just now falls back to the next one: resume, clone, cold.</summary>
public enum StartMode
{
    /// <summary>The quickest way that the image and the host allow.</summary>
    Auto,

    /// <summary>Boots the image.</summary>
    Cold,

    /// <summary>Loads the state of a template that booted once, into memory shared with it until written to.</summary>
    Clone,

    /// <summary>Lets a clone go on that has run, was proven and then stopped.</summary>
    Resume,
}
