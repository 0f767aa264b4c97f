// Payload is known by its content. A place where a body may begin (a word of the pattern, the
// body's first bytes, or where the site's newest copy ended) is only a hint: what counts is how
// many bytes around it equal the body.
#define _GNU_SOURCE
#include <stdbool.h>
#include <string.h>

#include "counter.h"

enum {
  kWord = 8,
  kTooShort = 16,  // a shorter piece may hold no whole word
  kBeside = 16 *
      1024,  // bytes beside the words that are searched: all copies are compared with them
};

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

static size_t equal_bytes(const uint8_t* a, const uint8_t* b, size_t n) {
  size_t same = 0;
  while (n - same >= 256 && memcmp(a + same, b + same, 256) == 0) same += 256;
  while (same < n && a[same] == b[same]) ++same;
  return same;
}

// Where in the body the word at `at` stands; SIZE_MAX if it is none.
static size_t place_of_word(const struct pattern* pattern, const uint8_t* at) {
  uint32_t index = 0;
  for (int i = 3; i >= 0; --i) index = index << 8 | (uint8_t)(at[4 + i] - pattern->added);
  return index < pattern->words ? pattern->first_word + kWord * (size_t)index : SIZE_MAX;
}

// The next place from `at` on where the body may be, and where in the body that is: a word, the
// body's beginning, or what is expected behind the newest copy, which in a chunked body follows a
// line.
static const uint8_t* find_anchor(const struct pattern* pattern, const uint8_t* body,
                                  const uint8_t* at, const uint8_t* end, size_t expected,
                                  size_t* place) {
  const uint8_t* found = NULL;
  if (end - at < kWord || pattern->length < kWord) return NULL;
  const size_t places[] = {0, expected};
  for (int i = 0; i < 2 && places[i] + kWord <= pattern->length; ++i) {
    const size_t left = (size_t)((found ? found : end) - at);
    const uint8_t* const nearer = memmem(at, left, body + places[i], kWord);
    if (nearer) {
      found = nearer;
      *place = places[i];
    }
  }
  for (const uint8_t *word = at, *until = found ? found : end; until - word >= kWord; ++word) {
    word = memmem(word, (size_t)(until - word), pattern->magic, sizeof pattern->magic);
    if (!word || end - word < kWord) break;
    const size_t of_word = place_of_word(pattern, word);
    if (of_word != SIZE_MAX) {
      *place = of_word;
      return word;
    }
  }
  return found;
}

static bool varied(const uint8_t* from, size_t n) { return memcmp(from, from + 1, n - 1) != 0; }

// Where in the body a piece without a word stands; SIZE_MAX if it is none of it.
static size_t place_beside_words(const struct pattern* pattern, const uint8_t* body,
                                 const uint8_t* from, size_t n) {
  const size_t behind = pattern->first_word + kWord * pattern->words;
  const size_t before = least(pattern->first_word, kBeside);
  if (n < kTooShort || !varied(from, n)) return SIZE_MAX;
  const uint8_t* found = memmem(body, before, from, n);
  if (!found) found = memmem(body + behind, least(pattern->length - behind, kBeside), from, n);
  return found ? (size_t)(found - body) : SIZE_MAX;
}

// How many bytes at the end, too few to be known by themselves, go on as expected behind a line of
// a chunked body or of a head.
static size_t short_end(const uint8_t* expected, size_t left, const uint8_t* from, size_t n) {
  for (size_t tail = least(least(kTooShort - 1, n - 2), left); tail > 0; --tail)
    if (memcmp(from + n - tail - 2, "\r\n", 2) == 0 && memcmp(from + n - tail, expected, tail) == 0)
      return tail;
  return 0;
}

size_t payload_in(const struct pattern* pattern, const uint8_t* body, const uint8_t* from, size_t n,
                  uint64_t next, uint64_t* end) {
  const size_t length = pattern->length;
  const uint8_t *at = from, *const from_end = from + n;
  size_t total = 0, place = 0;
  size_t expected = next < length ? next : 0;
  *end = expected;
  if (n < 2 || length == 0) return 0;

  const size_t follows = least(n, length - expected);  // the rest of a body that came in pieces
  if (memcmp(from, body + expected, follows) == 0) {
    total = follows;
    at += follows;
    *end = expected + follows;
  }
  for (const uint8_t* anchor;;) {
    expected = *end < length ? *end : 0;
    anchor = find_anchor(pattern, body, at, from_end, expected, &place);
    if (!anchor) break;
    const size_t left = least((size_t)(from_end - anchor), length - place);
    const size_t ahead = equal_bytes(anchor, body + place, left);
    if (ahead < kWord) {
      at = anchor + 1;
      continue;
    }
    size_t before = 0;
    while (before < place && before < (size_t)(anchor - at) &&
           *(anchor - before - 1) == body[place - before - 1])
      ++before;
    total += before + ahead;
    at = anchor + ahead;
    *end = place + ahead;
  }
  if (total == 0) {
    place = place_beside_words(pattern, body, from, n);
    if (place != SIZE_MAX) {
      *end = place + n;
      return n;
    }
  }
  const size_t rest = (size_t)(from_end - at);
  const size_t tail = rest > 2 ? short_end(body + expected, length - expected, at, rest) : 0;
  if (tail) *end = expected + tail;
  return total + tail;
}
