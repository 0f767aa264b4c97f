// Preloaded into the server, it stands before memcpy and its kin and counts the payload they copy.
//
// Not seen: copies that a compiler made into plain loads and stores, and what happens inside libc
// (of which realloc matters: it has a hook of its own).
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "counter.h"

static struct board* board;  // NULL: nothing is counted
static void* (*real_memmove)(void*, const void*, size_t);
static void* (*real_realloc)(void*, size_t);
static __thread bool inside
    __attribute__((tls_model("initial-exec")));  // what the hook itself copies

static void find_function(const char* name, void* where) {
  void* const function = dlsym(RTLD_NEXT, name);
  if (!function) abort();
  *(void**)where = function;
}

__attribute__((constructor)) static void open_board(void) {
  const char* const name = getenv("COPY_AUDIT_BOARD");
  const int fd = name ? open(name, O_RDWR | O_CLOEXEC) : -1;
  struct stat status;
  if (fd < 0) return;
  if (fstat(fd, &status) == 0 && (size_t)status.st_size >= sizeof *board) {
    struct board* const mapped =
        mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped != MAP_FAILED && mapped->version == kBoardVersion) board = mapped;
  }
  close(fd);
}

static void lock(void) {
  while (__atomic_exchange_n(&board->lock, 1, __ATOMIC_ACQUIRE)) sched_yield();
}
static void unlock(void) { __atomic_store_n(&board->lock, 0, __ATOMIC_RELEASE); }

static const uint8_t* body_of(const struct pattern* pattern) {
  return (const uint8_t*)board + pattern->at;
}

// Whether the copy may hold payload, whatever its site is: naming a site costs much more than this.
static bool suspicious(const struct pattern* pattern, int which, const uint8_t* from, size_t n) {
  uint64_t end;
  if (payload_in(pattern, body_of(pattern), from, n, 0, &end)) return true;
  const uint32_t used = __atomic_load_n(&board->used, __ATOMIC_ACQUIRE);
  for (uint32_t i = 0; i < used; ++i) {
    const uint64_t next = board->sites[i].counts[which].next;
    if (next && payload_in(pattern, body_of(pattern), from, n, next, &end)) return true;
  }
  return false;
}

// The site on the board that has the names of `site`; made if it is new. Call it with the lock
// held.
static struct site* site_on_board(const struct site* site) {
  for (uint32_t i = 0; i < board->used; ++i) {
    struct site* const known = &board->sites[i];
    if (strcmp(known->python, site->python) == 0 && strcmp(known->symbol, site->symbol) == 0 &&
        strcmp(known->object, site->object) == 0)
      return known;
  }
  if (board->used == kSites) return NULL;
  struct site* const made = &board->sites[board->used];
  *made = *site;
  __atomic_store_n(&board->used, board->used + 1, __ATOMIC_RELEASE);
  return made;
}

static void count_payload(const uint8_t* from, size_t n, const void* caller) {
  bool maybe[kPatterns], any = false;
  for (int which = 0; which < kPatterns; ++which) {
    const struct pattern* const pattern = &board->patterns[which];
    maybe[which] = pattern->length && suspicious(pattern, which, from, n);
    any |= maybe[which];
  }
  if (!any) return;
  struct site named;
  name_site(caller, &named);
  lock();
  struct site* const site = site_on_board(&named);
  for (int which = 0; site && which < kPatterns; ++which) {
    if (!maybe[which]) continue;
    const struct pattern* const pattern = &board->patterns[which];
    struct count* const count = &site->counts[which];
    uint64_t end;
    const size_t bytes = payload_in(pattern, body_of(pattern), from, n, count->next, &end);
    if (bytes == 0) continue;
    count->copies += 1;
    count->bytes += bytes;
    count->next = end;
  }
  if (!site) board->lost += 1;
  unlock();
}

static bool counting(void) {
  return board && !inside && __atomic_load_n(&board->active, __ATOMIC_ACQUIRE);
}

static void look(const void* from, size_t n, const void* caller) {
  if (n < 2 || !counting()) return;
  inside = true;
  count_payload(from, n, caller);
  inside = false;
}

static void* copy(void* to, const void* from, size_t n, const void* caller) {
  look(from, n, caller);
  if (!real_memmove) find_function("memmove", &real_memmove);
  return real_memmove(to, from, n);
}

static void check(size_t n, size_t room) {
  if (n > room) abort();  // as the fortified functions do
}

#define CALLER __builtin_return_address(0)
#define EXPORTED __attribute__((visibility("default")))

EXPORTED void* memcpy(void* restrict to, const void* restrict from, size_t n) {
  return copy(to, from, n, CALLER);
}
EXPORTED void* memmove(void* to, const void* from, size_t n) { return copy(to, from, n, CALLER); }
EXPORTED void* mempcpy(void* restrict to, const void* restrict from, size_t n) {
  return (char*)copy(to, from, n, CALLER) + n;
}
void* __memcpy_chk(void* to, const void* from, size_t n, size_t room);
EXPORTED void* __memcpy_chk(void* to, const void* from, size_t n, size_t room) {
  check(n, room);
  return copy(to, from, n, CALLER);
}
void* __memmove_chk(void* to, const void* from, size_t n, size_t room);
EXPORTED void* __memmove_chk(void* to, const void* from, size_t n, size_t room) {
  check(n, room);
  return copy(to, from, n, CALLER);
}
void* __mempcpy_chk(void* to, const void* from, size_t n, size_t room);
EXPORTED void* __mempcpy_chk(void* to, const void* from, size_t n, size_t room) {
  check(n, room);
  return (char*)copy(to, from, n, CALLER) + n;
}

// glibc marks blocks that are mappings of their own; these grow by moving pages, not bytes.
static bool is_mapping(const void* block) { return ((const size_t*)block)[-1] & 2; }

// Whether most of a block is payload. Blocks are used again: remains of payload in the unused part
// of something else are none.
static bool mostly_payload(const uint8_t* block, size_t n) {
  for (int which = 0; which < kPatterns; ++which) {
    const struct pattern* const pattern = &board->patterns[which];
    uint64_t end;
    if (2 * payload_in(pattern, body_of(pattern), block, n, 0, &end) > n) return true;
  }
  return false;
}

// A block that was moved was copied, but for the pages of a mapping.
EXPORTED void* realloc(void* block, size_t n) {
  if (!real_realloc) find_function("realloc", &real_realloc);
  if (!block || !n || !counting() || is_mapping(block)) return real_realloc(block, n);
  const uintptr_t before = (uintptr_t)block;
  const size_t there = malloc_usable_size(block), kept = there < n ? there : n;
  void* const after = real_realloc(block, n);
  if (after && (uintptr_t)after != before && mostly_payload(after, kept)) look(after, kept, CALLER);
  return after;
}
