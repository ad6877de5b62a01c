/* The tests of this guest, and what several of them need. */
#ifndef PLEIAD_TEST_H
#define PLEIAD_TEST_H

#include "text.h"
#include "check.h"

static inline struct slice slice_of(const char *text) { return (struct slice){text, strlen(text)}; }

/* Numbers that are the same in every run of one seed (xorshift64*, Vigna 2016). */
static inline uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1dull;
}

/* All tests: the list is the source of their declarations and of the run. */
#define TESTS(X)                                                                                                       \
    X(an_address_a_gateway_and_a_port_are_read)                                                                        \
    X(port_8080_and_no_gateway_are_assumed)                                                                            \
    X(unknown_words_are_ignored_and_the_last_of_two_counts)                                                            \
    X(a_missing_or_bad_address_is_told)                                                                                \
    X(a_gateway_outside_the_network_is_told)                                                                           \
    X(ports_outside_their_range_are_told)                                                                              \
    X(addresses_are_dotted_quads_and_nothing_else)                                                                     \
    X(device_windows_are_read_as_linux_writes_them)                                                                    \
    X(words_are_found_by_index)                                                                                        \
    X(an_identity_is_read_whole)                                                                                       \
    X(each_part_of_an_identity_may_be_missing)                                                                         \
    X(a_wrong_part_of_an_identity_is_named)                                                                            \
    X(only_lines_of_the_known_version_are_identities)                                                                  \
    X(a_request_is_read_into_its_parts)                                                                                \
    X(a_head_byte_by_byte_equals_a_head_at_once)                                                                       \
    X(pipelined_requests_are_parted)                                                                                   \
    X(keep_alive_follows_version_and_connection_field)                                                                 \
    X(header_fields_are_found_in_any_case_and_trimmed)                                                                 \
    X(absolute_targets_lose_their_authority)                                                                           \
    X(framings_that_two_readers_could_see_differently_are_refused)                                                     \
    X(malformed_heads_are_refused)                                                                                     \
    X(sizes_beyond_the_limits_get_their_own_status)                                                                    \
    X(the_buffer_grows_only_when_it_is_full)                                                                           \
    X(expectations_are_known_or_refused)                                                                               \
    X(mutated_heads_never_break_the_parser)                                                                            \
    X(a_body_by_length_ends_at_its_length)                                                                             \
    X(chunks_give_their_content_at_any_cut)                                                                            \
    X(trailers_and_extensions_are_dropped)                                                                             \
    X(malformed_chunks_are_refused)                                                                                    \
    X(endless_chunk_lines_and_trailers_are_refused)                                                                    \
    X(mutated_chunks_never_break_the_decoder)                                                                          \
    X(query_parameters_are_decoded)                                                                                    \
    X(broken_or_long_parameters_are_told)                                                                              \
    X(mutated_queries_never_break_the_decoder)                                                                         \
    X(numbers_are_digits_within_their_limit)                                                                           \
    X(text_is_written_and_never_overruns)                                                                              \
    X(json_strings_are_always_valid)                                                                                   \
    X(the_heap_gives_aligned_memory_and_takes_it_back)                                                                 \
    X(the_heap_reports_exhaustion_and_recovers)                                                                        \
    X(reallocation_keeps_the_content)                                                                                  \
    X(random_use_of_the_heap_never_overlaps)                                                                           \
    X(a_block_freed_twice_is_noticed)                                                                                  \
    X(chacha20_matches_rfc_8439)                                                                                       \
    X(random_bytes_do_not_repeat)                                                                                      \
    X(the_checksum_matches_rfc_1071)                                                                                   \
    X(the_checksum_equals_the_plain_sum_at_any_length)                                                                 \
    X(memory_functions_equal_the_host_s)

#define DECLARE(name) void name(void);
TESTS(DECLARE)
#undef DECLARE

#endif
