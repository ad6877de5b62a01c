-- Tables of Pleiad. Names in braces are the types that differ between SQLite and PostgreSQL (see the dialects).
-- Times are UTC to the millisecond. docs/state.md explains each column.

create table system_params (
    key text not null primary key,
    value {whole} not null                      -- in the setting's own unit
) {table};

create table service (
    name text not null primary key,
    image text not null,
    slots {whole},                              -- null here and below: follows system_params
    machines_min {whole},
    machines_max {whole},
    idle_timeout_ms {whole},
    address_reservation_ms {whole},
    queue_limit {whole},
    queue_deadline_ms {whole},
    hang_timeout_ms {whole}
) {table};

create table ip_pool (
    id_ip {number},
    ip text not null,
    port {whole} not null,
    reserve {whole} not null default 0,         -- 0 free, 1 reserved, 2 taken
    last_reserve {time},                        -- last reserved or released, null when never
    id_vmachine text unique,                    -- who holds it, null when free
    retired {whole} not null default 0,         -- 1: no longer in the pool, goes when released
    unique (ip, port),
    check (reserve in (0, 1, 2)),
    check ((reserve = 0) = (id_vmachine is null))
) {table};

create table vmachine (
    id_vmachine text not null primary key,
    id_ip {whole},                              -- its address in ip_pool
    cpu {real} not null,                        -- share of one host CPU
    ram {whole} not null,                       -- bytes
    free_count {whole} not null,                -- free slots
    last_connect {time},                        -- last answer, null before the first
    service text not null,
    image text not null,
    state text not null,
    ip text not null,
    port {whole} not null,
    started {time} not null,
    reason text not null                        -- why it was started
) {table};

create table job (
    seq {number},                               -- order of submission
    id_job {uuid} not null unique,
    service text not null,
    name text not null,
    state text not null,                        -- waiting, running, done, failed, cancelled
    method text not null,
    path text not null,
    content_type text,
    body {bytes},
    submitted {time} not null,
    attempts {whole} not null default 0,        -- how often it was taken
    requeued {time},                            -- last put back to waiting
    id_vmachine text,                           -- machine it was last sent to, null while it waits
    sent {time},                                -- when it was sent there
    ended {time},
    status {whole},                             -- HTTP status of the answer
    result_type text,
    result {bytes},
    error text,                                 -- why it failed or was cancelled
    unique (service, name),
    check (state in ('waiting', 'running', 'done', 'failed', 'cancelled')),
    check ((ended is null) = (state in ('waiting', 'running')))
) {table};

create index job_by_state on job (state, service, seq);
create index job_by_end on job (ended);

create table event (
    id_event {number},
    time {time} not null,
    kind text not null,
    reason text not null,
    service text,
    machine text,
    job text
) {table};

create table lease (
    name text not null primary key,
    holder text,                                -- null when it was given back
    epoch {whole} not null,                     -- grows with each change of holder
    expires {time} not null
) {table};
