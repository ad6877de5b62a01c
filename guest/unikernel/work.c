/* Requests in work take turns, one slice at a time; between two slices the network is served. */
#include "clock.h"
#include "http_connection.h"
#include "http_server.h"

#define SLICE_NANOSECONDS 1000000ull

static struct request *turn; /* a ring; NULL when no request is in work */
static unsigned count;
static uint64_t slice_began;

void work_add(struct request *request, uint64_t wake_nanoseconds)
{
    if (request->answered) {
        return;
    }
    request->wake_nanoseconds = wake_nanoseconds;
    if (request->in_work) {
        return;
    }
    request->in_work = true;
    count++;
    if (turn == NULL) {
        turn = request->next = request->previous = request;
        return;
    }
    request->next = turn; /* last in turn */
    request->previous = turn->previous;
    turn->previous->next = request;
    turn->previous = request;
}

void work_remove(struct request *request)
{
    if (!request->in_work) {
        return;
    }
    request->in_work = false;
    count--;
    request->previous->next = request->next;
    request->next->previous = request->previous;
    if (turn == request) {
        turn = count > 0 ? request->next : NULL;
    }
}

bool slice_over(void) { return clock_nanoseconds() - slice_began >= SLICE_NANOSECONDS; }

bool work_run(void)
{
    if (turn == NULL) {
        return false;
    }
    uint64_t now = clock_nanoseconds();
    for (unsigned i = 0; i < count; i++) {
        struct request *request = turn;
        turn = turn->next;
        if (request->wake_nanoseconds > now) {
            continue;
        }
        struct connection *connection = request->connection;
        slice_began = now;
        if (service.work) {
            service.work(request);
        } else {
            request_problem(request, 500, "the service has no work to do", NULL);
        }
        if (request->answered) {
            connection_continue(connection);
        }
        return true;
    }
    return false;
}

uint32_t work_due(void)
{
    uint64_t first = UINT64_MAX, now = clock_nanoseconds();
    struct request *at = turn;
    for (unsigned i = 0; i < count; i++, at = at->next) {
        first = at->wake_nanoseconds < first ? at->wake_nanoseconds : first;
    }
    if (first == UINT64_MAX) {
        return UINT32_MAX;
    }
    return first <= now ? 0 : (uint32_t)((first - now + 999999) / 1000000);
}
