namespace Pleiad.Machines.Images;

/// <summary>Turns what the operating system says into what a user can do.</summary>
internal static class StoreErrors
{
    private const int NotPermitted = 1;
    private const int AccessDenied = 13;
    private const int NoSpace = 28;
    private const int ReadOnlyFileSystem = 30;
    private const int QuotaExceeded = 122;

    /// <summary>The same failure in words, or null when it is not one of reading and writing files.</summary>
    /// <param name="error">What happened.</param>
    /// <param name="directory">The store's directory.</param>
    public static ImageStoreException? Explain(Exception error, string directory) => error switch
    {
        TimeoutException => new ImageStoreException(ImageStoreFailure.Busy, $"{error.Message}; wait until it is done, or end it", error),
        UnauthorizedAccessException or IOException { HResult: NotPermitted or AccessDenied or ReadOnlyFileSystem } =>
            new ImageStoreException(
                ImageStoreFailure.NoPermission,
                $"the image store {directory} cannot be used: {error.Message}; give this user the right to write there, or choose another directory with --data",
                error),
        IOException { HResult: NoSpace or QuotaExceeded } =>
            new ImageStoreException(
                ImageStoreFailure.DiskFull,
                $"no space is left for the image store {directory}: {error.Message}; free some space, or choose another directory with --data",
                error),
        IOException => new ImageStoreException(ImageStoreFailure.Unusable, $"the image store {directory} cannot be used: {error.Message}", error),
        _ => null,
    };
}
