/* GET /primes?n=N: how many primes there are from 2 to N, counted the naive way on purpose: every number is divided by
   every smaller one from 2 on, until one divides it. The time this takes is what the service is for. */
#include "service.h"

enum { N_MAX = 10000000 };

struct count {
    uint32_t n;
    uint32_t candidate; /* the number in question */
    uint32_t divisor;   /* the next one to try */
    uint32_t primes;
};

static void refuse(struct request *request, struct slice value, bool missing)
{
    char buffer[512];
    struct text text = text_in(buffer, sizeof buffer - 1);
    if (value.length > 40) {
        value.length = 40;
    }
    text_add(&text, "\"parameter\":\"n\",\"value\":");
    if (missing) {
        text_add(&text, "null");
    } else {
        text_add_json(&text, value);
    }
    text_add(&text, ",\"minimum\":0,\"maximum\":");
    text_add_number(&text, N_MAX);
    buffer[text.length] = '\0';
    request_problem(request, 400, missing ? "n is missing: give a whole number from 0 to 10000000"
                                          : "n must be a whole number from 0 to 10000000",
                    buffer);
}

static void begin(struct request *request)
{
    char buffer[64];
    struct slice value = {"", 0};
    uint64_t n;
    if (!slice_equals(request_path(request), "/primes")) {
        request_problem(request, 404, "there is /primes?n=N and /health", NULL);
    } else if (!request_is(request, "GET", "/primes")) {
        request_refuse_method(request, "GET, HEAD");
    } else {
        enum query_result found = request_parameter(request, "n", buffer, sizeof buffer, &value);
        if (found != QUERY_FOUND || !slice_to_number(value, N_MAX, &n)) {
            refuse(request, value, found == QUERY_MISSING);
            return;
        }
        struct count *count = request_state(request);
        *count = (struct count){.n = (uint32_t)n, .candidate = 2, .divisor = 2};
    }
}

static void tell(struct request *request, const struct count *count)
{
    char buffer[64];
    struct text text = text_in(buffer, sizeof buffer);
    text_add(&text, "{\"n\":");
    text_add_number(&text, count->n);
    text_add(&text, ",\"primes\":");
    text_add_number(&text, count->primes);
    text_add(&text, "}");
    request_answer(request, &(struct answer){.status = 200,
                                             .content_type = "application/json",
                                             .body = buffer,
                                             .length = text.length});
}

/* Between two looks at the clock lie at most 512 divisions. */
static void work(struct request *request)
{
    struct count *count = request_state(request);
    while (count->candidate <= count->n) {
        uint32_t candidate = count->candidate, divisor = count->divisor;
        uint32_t limit = candidate - divisor > 512 ? divisor + 512 : candidate;
        while (divisor < limit && candidate % divisor != 0) {
            divisor++;
        }
        if (divisor == candidate) {
            count->primes++;
        }
        if (divisor == candidate || divisor < limit) {
            count->candidate++;
            count->divisor = 2;
        } else {
            count->divisor = divisor;
        }
        if (slice_over()) {
            return;
        }
    }
    tell(request, count);
}

static void complete(struct request *request) { request_work(request); }

const struct service service = {
    .name = "primes",
    .state_bytes = sizeof(struct count),
    .begin = begin,
    .complete = complete,
    .work = work,
};
