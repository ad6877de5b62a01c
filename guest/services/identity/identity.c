/* GET / tells what this machine has that no other may have: its address, fresh random bytes, and the time. Every
   answer has new random bytes. {"address":"10.77.0.5","random":"32 hexadecimal digits","unixNanoseconds":0} */
#include "service.h"

static void complete(struct request *request)
{
    if (!request_is(request, "GET", "/")) {
        request_problem(request, 404, "there is only GET /", NULL);
        return;
    }
    uint64_t random[2];
    char buffer[160];
    struct text text = text_in(buffer, sizeof buffer);
    random_bytes(random, sizeof random);
    text_add(&text, "{\"address\":\"");
    text_add_ipv4(&text, network_address());
    text_add(&text, "\",\"random\":\"");
    text_add_hex(&text, random[0], 16);
    text_add_hex(&text, random[1], 16);
    text_add(&text, "\",\"unixNanoseconds\":");
    text_add_number(&text, clock_unix_nanoseconds());
    text_add_char(&text, '}');
    request_answer(request, &(struct answer){.status = 200,
                                             .content_type = "application/json",
                                             .headers = "Cache-Control: no-store\r\n",
                                             .body = buffer,
                                             .length = text.length});
}

const struct service service = {.name = "identity", .complete = complete};
