// Where a copy is made: the calling library's function, and the innermost Python frame.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

#include "counter.h"

// Of Python's C API what every version from 3.11 on exports; NULL in processes without Python.
static struct {
  int (*is_initialized)(void);
  int (*holds_gil)(void);
  int (*gc_disable)(void);
  int (*gc_enable)(void);
  void (*error_fetch)(void**, void**, void**);
  void (*error_restore)(void*, void*, void*);
  void* (*frame)(void);
  void* (*code_of)(void*);
  void* (*attribute)(void*, const char*);
  const char* (*utf8)(void*);
  void (*decref)(void*);
} py;

__attribute__((constructor)) static void find_python(void) {
  const struct {
    const char* name;
    void* where;
  } functions[] = {{"Py_IsInitialized", &py.is_initialized},
                   {"PyGILState_Check", &py.holds_gil},
                   {"PyGC_Disable", &py.gc_disable},
                   {"PyGC_Enable", &py.gc_enable},
                   {"PyErr_Fetch", &py.error_fetch},
                   {"PyErr_Restore", &py.error_restore},
                   {"PyEval_GetFrame", &py.frame},
                   {"PyFrame_GetCode", &py.code_of},
                   {"PyObject_GetAttrString", &py.attribute},
                   {"PyUnicode_AsUTF8", &py.utf8},
                   {"Py_DecRef", &py.decref}};
  for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) {
    void* const function = dlsym(RTLD_DEFAULT, functions[i].name);
    memcpy(functions[i].where, &function, sizeof function);
  }
}

static void attribute_text(void* object, const char* name, char* to, size_t room) {
  void* const value = py.attribute(object, name);
  const char* const text = value ? py.utf8(value) : NULL;
  if (text) {  // of a long path the end
    const size_t length = strlen(text);
    snprintf(to, room, "%s", length < room ? text : text + length - room + 1);
  }
  if (value) py.decref(value);
}

// The collector rests meanwhile: it must not run in the middle of a copy. What was raised stays
// raised.
static void name_python(char* to, size_t room) {
  if (!py.decref || !py.frame || !py.is_initialized() || !py.holds_gil()) return;
  const int collected = py.gc_disable();
  void *type, *value, *traceback;
  py.error_fetch(&type, &value, &traceback);
  void* const frame = py.frame();
  void* const code = frame ? py.code_of(frame) : NULL;
  if (code) {
    char file[176] = "", function[104] = "";
    attribute_text(code, "co_filename", file, sizeof file);
    attribute_text(code, "co_qualname", function, sizeof function);
    snprintf(to, room, "%s:%s", file, function);
    py.decref(code);
  }
  py.error_restore(type, value, traceback);
  if (collected) py.gc_enable();
}

static const char* last_part(const char* path) {
  const char* const slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

void name_site(const void* caller, struct site* site) {
  Dl_info info;
  void* extra = NULL;
  memset(site, 0, sizeof *site);
  if (dladdr1(caller, &info, &extra, RTLD_DL_SYMENT) && info.dli_fname) {
    snprintf(site->object, sizeof site->object, "%s", last_part(info.dli_fname));
    // dladdr names the symbol before; only one that covers the address is the caller's.
    const ElfW(Sym)* const symbol = extra;
    if (symbol && info.dli_sname &&
        (uintptr_t)caller <= (uintptr_t)info.dli_saddr + symbol->st_size)
      snprintf(site->symbol, sizeof site->symbol, "%s", info.dli_sname);
  }
  name_python(site->python, sizeof site->python);
}
