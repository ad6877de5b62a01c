# Unit tests on the host, included by the Makefile of a guest. It gives:
#   TESTED       its sources under test, without .c
#   TESTS        the files of its folder test/, without .c
#   TEST_EXTRA   further flags of the compiler

COMMON_TESTS := $(HERE)/../test
TEST_HEADERS := $(HERE)/test/test.h $(COMMON_TESTS)/check.h
TEST_OBJECTS := $(TESTED:%=$(OUT)/test/%.o) $(TESTS:%=$(OUT)/test/%.o) $(OUT)/test/main.o
SANITIZE := $(shell echo 'int main(void){return 0;}' | \
              $(CC) -fsanitize=address,undefined -x c - -o /dev/null 2>/dev/null && \
              echo -fsanitize=address,undefined -fno-sanitize-recover=all)
TEST_FLAGS = -std=c11 -D_GNU_SOURCE -g -O1 $(SANITIZE) $(WARNINGS) -I$(HERE) -I$(HERE)/test -I$(COMMON_TESTS) $(TEST_EXTRA)

test: $(OUT)/test/unit-tests
	$(OUT)/test/unit-tests $(ONLY)

$(OUT)/test/unit-tests: $(TEST_OBJECTS)
	@$(CC) $(SANITIZE) -o $@ $^

$(OUT)/test/main.o: $(COMMON_TESTS)/main.c $(TEST_HEADERS) $(HEADERS) | $(OUT)/test
	@echo "  CC  test/$(notdir $@)"
	@$(CC) $(TEST_FLAGS) -c $< -o $@

$(OUT)/test/%.o: $(HERE)/test/%.c $(TEST_HEADERS) $(HEADERS) | $(OUT)/test
	@echo "  CC  test/$(notdir $@)"
	@$(CC) $(TEST_FLAGS) -c $< -o $@

$(OUT)/test/%.o: $(HERE)/%.c $(HEADERS) | $(OUT)/test
	@echo "  CC  test/$(notdir $@)"
	@$(CC) $(TEST_FLAGS) -c $< -o $@

$(OUT)/test:
	@mkdir -p $@
