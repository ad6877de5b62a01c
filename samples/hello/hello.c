/* GET /hello?name=N: greets. The smallest service that reads something; service.h tells the rest. */
#include "service.h"

static void complete(struct request *request)
{
    char name[64], buffer[128];
    struct slice who = {"world", 5};
    if (!request_is(request, "GET", "/hello")) {
        request_problem(request, 404, "there is GET /hello?name=NAME", NULL);
        return;
    }
    request_parameter(request, "name", name, sizeof name, &who); /* without one, it stays the world */
    struct text text = text_in(buffer, sizeof buffer);
    text_add(&text, "Hello, ");
    text_add_bytes(&text, who.at, who.length);
    text_add(&text, "!\n");
    request_answer(request, &(struct answer){
                                .status = 200, .content_type = "text/plain", .body = buffer, .length = text.length});
}

const struct service service = {.name = "hello", .complete = complete};
