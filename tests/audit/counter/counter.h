// What the three parts of the copy counter share, and the board that the auditing process reads.
//
// The board is one file, mapped by every process that has its name in COPY_AUDIT_BOARD. The
// auditor writes the patterns (the bodies to look for) and reads the sites; tests/audit/board.py
// knows the same layout.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { kPatterns = 2, kSites = 256, kBoardVersion = 1 };  // patterns: what goes in, what comes out

// A body to look for. Of its words, 8 bytes each, the first four bytes are `magic` and the others
// the word's index (little-endian) with `added` added to each byte; what stands before and behind
// the words is a few KB at most.
struct pattern {
  uint64_t length;      // bytes; 0: there is none
  uint64_t at;          // where the body stands in the board's file
  uint64_t first_word;  // where its words begin
  uint64_t words;
  uint8_t magic[4];
  uint8_t added;
  uint8_t unused[3];
};

struct count {
  uint64_t copies;
  uint64_t bytes;
  uint64_t
      next;  // where in the body the newest copy ended: a short piece that follows is known by it
};

struct site {
  char object[64];   // file name of the library that called
  char symbol[96];   // its function, empty if it has no name
  char python[288];  // file:function of the innermost Python frame, empty without the GIL
  struct count counts[kPatterns];
};

struct board {
  uint32_t version;
  uint32_t active;  // counting; patterns do not change meanwhile
  uint32_t lock;    // of what follows
  uint32_t used;    // sites
  uint32_t lost;    // copies that found no free site
  uint32_t unused;
  struct pattern patterns[kPatterns];
  struct site sites[kSites];
};

// payload.c

// Returns the bytes of `pattern` that a copy of the n bytes at `from` contains, and where in the
// body the last of them ends. `next` is where the site's newest copy ended.
size_t payload_in(const struct pattern* pattern, const uint8_t* body, const uint8_t* from, size_t n,
                  uint64_t next, uint64_t* end);

// sites.c

// Fills in where a copy is made: `caller` is an address in the function that copies.
void name_site(const void* caller, struct site* site);
