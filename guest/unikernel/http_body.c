#include "http_body.h"

enum { SIZE, EXTENSION, SIZE_LF, DATA, DATA_CR, DATA_LF, TRAILER, TRAILER_LF, END };

void http_body_begin(struct http_body *body, const struct http_head *head)
{
    *body = (struct http_body){.framing = head->framing, .state = SIZE};
    if (head->framing == HTTP_LENGTH) {
        body->left = head->content_length;
    }
}

/* One byte of the lines around the chunks; false when it is not allowed there. */
static bool take_framing(struct http_body *body, char c)
{
    switch (body->state) {
    case SIZE:
        if (++body->line > HTTP_CHUNK_LINE_BYTES_MAX) {
            return false;
        }
        if (hex_digit(c) >= 0) {
            if (body->left >> 56) {
                return false; /* the next digit could run over */
            }
            body->left = body->left << 4 | (uint64_t)hex_digit(c);
            body->digits = true;
            return true;
        }
        body->state = c == '\r' ? SIZE_LF : EXTENSION;
        return body->digits && (c == '\r' || c == ';' || c == ' ' || c == '\t');
    case EXTENSION:
        body->state = c == '\r' ? SIZE_LF : EXTENSION;
        return ++body->line <= HTTP_CHUNK_LINE_BYTES_MAX && c != '\n' && c != '\0';
    case SIZE_LF:
        body->state = body->left > 0 ? DATA : TRAILER;
        body->line = 0;
        body->digits = false;
        body->empty_line = true;
        return c == '\n';
    case DATA_CR:
        body->state = DATA_LF;
        return c == '\r';
    case DATA_LF:
        body->state = SIZE;
        return c == '\n';
    case TRAILER:
        if (c == '\r') {
            body->state = TRAILER_LF;
        } else {
            body->empty_line = false;
        }
        return ++body->line <= HTTP_TRAILER_BYTES_MAX && c != '\n' && c != '\0';
    default: /* TRAILER_LF */
        body->state = body->empty_line ? END : TRAILER;
        body->empty_line = true;
        body->line++;
        return c == '\n';
    }
}

enum http_body_result http_body_take(struct http_body *body, const char *bytes, size_t length, size_t *used,
                                     struct slice *piece)
{
    *used = 0;
    *piece = (struct slice){bytes, 0};
    if (body->framing == HTTP_NO_BODY) {
        return HTTP_BODY_WHOLE;
    }
    while (*used < length && body->state != END) {
        if (body->framing == HTTP_LENGTH || body->state == DATA) {
            size_t rest = length - *used;
            *piece = (struct slice){bytes + *used, rest < body->left ? rest : (size_t)body->left};
            *used += piece->length;
            body->left -= piece->length;
            body->received += piece->length;
            if (body->left == 0 && body->framing == HTTP_CHUNKED) {
                body->state = DATA_CR;
            }
            break;
        }
        if (!take_framing(body, bytes[(*used)++])) {
            return HTTP_BODY_BAD;
        }
    }
    bool whole = body->framing == HTTP_LENGTH ? body->left == 0 : body->state == END;
    return whole ? HTTP_BODY_WHOLE : HTTP_BODY_MORE;
}
