namespace Pleiad.Machines.Images;

/// <summary>Why the image store could not do what was asked.</summary>
public enum ImageStoreFailure
{
    /// <summary>There is no image of that name or digest.</summary>
    NotFound,

    /// <summary>A service uses the image.</summary>
    InUse,

    /// <summary>A stored file is missing or is not what was stored.</summary>
    Damaged,

    /// <summary>The disk is full or a quota is used up.</summary>
    DiskFull,

    /// <summary>This user may not read or write there.</summary>
    NoPermission,

    /// <summary>Another process kept the store locked for too long.</summary>
    Busy,

    /// <summary>Any other failure to read or write.</summary>
    Unusable,
}

/// <summary>The image store could not do what was asked; nothing was changed. The message names the thing and the remedy.</summary>
public sealed class ImageStoreException : Exception
{
    /// <summary>Refuses for one reason.</summary>
    public ImageStoreException(ImageStoreFailure failure, string message, Exception? innerException = null)
        : base(message, innerException) => Failure = failure;

    /// <summary>The reason in a form for programs.</summary>
    public ImageStoreFailure Failure { get; }

    /// <summary>Who uses the image, for <see cref="ImageStoreFailure.InUse"/>; else empty.</summary>
    public IReadOnlyList<ImagePin> Users { get; init; } = [];
}
