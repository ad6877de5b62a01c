/* The tests of this guest: the list is the source of their declarations and of the run. */
#ifndef PLEIAD_TEST_H
#define PLEIAD_TEST_H

#include "check.h"

#define TESTS(X)                                                                                                       \
    X(words_are_parted_by_blanks)                                                                                      \
    X(values_belong_to_the_whole_key)                                                                                  \
    X(numbers_keep_their_bounds)                                                                                       \
    X(addresses_are_dotted_quads_and_nothing_else)                                                                     \
    X(cards_have_addresses_of_their_own)                                                                               \
    X(escapes_are_decoded_within_the_room_there_is)                                                                    \
    X(a_command_line_is_read_whole)                                                                                    \
    X(what_is_missing_has_its_default)                                                                                 \
    X(a_wrong_word_is_named)                                                                                           \
    X(the_first_of_two_variables_stays)                                                                                \
    X(variables_beyond_the_room_are_refused)                                                                           \
    X(the_service_file_is_read_line_by_line)                                                                           \
    X(a_wrong_service_file_is_refused)                                                                                 \
    X(an_identity_is_read_whole)                                                                                       \
    X(each_field_of_an_identity_may_be_missing)                                                                        \
    X(a_wrong_field_is_named_and_nothing_counts)                                                                       \
    X(other_lines_are_passed_over)                                                                                     \
    X(a_long_line_is_dropped_and_the_next_one_read)                                                                    \
    X(bytes_at_random_do_no_harm)

#define DECLARE(name) void name(void);
TESTS(DECLARE)
#undef DECLARE

#endif
