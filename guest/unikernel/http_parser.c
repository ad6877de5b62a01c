#include "http_parser.h"

#include <string.h>

int http_head_collect(struct http_head_collector *collector, const char *bytes, size_t length, size_t *used)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)bytes[i];
        *used = i;
        if ((c < 0x20 && c != '\r' && c != '\n' && c != '\t') || c == 0x7f || collector->after_cr != (c == '\n')) {
            return 400;
        }
        if (collector->length == collector->capacity) {
            if (collector->capacity >= HTTP_HEAD_BYTES_MAX) {
                return 431;
            }
            return HTTP_HEAD_FULL;
        }
        collector->buffer[collector->length++] = (char)c;
        collector->after_cr = c == '\r';
        if (c == '\n') {
            size_t line = collector->length - collector->line_start;
            if (line == 2 && collector->line_start == 0) {
                collector->length = 0; /* RFC 9112 section 2.2: an empty line before the request is skipped */
            } else if (line == 2) {
                *used = i + 1;
                return HTTP_HEAD_WHOLE;
            } else {
                collector->line_start = collector->length;
            }
        } else if (collector->line_start == 0 && collector->length > HTTP_TARGET_BYTES_MAX + HTTP_METHOD_BYTES_MAX + 12) {
            return 414;
        }
    }
    *used = length;
    return HTTP_HEAD_MORE;
}

/* RFC 9110 section 5.6.2 */
static bool token_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static size_t token_length(const char *at, const char *end)
{
    const char *start = at;
    while (at < end && token_char(*at)) {
        at++;
    }
    return (size_t)(at - start);
}

static struct slice trimmed(struct slice text)
{
    while (text.length > 0 && (*text.at == ' ' || *text.at == '\t')) {
        text.at++;
        text.length--;
    }
    while (text.length > 0 && (text.at[text.length - 1] == ' ' || text.at[text.length - 1] == '\t')) {
        text.length--;
    }
    return text;
}

/* Takes the next member of a comma-parted list (RFC 9110 section 5.6.1); false at the end. */
static bool next_member(struct slice *list, struct slice *member)
{
    while (list->length > 0) {
        const char *comma = memchr(list->at, ',', list->length);
        size_t length = comma ? (size_t)(comma - list->at) : list->length;
        size_t taken = comma ? length + 1 : length;
        *member = trimmed((struct slice){list->at, length});
        list->at += taken;
        list->length -= taken;
        if (member->length > 0) {
            return true;
        }
    }
    return false;
}

/* Takes one line "name: value CRLF" off `lines`; false at the end. The lines have been checked before. */
static bool next_header(struct slice *lines, struct slice *name, struct slice *value)
{
    if (lines->length == 0) {
        return false;
    }
    const char *colon = memchr(lines->at, ':', lines->length);
    const char *end = memchr(lines->at, '\r', lines->length);
    *name = (struct slice){lines->at, (size_t)(colon - lines->at)};
    *value = trimmed((struct slice){colon + 1, (size_t)(end - colon - 1)});
    lines->length -= (size_t)(end + 2 - lines->at);
    lines->at = end + 2;
    return true;
}

bool http_header(struct slice headers, const char *name, unsigned index, struct slice *value)
{
    struct slice found, text;
    while (next_header(&headers, &found, &text)) {
        if (slice_equals_ignoring_case(found, name) && index-- == 0) {
            *value = text;
            return true;
        }
    }
    return false;
}

/* origin-form, absolute-form, or "*" for OPTIONS (RFC 9112 section 3.2). */
static int parse_target(struct http_head *head)
{
    struct slice rest = head->target;
    for (size_t i = 0; i < rest.length; i++) {
        if ((unsigned char)rest.at[i] <= 0x20 || (unsigned char)rest.at[i] >= 0x7f || rest.at[i] == '#') {
            return 400;
        }
    }
    if (rest.length > HTTP_TARGET_BYTES_MAX) {
        return 414;
    }
    if (slice_equals(rest, "*") && slice_equals(head->method, "OPTIONS")) {
        head->path = rest;
        return 0;
    }
    if (slice_starts_with(rest, "http://") || slice_starts_with(rest, "https://")) {
        const char *authority = (const char *)memchr(rest.at, ':', rest.length) + 3;
        size_t left = rest.length - (size_t)(authority - rest.at);
        const char *path = memchr(authority, '/', left);
        if (path == NULL || path == authority || memchr(authority, '?', (size_t)(path - authority)) != NULL) {
            return 400; /* an absolute target without a path is allowed, but no client of ours sends one */
        }
        rest = (struct slice){path, left - (size_t)(path - authority)};
    }
    if (!slice_starts_with(rest, "/")) {
        return 400;
    }
    const char *mark = memchr(rest.at, '?', rest.length);
    head->path = (struct slice){rest.at, mark ? (size_t)(mark - rest.at) : rest.length};
    if (mark) {
        head->query = (struct slice){mark + 1, rest.length - head->path.length - 1};
    }
    return 0;
}

/* "METHOD target HTTP/1.x", parted by single blanks. `end` is where the CRLF stands. */
static int parse_request_line(const char *at, const char *end, struct http_head *head)
{
    head->method = (struct slice){at, token_length(at, end)};
    at += head->method.length;
    if (head->method.length == 0 || head->method.length > HTTP_METHOD_BYTES_MAX || at == end || *at != ' ') {
        return 400;
    }
    at++;
    const char *blank = memchr(at, ' ', (size_t)(end - at));
    if (blank == NULL || blank == at) {
        return 400;
    }
    head->target = (struct slice){at, (size_t)(blank - at)};
    struct slice version = {blank + 1, (size_t)(end - blank - 1)};
    if (version.length != 8 || !slice_starts_with(version, "HTTP/") || version.at[6] != '.' || version.at[5] < '0' ||
        version.at[5] > '9' || version.at[7] < '0' || version.at[7] > '9') {
        return 400;
    }
    if (version.at[5] != '1') {
        return 505;
    }
    head->http_1_0 = version.at[7] == '0';
    return parse_target(head);
}

/* Every line must be "token: value"; the values' characters were checked while collecting. */
static int check_header_lines(struct slice lines)
{
    const char *at = lines.at, *limit = lines.at + lines.length;
    for (unsigned count = 0; at < limit; count++) {
        const char *end = memchr(at, '\r', (size_t)(limit - at));
        size_t name = token_length(at, end);
        if (name == 0 || at[name] != ':') {
            return 400;
        }
        if (count == HTTP_HEADERS_MAX) {
            return 431;
        }
        at = end + 2;
    }
    return 0;
}

/* RFC 9112 section 6: how long the body is. Whatever two readers could see differently is refused. */
static int parse_framing(struct http_head *head)
{
    struct slice value, other, coding, more;
    bool has_length = http_header(head->headers, "Content-Length", 0, &value);
    if (has_length) {
        if (!slice_to_number(value, INT64_MAX, &head->content_length)) {
            return 400;
        }
        for (unsigned i = 1; http_header(head->headers, "Content-Length", i, &other); i++) {
            if (other.length != value.length || memcmp(other.at, value.at, value.length) != 0) {
                return 400;
            }
        }
        head->framing = head->content_length > 0 ? HTTP_LENGTH : HTTP_NO_BODY;
    }
    if (http_header(head->headers, "Transfer-Encoding", 0, &value)) {
        if (has_length || head->http_1_0 || http_header(head->headers, "Transfer-Encoding", 1, &other)) {
            return 400;
        }
        if (!next_member(&value, &coding) || next_member(&value, &more) ||
            !slice_equals_ignoring_case(coding, "chunked")) {
            return 501; /* RFC 9112 section 6.1 */
        }
        head->framing = HTTP_CHUNKED;
    }
    return 0;
}

static int parse_connection(struct http_head *head)
{
    struct slice value, member;
    bool closes = false, keeps = false;
    for (unsigned i = 0; http_header(head->headers, "Connection", i, &value); i++) {
        while (next_member(&value, &member)) {
            closes |= slice_equals_ignoring_case(member, "close");
            keeps |= slice_equals_ignoring_case(member, "keep-alive");
        }
    }
    head->keep_alive = !closes && (!head->http_1_0 || keeps);

    unsigned hosts = 0;
    while (http_header(head->headers, "Host", hosts, &value)) {
        hosts++;
    }
    if (hosts > 1 || (hosts == 0 && !head->http_1_0)) {
        return 400; /* RFC 9112 section 3.2 */
    }
    if (http_header(head->headers, "Expect", 0, &value) && !head->http_1_0) {
        if (!slice_equals_ignoring_case(value, "100-continue")) {
            return 417;
        }
        head->expects_continue = true;
    }
    return 0;
}

int http_head_parse(const char *buffer, size_t length, struct http_head *head)
{
    *head = (struct http_head){.framing = HTTP_NO_BODY};
    if (length < 4 || memcmp(buffer + length - 4, "\r\n\r\n", 4) != 0) {
        return 400;
    }
    const char *end = memchr(buffer, '\r', length);
    int status = parse_request_line(buffer, end, head);
    if (status != 0) {
        return status;
    }
    const char *lines = end + 2;
    head->headers = (struct slice){lines, (size_t)(buffer + length - 2 - lines)};
    status = check_header_lines(head->headers);
    if (status == 0) {
        status = parse_framing(head);
    }
    return status != 0 ? status : parse_connection(head);
}
