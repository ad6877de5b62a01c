using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Pleiad.Client.Contract;

/// <summary>JSON of the API, version 1: camelCase, times as ISO 8601 in UTC, lengths of time in ms, sizes in bytes, absent values left out.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    WriteIndented = false)]
[JsonSerializable(typeof(ServerInfo))]
[JsonSerializable(typeof(ServiceInfo))]
[JsonSerializable(typeof(IReadOnlyList<ServiceInfo>))]
[JsonSerializable(typeof(ImageInfo))]
[JsonSerializable(typeof(IReadOnlyList<ImageInfo>))]
[JsonSerializable(typeof(JobRequest))]
[JsonSerializable(typeof(JobInfo))]
[JsonSerializable(typeof(JobPage))]
[JsonSerializable(typeof(MachineInfo))]
[JsonSerializable(typeof(IReadOnlyList<MachineInfo>))]
[JsonSerializable(typeof(EventInfo))]
[JsonSerializable(typeof(EventPage))]
[JsonSerializable(typeof(SettingInfo))]
[JsonSerializable(typeof(IReadOnlyList<SettingInfo>))]
[JsonSerializable(typeof(SettingChange))]
[JsonSerializable(typeof(ApiProblem))]
public sealed partial class ContractJson : JsonSerializerContext
{
    /// <summary>
    /// The same with quotes, signs and letters of any language as they are, not as <c>\u0027</c>: people read answers in terminals. Right for <c>application/json</c>, which no browser
    /// takes for a page; not for JSON inside HTML.
    /// </summary>
    public static ContractJson Readable => field ??= new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}

/// <summary>The server and its host: <c>GET /api/v1/server</c>.</summary>
/// <param name="Version">Version of Pleiad.</param>
/// <param name="Api">Address of the API.</param>
/// <param name="Gateway">Address of the gateway.</param>
/// <param name="State">The store, without password.</param>
/// <param name="Data">The data directory.</param>
/// <param name="Started">When it began.</param>
/// <param name="Accelerator">kvm or tcg.</param>
/// <param name="AcceleratorReason">How that was found out.</param>
/// <param name="Network">namespace or user.</param>
/// <param name="NetworkReason">Why.</param>
/// <param name="Qemu">QEMU's version.</param>
/// <param name="AddressesFree">Free addresses of the pool.</param>
/// <param name="AddressesTotal">All addresses of the pool.</param>
public sealed record ServerInfo(
    string Version, string Api, string Gateway, string State, string Data, DateTimeOffset Started,
    string Accelerator, string AcceleratorReason, string Network, string NetworkReason, string Qemu, int AddressesFree, int AddressesTotal);

/// <summary>A service as it runs: <c>GET /api/v1/services/{name}</c>. All values are those in force.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Image">Its image.</param>
/// <param name="Slots">Requests at once per machine.</param>
/// <param name="MachinesMin">Machines that stay up.</param>
/// <param name="MachinesMax">Most machines.</param>
/// <param name="IdleTimeoutMs">Time without work after which a machine beyond the minimum ends.</param>
/// <param name="AddressReservationMs">Longest time of a start.</param>
/// <param name="QueueLimit">Requests that may wait.</param>
/// <param name="QueueDeadlineMs">Longest wait.</param>
/// <param name="HangTimeoutMs">Longest time without an answer to the health check.</param>
/// <param name="Start">How its machines are started: auto, cold, clone or resume.</param>
/// <param name="Spares">Machines of its image kept ready to start.</param>
/// <param name="SparesReady">Those that are.</param>
/// <param name="Ready">Machines that take work.</param>
/// <param name="Starting">Machines on the way.</param>
/// <param name="Draining">Machines that end when their last request is done.</param>
/// <param name="InFlight">Requests and jobs in machines.</param>
/// <param name="Waiting">Requests and jobs that wait for a slot.</param>
/// <param name="JobsWaiting">Jobs not yet done or running.</param>
/// <param name="Plan">The last plan's reason.</param>
/// <param name="Problem">Why it cannot work now, for example the last failed start; null when all is well.</param>
public sealed record ServiceInfo(
    string Name, string Image, int Slots, int MachinesMin, int MachinesMax, double IdleTimeoutMs, double AddressReservationMs, int QueueLimit, double QueueDeadlineMs,
    double HangTimeoutMs, string Start, int Spares, int SparesReady, int Ready, int Starting, int Draining, int InFlight, int Waiting, int JobsWaiting, string Plan, string? Problem)
{
    /// <summary>The change of its machines for others of <see cref="Image"/> that is under way or has stopped; absent when all are of one kind.</summary>
    public ServiceChangeInfo? Change { get; init; }
}

/// <summary>How far a service's machines are changed for others of another image.</summary>
/// <param name="FormerImage">Name of the image that is changed from.</param>
/// <param name="FormerDigest">Its digest: both may have the same name.</param>
/// <param name="MachinesNew">Machines of the new image that take work.</param>
/// <param name="MachinesFormer">Machines of former images that take work.</param>
/// <param name="Stopped">Whether it stopped because the new image does not start; the service's problem says why.</param>
/// <param name="Began">When it began, or went on after a restart of the server.</param>
public sealed record ServiceChangeInfo(string FormerImage, string FormerDigest, int MachinesNew, int MachinesFormer, bool Stopped, DateTimeOffset Began);

/// <summary>An image of the host's store.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Digest">sha256:….</param>
/// <param name="Kind">unikernel.</param>
/// <param name="Bytes">Size of the kernel file.</param>
/// <param name="MemoryBytes">RAM of a machine.</param>
/// <param name="Machine">QEMU machine type.</param>
/// <param name="Nic">Network card.</param>
/// <param name="Port">Port of the service.</param>
/// <param name="Health">Health path.</param>
/// <param name="Stored">When it was stored.</param>
public sealed record ImageInfo(string Name, string Digest, string Kind, long Bytes, long MemoryBytes, string Machine, string Nic, int Port, string Health, DateTimeOffset Stored);

/// <summary>A job to submit: <c>POST /api/v1/jobs</c>. 201 when new, 200 when the same was submitted before, 409 when another request has the name.</summary>
/// <param name="Service">The service.</param>
/// <param name="Path">Target of the request, begins with '/'.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record JobRequest(string Service, string Path)
{
    /// <summary>Unique among the service's kept jobs; made up when absent. Also the key that makes submitting again safe.</summary>
    public string? Name { get; init; }

    /// <summary>HTTP method: GET by default, POST with a body.</summary>
    public string? Method { get; init; }

    /// <summary>Body of the request; base 64 in JSON; at most 8 MiB.</summary>
    public byte[]? Body { get; init; }

    /// <summary>Content type of the body.</summary>
    public string? ContentType { get; init; }
}

/// <summary>A job: <c>GET /api/v1/jobs/{id}</c>; its answer's bytes are at <c>/api/v1/jobs/{id}/result</c>.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Service">Its service.</param>
/// <param name="Name">Its name.</param>
/// <param name="Method">HTTP method.</param>
/// <param name="Path">Target of the request.</param>
/// <param name="State">waiting, running, done, failed or cancelled.</param>
/// <param name="Attempts">How often it was taken.</param>
/// <param name="Machine">The machine it was last sent to.</param>
/// <param name="Submitted">When it was accepted.</param>
/// <param name="Sent">When it was last sent to a machine.</param>
/// <param name="Ended">When it ended.</param>
/// <param name="WaitedMs">From submission to sending, or until now while it waits.</param>
/// <param name="RanMs">From sending to its end, or until now while it runs; null before.</param>
/// <param name="Status">HTTP status of the answer.</param>
/// <param name="Result">The answer as text when it is text of at most 64 KiB; not in lists.</param>
/// <param name="Error">Why it failed or was cancelled.</param>
public sealed record JobInfo(
    string Id, string Service, string Name, string Method, string Path, string State, int Attempts, string? Machine, DateTimeOffset Submitted, DateTimeOffset? Sent,
    DateTimeOffset? Ended, double WaitedMs, double? RanMs, int? Status, string? Result, string? Error);

/// <summary>A page of jobs in order of submission: <c>GET /api/v1/jobs?service=&amp;state=&amp;name=&amp;after=&amp;limit=</c>.</summary>
/// <param name="Jobs">The jobs.</param>
/// <param name="Next">Value of <c>after</c> for the next page, null on the last.</param>
public sealed record JobPage(IReadOnlyList<JobInfo> Jobs, string? Next);

/// <summary>A machine: <c>GET /api/v1/machines/{id}</c>; its serial log is at <c>/log</c>; DELETE ends it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Service">Its service.</param>
/// <param name="Image">Digest of its image.</param>
/// <param name="State">reserved, starting, ready, draining, stopping, gone or failed.</param>
/// <param name="Ip">Its address.</param>
/// <param name="Port">Its port.</param>
/// <param name="Slots">Its slots.</param>
/// <param name="FreeSlots">Free slots.</param>
/// <param name="Cpu">Share of one host CPU over the last interval.</param>
/// <param name="RamBytes">Resident memory on the host.</param>
/// <param name="GuestMemoryUsedBytes">Memory in use inside, by the guest's word.</param>
/// <param name="GuestMemoryTotalBytes">Memory it has, by the guest's word.</param>
/// <param name="GuestCpuBusy">CPU share in use, by the guest's word.</param>
/// <param name="GuestRequests">Requests answered, by the guest's word.</param>
/// <param name="LastContact">Last answer to a health check.</param>
/// <param name="Started">When its start began.</param>
/// <param name="StartMs">From the order to the first answer.</param>
/// <param name="StartWay">How it came up: cold, clone or resume.</param>
/// <param name="StartNote">Why it did not come up more quickly; absent when nothing was in the way.</param>
/// <param name="Reason">Why it was started.</param>
/// <param name="ProcessId">QEMU's process id.</param>
/// <param name="Adopted">Whether an earlier run of Pleiad started it.</param>
public sealed record MachineInfo(
    string Id, string Service, string Image, string State, string Ip, int Port, int Slots, int FreeSlots, double Cpu, long RamBytes, long? GuestMemoryUsedBytes,
    long? GuestMemoryTotalBytes, double? GuestCpuBusy, long? GuestRequests, DateTimeOffset? LastContact, DateTimeOffset Started, double? StartMs, string? StartWay, string? StartNote, string Reason, int? ProcessId, bool Adopted);

/// <summary>An event: something decided or happened, with its reason.</summary>
/// <param name="Id">Grows with each event.</param>
/// <param name="Time">When.</param>
/// <param name="Kind">For example machineStarting.</param>
/// <param name="Reason">Why.</param>
/// <param name="Service">The service it is about.</param>
/// <param name="Machine">The machine it is about.</param>
/// <param name="Job">The job it is about.</param>
public sealed record EventInfo(long Id, DateTimeOffset Time, string Kind, string Reason, string? Service, string? Machine, string? Job);

/// <summary>
/// Events by ascending id: <c>GET /api/v1/events?after=&amp;limit=&amp;newest=&amp;service=&amp;machine=&amp;kind=&amp;waitMs=</c>.
/// With <c>newest=true</c> the newest <c>limit</c> of all that fit. With <c>waitMs</c> (at most 30000) the answer is held back until there is an event after <c>after</c>: that is how to follow.
/// </summary>
/// <param name="Events">The events.</param>
/// <param name="Last">Value of <c>after</c> for the next call.</param>
public sealed record EventPage(IReadOnlyList<EventInfo> Events, long Last);

/// <summary>A setting: <c>GET /api/v1/settings</c>; <c>PUT /api/v1/settings/{key}</c> with <see cref="SettingChange"/>.</summary>
/// <param name="Key">Name in system_params.</param>
/// <param name="Term">Name in service.yaml.</param>
/// <param name="Value">The value in force.</param>
/// <param name="Unit">Its unit.</param>
/// <param name="Default">The value when nothing was set.</param>
/// <param name="Min">Smallest value.</param>
/// <param name="Max">Largest value.</param>
/// <param name="Meaning">What it does.</param>
public sealed record SettingInfo(string Key, string Term, long Value, string Unit, long Default, long Min, long Max, string Meaning);

/// <summary>A new value of a setting.</summary>
/// <param name="Value">A number, or for times also a number with a unit, for example 10m.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record SettingChange(string Value);

/// <summary>An error of the API (RFC 9457, application/problem+json).</summary>
/// <param name="Title">What is wrong, in a few words.</param>
/// <param name="Status">HTTP status.</param>
/// <param name="Detail">What is wrong and what to do.</param>
/// <param name="Code">Machine-readable reason, for example invalidInput, notFound, nameTaken, queueFull.</param>
/// <param name="Problems">Each thing wrong with the input.</param>
public sealed record ApiProblem(string? Title, int? Status, string? Detail, string? Code, IReadOnlyList<ApiInputProblem>? Problems);

/// <summary>One thing wrong with the input.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">What was given.</param>
/// <param name="Reason">What is wrong.</param>
/// <param name="Remedy">What is allowed.</param>
/// <param name="Line">Line of the document.</param>
public sealed record ApiInputProblem(string Key, string? Value, string Reason, string Remedy, int? Line);
