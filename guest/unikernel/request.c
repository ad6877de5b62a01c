/* What a service can ask of a request and of the platform (service.h). */
#include "http_connection.h"

#include "clock.h"
#include "heap.h"

#include <string.h>

struct slice request_method(const struct request *request) { return request->head.method; }
struct slice request_target(const struct request *request) { return request->head.target; }
struct slice request_path(const struct request *request) { return request->head.path; }
void *request_state(struct request *request) { return request->state; }

bool request_is(const struct request *request, const char *method, const char *path)
{
    struct slice sent = request->head.method;
    bool same = slice_equals(sent, method) || (slice_equals(sent, "HEAD") && strcmp(method, "GET") == 0);
    return same && slice_equals(request->head.path, path);
}

enum query_result request_parameter(const struct request *request, const char *name, char *buffer, size_t capacity,
                                    struct slice *value)
{
    return query_parameter(request->head.query, name, buffer, capacity, value);
}

bool request_header(const struct request *request, const char *name, struct slice *value)
{
    return http_header(request->head.headers, name, 0, value);
}

uint64_t request_body_length(const struct request *request)
{
    return request->head.framing == HTTP_CHUNKED ? UINT64_MAX : request->head.content_length;
}

void request_work(struct request *request) { work_add(request, 0); }

void request_sleep(struct request *request, uint32_t milliseconds)
{
    work_add(request, clock_nanoseconds() + (uint64_t)milliseconds * 1000000);
}

/* A quarter of the heap stays for the network, or nobody could be told that memory is short. */
static bool within_share(size_t bytes)
{
    size_t share = heap_total_bytes() / 4 * 3, used = heap_used_bytes();
    return used < share && bytes < share - used;
}

void *service_allocate(size_t bytes) { return within_share(bytes) ? heap_allocate(bytes) : NULL; }

void *service_reallocate(void *memory, size_t bytes)
{
    return within_share(bytes) ? heap_reallocate(memory, bytes) : NULL;
}

void service_free(void *memory) { heap_free(memory); }
