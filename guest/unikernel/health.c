/* GET /health: what the machine does, for the controller that decides where requests go. */
#include "clock.h"
#include "http_connection.h"
#include "memory.h"

#ifndef PLEIAD_IMAGE
#error "the Makefile gives PLEIAD_IMAGE, the image's name with a digest of its sources"
#endif

static void add_field(struct text *text, const char *name, uint64_t value)
{
    text_add(text, ",\"");
    text_add(text, name);
    text_add(text, "\":");
    text_add_number(text, value);
}

void health_answer(struct request *request)
{
    if (!request_is(request, "GET", "/health")) {
        request_refuse_method(request, "GET, HEAD");
        return;
    }
    char buffer[512];
    struct text text = text_in(buffer, sizeof buffer);
    text_add(&text, "{\"service\":\"");
    text_add(&text, service.name);
    text_add_char(&text, '"');
    add_field(&text, "uptimeMs", clock_nanoseconds() / 1000000);
    add_field(&text, "requests", server_counters.finished);
    add_field(&text, "active", server_counters.active);
    add_field(&text, "connections", server_counters.connections);
    add_field(&text, "busyMs", clock_busy_nanoseconds() / 1000000);
    text_add(&text, ",\"cpuBusy\":");
    text_add_decimal(&text, clock_busy_permille(), 3);
    add_field(&text, "memoryUsedBytes", memory_used_bytes());
    add_field(&text, "memoryTotalBytes", memory_total_bytes());
    text_add(&text, ",\"image\":\"" PLEIAD_IMAGE "\"}");
    request_answer(request, &(struct answer){.status = 200,
                                             .content_type = "application/json",
                                             .headers = "Cache-Control: no-store\r\n",
                                             .body = buffer,
                                             .length = text.length});
}
